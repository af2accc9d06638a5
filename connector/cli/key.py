"""`penstock key`: the keys of the participant, and how those are replaced that can be."""

from __future__ import annotations

import typer

from connector.cli import declared

app = typer.Typer(help="Keys: list, draw, rotate.", no_args_is_help=True)
declared.add(app, "key", "list", "draw", "rotate")
