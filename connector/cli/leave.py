"""`penstock leave`: leave the space with a plan, or see what would become of everything and what was answered."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun
from connector.cli.speak import answer, ask
from connector.client.acts.leavings import lines, planned


def leave(
    reason: Annotated[str, typer.Option(help="why, in words that the operator reads; hands the plan in")] = "",
    until: Annotated[str, typer.Option(help="when it ends, RFC 3339; default: as early as agreements allow")] = "",
    data: Data = DEFAULT_DATA,
    *,
    plan: Annotated[bool, typer.Option("--plan", help="only show what would become of everything")] = False,
    status: Annotated[bool, typer.Option("--status", help="only see what became of the plan")] = False,
    stay: Annotated[bool, typer.Option("--stay", help="take back a plan that was not answered")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Leave the space: products off the list, agreements served to their end, keys erased, then the membership.

    For example: penstock leave --plan
    """
    if plan:
        found = ask(data, "GET", "leaving/plan" + (f"?until={quote(until, safe='')}" if until else ""), as_json=as_json)
        answer(found, planned(found), as_json=as_json)
        return
    if stay:
        row = ask(data, "POST", "leaving/stay", {}, dry_run=dry_run, as_json=as_json)
    elif status or not reason:
        row = ask(data, "GET", "leaving", as_json=as_json)
    else:
        row = ask(data, "POST", "leaving", {"reason": reason, "until": until}, dry_run=dry_run, as_json=as_json)
    answer(row, lines(row), as_json=as_json)
