"""Data that stay where they are: what may be asked of them, and each statement decided, answered and counted."""
