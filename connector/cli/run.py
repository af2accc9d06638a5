"""`penstock run` and `penstock rehearse`: a program of one's own, or bought, run where data are, or at home first."""

from __future__ import annotations

from pathlib import Path  # typer reads it when the command is made
from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.programs import ran, rehearsed

With = Annotated[
    Path | None,
    typer.Option(
        "--with",
        help="the program: .wasm or .wat; or say --application, or --engine where it is run",
        resolve_path=True,
    ),
]


@declared.asking("program_ask", "file", "assent")
def run(
    typed: declared.Typed,
    program: With = None,
    assent: Annotated[
        Path | None,
        typer.Option("--assent", help="a reviewer's assent: it runs once, and tells exactly", resolve_path=True),
    ] = None,
) -> None:
    """Have a program of your own, one that was bought, or an engine, run on data that stay there; it tells numbers."""
    files = {"file": program, "assent": assent}
    told = typed.ask(**{name: None if path is None else str(path) for name, path in files.items()})
    typed.tell(told, ran(told))


@declared.asking("program_rehearse", "file", "on")
def rehearse(
    typed: declared.Typed,
    on: Annotated[
        Path, typer.Option("--on", help="a table of one's own: .csv, .parquet, .jsonl or .ndjson", resolve_path=True)
    ],
    program: With = None,
) -> None:
    """Run a program of your own, or one that was bought, on a table of your own, as a provider would, without noise."""
    told = typed.ask(file=None if program is None else str(program), on=str(on))
    typed.tell(told, rehearsed(told))
