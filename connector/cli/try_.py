"""`penstock try`: how much of a list of one's own a product covers, before its data are bought."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads it when the command is made
from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.queries import fitted


@declared.asking("fitting_ask", "file")
def try_(
    typed: declared.Typed,
    mine: Annotated[
        Path, typer.Option("--with", help="the list: .csv, .parquet, .jsonl or .ndjson", resolve_path=True)
    ],
) -> None:
    """Try how much of a list of your own a product covers; neither side sees the other's keys."""
    told = typed.ask(file=str(mine))
    typed.tell(told, fitted(told))
