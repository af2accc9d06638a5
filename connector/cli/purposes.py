"""`penstock purposes`: what data may be used for, as a policy and a mandate name it."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.options import AsJson  # noqa: TC001  # typer reads it when the command is made
from connector.cli.speak import answer

INDENT = "  "


def purposes(
    words: Annotated[list[str] | None, typer.Argument(help="only those with these words in code or name")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the purposes of the scheme, the narrower below the broader: code, name, 中文; a code is what one types.

    For example: penstock purposes research
    """
    from policy import purposes as scheme  # noqa: PLC0415  # loaded when the verb runs

    wanted = [word.casefold() for word in words or ()]
    rows = []
    for iri, purpose in scheme.SCHEME.items():
        labels = dict(purpose.labels)
        code, broader = (one.removeprefix(scheme.BASE) for one in (iri, purpose.broader or ""))
        if all(word in f"{code} {labels['en']} {labels['zh']}".casefold() for word in wanted):
            rows.append({"code": code, "iri": iri, "broader": broader or None, **labels})
    depth = {row["iri"]: len(scheme.ancestors(row["iri"])) - 1 for row in rows}
    width = max((len(str(row["code"])) + len(INDENT) * depth[row["iri"]] for row in rows), default=0)
    lines = [
        f"{(INDENT * depth[row['iri']] + str(row['code'])).ljust(width)}  {row['en']} · {row['zh']}" for row in rows
    ]
    answer({"purposes": rows}, lines or ["no purpose has these words; `penstock purposes` lists all"], as_json=as_json)
