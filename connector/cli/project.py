"""`penstock project`: what several parties make and sell together, and how they share it."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads it when the command is made
from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.projects import lines

app = typer.Typer(
    help="Projects of several parties: propose, sign, work in, end; what they sell is split.", no_args_is_help=True
)

declared.add(app, "project", "propose", "list", "show", "sign", "decline", "withdraw")


@app.command()
@declared.asking("project_add", "file")
def add(
    typed: declared.Typed,
    file: Annotated[Path, typer.Option("--file", help="the file; it stays here", resolve_path=True)],
) -> None:
    """Put a result into a project: what its bytes are, who made it, and under which agreements."""
    told = typed.ask(file=str(file))
    typed.tell(told, lines(told))


declared.add(app, "project", "end")
