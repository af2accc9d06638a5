"""The space as each of its members reads it, the way to its exchange, and what was seen of its members' logs."""
