"""A policy's decision where it is enforced: what was asked, how much of it, and the record of it."""
