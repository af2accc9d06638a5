"""`penstock relate`: what two have of the same subjects, related by a sketch of each; one may be one's own table."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads it when the command is made
from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.relations import related


@declared.asking("relation_ask", "file")
def relate(
    typed: declared.Typed,
    mine: Annotated[
        Path | None,
        typer.Option(
            "--with", help="a table of one's own for one side: .csv, .parquet, .jsonl or .ndjson", resolve_path=True
        ),
    ] = None,
) -> None:
    """Relate what two have of the same subjects: how many both have, and how a number moves with the others."""
    told = typed.ask(file=None if mine is None else str(mine))
    typed.tell(told, related(told))
