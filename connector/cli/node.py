"""`penstock node`: the logs that a node collects, and what they hold."""

from __future__ import annotations

import typer

from connector.cli import declared

app = typer.Typer(help="A node: collect the members' logs, list them, find in them.", no_args_is_help=True)

declared.add(app, "node", "collect", "logs", "trace")
