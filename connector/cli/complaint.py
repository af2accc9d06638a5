"""`penstock complaint`: complain about the other party of an agreement; answer, settle, take further, decide, pay."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.complaints import lines

app = typer.Typer(help="Complaints about the other party of an agreement, with deadlines.", no_args_is_help=True)

declared.add(app, "complaint", "file", "list", "show", "answer", "escalate", "order", "pay")
OUTCOMES = {"settled": "settle", "withdrawn": "withdraw", "upheld": "uphold", "dismissed": "dismiss"}


@app.command()
@declared.asking("complaint_settle")
def close(
    typed: declared.Typed,
    outcome: Annotated[str, typer.Option("--as", help="settled or withdrawn (yours); upheld or dismissed (exchange)")],
) -> None:
    """Close a complaint: whoever filed it settles or withdraws it, the exchange upholds or dismisses it.

    For example: penstock complaint close march-is-missing --as settled --words "edition 3 is whole"
    """
    if outcome not in OUTCOMES:
        raise typer.BadParameter(f"`{outcome}` is none of {', '.join(OUTCOMES)}", param_hint="--as")
    closed = typed.of(f"complaint_{OUTCOMES[outcome]}").ask()
    typed.tell(closed, lines(closed))
