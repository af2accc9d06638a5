"""`penstock admin`: negotiations and transfers, what they wait for, and what to do about it."""

from __future__ import annotations

import typer

from connector.cli import api_key, declared, folder

app = typer.Typer(help="Negotiations and transfers: list, show, retry, end, pause.", no_args_is_help=True)
app.add_typer(declared.group("admin account", "Accounts of the console: add, list, link, remove."), name="account")
app.add_typer(folder.app, name="folder")
app.add_typer(api_key.app, name="key")

declared.add(
    app, "admin", "list", "heartbeat", "show", "trace", "retry", "assent", "terminate", "suspend", "resume", "complete"
)
declared.add(app, "admin", "revoke", "hangup", "cancel", "queries", "computations", "readers")
