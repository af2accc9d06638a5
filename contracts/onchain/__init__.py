"""The programs that run on the chain, in Vyper, and what their compilation gave."""
