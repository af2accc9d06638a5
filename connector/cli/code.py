"""`penstock code`: codes of the national infrastructure, which a node assigns."""

from __future__ import annotations

import typer

from connector.cli import declared

app = typer.Typer(help="Codes of the national infrastructure: request, list, resolve.", no_args_is_help=True)

declared.add(app, "code", "request", "list", "registered", "resolve")
