"""`penstock find`: listed products by a word."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask


def find(
    words: Annotated[list[str], typer.Argument(help="words to look for")],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Find listed products.

    For example: penstock find weather
    """
    found = ask(data, "GET", "find?q=" + quote(" ".join(words), safe=""), as_json=as_json)
    lines = [f"{row['id']}  {row['title']}  {row['price']}  ({row['tier']})" for row in found["products"]]
    answer(found, lines or ["nothing found; try one word of its title"], as_json=as_json)
