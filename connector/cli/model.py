"""`penstock model`: a model of what several providers have, judged by rows of one's own that stay at home."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads it when the command is made
from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.joints import modelled


@declared.asking("model_ask", "file")
def model(
    typed: declared.Typed,
    mine: Annotated[
        Path | None,
        typer.Option(
            "--with", help="rows of one's own to judge it by: .csv, .parquet, .jsonl or .ndjson", resolve_path=True
        ),
    ] = None,
) -> None:
    """Make a model of what several providers have, from totals; nobody sees a row, or the numbers of one."""
    told = typed.ask(file=None if mine is None else str(mine))
    typed.tell(told, modelled(told))
