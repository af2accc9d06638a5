"""`penstock learn`: a label of one's own, learned from what a provider has of the same subjects."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads it when the command is made
from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.lessons import learned


@declared.asking("lesson_ask", "file")
def learn(
    typed: declared.Typed,
    mine: Annotated[
        Path, typer.Option("--with", help="the list: .csv, .parquet, .jsonl or .ndjson", resolve_path=True)
    ],
) -> None:
    """Learn a label of one's own (0 or 1) from what a provider has of the same subjects: a logistic model."""
    told = typed.ask(file=str(mine))
    typed.tell(told, learned(told))
