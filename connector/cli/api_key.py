"""`penstock admin key`: API keys, with which programs ask the management interface."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.cli import declared, key_file
from connector.cli.options import new_file_option
from connector.client.acts import api_keys

app = typer.Typer(help="API keys of programs: add, list, remove.", no_args_is_help=True)

KeyFile = Annotated[Path | None, new_file_option("--to", what="write the new key into this file")]


@app.command()
@declared.asking("api_key_add")
def add(typed: declared.Typed, to: KeyFile = None) -> None:
    """Make an API key for a program; it is told this once, or written into a file, and ends by itself.

    For example: penstock admin key add ci --scope look --days 30 --to ci.key
    """
    made = typed.ask()
    how = f"commands act with it where PENSTOCK_KEY={to}"
    typed.tell(key_file.kept(made, to), [*api_keys.made(made), *key_file.lines(made, to, how)])


declared.add(app, "admin key", "list", "remove")
