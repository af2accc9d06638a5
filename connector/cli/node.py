"""`penstock node`: the logs that a node collects, what they hold, and the nodes above and below it."""

from __future__ import annotations

import typer

from connector.cli import declared

app = typer.Typer(
    help="A node: the members' logs and connectors, what the logs hold, the nodes above and below.",
    no_args_is_help=True,
)

declared.add(app, "node", "collect", "logs", "trace", "connectors", "cut", "above", "detach", "report", "reports")
app.add_typer(declared.group("node below", "Nodes below this one: list, accept, cut."), name="below")
