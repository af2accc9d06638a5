"""`penstock show`: what the participant holds, or one thing by its id."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask


def show(
    identifier: Annotated[str | None, typer.Argument(help="any id: product, acquisition, agreement, channel")] = None,
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Show one thing by its id, or a summary of this participant.

    For example: penstock show
    """
    path = "status" if identifier is None else "things/" + quote(identifier, safe="")
    value = ask(data, "GET", path, as_json=as_json)
    answer(value, json.dumps(value, indent=2, ensure_ascii=False).splitlines(), as_json=as_json)
