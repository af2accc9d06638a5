"""`penstock policy profile`: profiles of others, registered with the running connector."""

from __future__ import annotations

from connector.cli import declared

app = declared.group("policy profile", "Profiles of others: add, list, show, remove.")
