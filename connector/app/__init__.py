"""The participant: its services in one table, in the order in which they stand on each other."""
