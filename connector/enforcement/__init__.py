"""A policy's decision where it is enforced: a ruling, and the record of it."""
