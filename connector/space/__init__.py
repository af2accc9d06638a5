"""The space as each of its members reads it, and the way to its exchange."""
