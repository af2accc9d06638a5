"""The way out: every request to somebody else, and how it is kept within bounds."""
