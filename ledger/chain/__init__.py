"""The chain: the way to a node, the programs, what can be done with them, and what its state proves."""
