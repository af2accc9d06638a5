"""`penstock node`: the logs that a node collects, and what they hold."""

from __future__ import annotations

import typer

from connector.cli import declared

app = typer.Typer(help="A node: the members' logs and connectors, and what the logs hold.", no_args_is_help=True)

declared.add(app, "node", "collect", "logs", "trace", "connectors", "cut")
