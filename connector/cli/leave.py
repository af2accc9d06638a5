"""`penstock leave`: leave the space with a plan, or see what would become of everything and what was answered."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli import declared
from connector.client.acts.leavings import lines, planned


@declared.asking("leaving_ask", "reason")
def leave(
    typed: declared.Typed,
    reason: Annotated[str, typer.Option(help="why, in words that the operator reads; hands the plan in")] = "",
    *,
    plan: Annotated[bool, typer.Option("--plan", help="only show what would become of everything")] = False,
    status: Annotated[bool, typer.Option("--status", help="only see what became of the plan")] = False,
    stay: Annotated[bool, typer.Option("--stay", help="take back a plan that was not answered")] = False,
) -> None:
    """Leave the space: products off the list, agreements served to their end, keys erased, then the membership.

    For example: penstock leave --plan
    """
    asked = "plan" if plan else "stay" if stay else "ask" if reason and not status else "show"
    told = typed.of(f"leaving_{asked}").ask(reason=reason)
    typed.tell(told, planned(told) if plan else lines(told))
