"""`penstock show`: what the participant holds, or one thing by its id."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from connector.cli import declared


@declared.asking("thing_show", "id")
def show(
    typed: declared.Typed,
    identifier: Annotated[str | None, typer.Argument(help="any id: product, acquisition, agreement, channel")] = None,
) -> None:
    """Show one thing by its id, or a summary of this participant.

    For example: penstock show
    """
    value = typed.of("status").ask() if identifier is None else typed.ask(id=identifier)
    typed.tell(value, json.dumps(value, indent=2, ensure_ascii=False).splitlines())
