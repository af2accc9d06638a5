"""`penstock searches`: the searches that were saved with `penstock find --save`, and what is new of each."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask


def searches(
    seen: Annotated[str, typer.Option(help="take what is new of this search for seen")] = "",
    drop: Annotated[str, typer.Option(help="forget this search")] = "",
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """List saved searches with what was listed or changed since it was last taken for seen.

    For example: penstock searches
    """
    for name, act in ((seen, "seen"), (drop, "drop")):
        if name:
            done = ask(data, "POST", f"searches/{quote(name, safe='')}/{act}", {}, as_json=as_json)
            answer(done, [f"{name}: {'forgotten' if act == 'drop' else 'seen'}"], as_json=as_json)
            return
    found = ask(data, "GET", "searches", as_json=as_json)
    lines = []
    for row in found["searches"]:
        lines.append(f"{row['name']}: {' '.join([row['q'], *row['where']]).strip()}, {len(row['new'])} new")
        lines += [f"    {one['id']}  {one['title']}" for one in row["new"]]
    answer(found, lines or ["no search is saved; `penstock find WORD --save NAME` saves one"], as_json=as_json)
