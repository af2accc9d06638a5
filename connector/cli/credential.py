"""`penstock credential`: verifiable credentials that we hold, ask for, and have been shown."""

from __future__ import annotations

import typer

from connector.cli import declared

app = typer.Typer(
    help="Credentials: list, request, requests, offers, drop, shown, forget; client.", no_args_is_help=True
)
declared.add(app, "credential", "list", "request", "requests", "offers", "drop", "shown", "forget")
app.add_typer(
    declared.group("credential client", "Connectors of ours that get tokens here: add, list, remove."), name="client"
)
