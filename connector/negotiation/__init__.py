"""Negotiations and transfers of both roles: states as a table, and the messages they cause."""
