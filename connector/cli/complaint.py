"""`penstock complaint`: complain about the other party of an agreement; answer, settle, take further, decide."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun
from connector.cli.speak import answer, ask
from connector.client.acts.complaints import lines

app = typer.Typer(help="Complaints about the other party of an agreement, with deadlines.", no_args_is_help=True)

declared.add(app, "complaint", "file", "list", "show", "answer", "escalate")
Identifier = Annotated[str, typer.Argument(metavar="ID", help="the complaint's id")]
Words = Annotated[str, typer.Option(help="what is said to it; the other side reads it")]
OUTCOMES = {"settled": "settle", "withdrawn": "withdraw", "upheld": "uphold", "dismissed": "dismiss"}


@app.command()
def close(
    identifier: Identifier,
    words: Words,
    outcome: Annotated[str, typer.Option("--as", help="settled or withdrawn (yours); upheld or dismissed (exchange)")],
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Close a complaint: whoever filed it settles or withdraws it, the exchange upholds or dismisses it.

    For example: penstock complaint close march-is-missing --as settled --words "edition 3 is whole"
    """
    if outcome not in OUTCOMES:
        raise typer.BadParameter(f"`{outcome}` is none of {', '.join(OUTCOMES)}", param_hint="--as")
    path = f"complaints/{quote(identifier, safe='')}/{OUTCOMES[outcome]}"
    closed = ask(data, "POST", path, {"words": words}, dry_run=dry_run, as_json=as_json)
    answer(closed, lines(closed), as_json=as_json)
