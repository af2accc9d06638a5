"""Disputes: what is filed, what shows who is at fault, and how it is ruled."""
