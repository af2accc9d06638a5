"""`penstock lookup`: rows of subjects that stay at their provider, who does not see whose."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads it when the command is made
from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.queries import looked_up


@declared.asking("lookup_ask")
def lookup(
    typed: declared.Typed,
    mine: Annotated[
        Path | None,
        typer.Option("--with", help="a list instead: .csv, .parquet, .jsonl or .ndjson", resolve_path=True),
    ] = None,
) -> None:
    """Look up subjects of data that stay at their provider, who does not see which."""
    told = typed.ask(file=None if mine is None else str(mine))
    typed.tell(told, looked_up(told))
