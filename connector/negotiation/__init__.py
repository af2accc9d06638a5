"""Negotiations and transfers of both roles: states as a table, the messages they cause, and signed notices."""
