"""`penstock leave`: leave the space with a plan; `penstock exchange leaving`, `connectors`: the operator's side."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, Did, DryRun
from connector.cli.speak import answer, ask

app = typer.Typer(help="Members that leave: list, approve, refuse.", no_args_is_help=True)

ITEMS_SHOWN = 20


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
        answer(found, [*_items(found["items"]), f"the membership ends {found['until']}"], as_json=as_json)
        return
    if stay:
        row = ask(data, "POST", "leaving/stay", {}, dry_run=dry_run, as_json=as_json)
    elif status or not reason:
        row = ask(data, "GET", "leaving", as_json=as_json)
    else:
        row = ask(data, "POST", "leaving", {"reason": reason, "until": until}, dry_run=dry_run, as_json=as_json)
    answer(row, _lines(row), as_json=as_json)


def connectors(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """List the members' connectors by their newest word: version, what they can do, and who is not heard of.

    For example: penstock exchange connectors
    """
    found = ask(data, "GET", "connectors", as_json=as_json)
    lines = [
        f"{row['state']:<7} {row['seen'] or 'never':<26} {row['member']:<10} {row['did']}"
        + (f"  {row['version']}: {' '.join(row['capabilities'])}" if "version" in row else "")
        + (f"  {row['alarms']} alarms" if row.get("alarms", "0") != "0" else "")
        for row in found["connectors"]
    ]
    answer(found, lines or ["there are no members yet"], as_json=as_json)


@app.command("list")
def list_(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """List the plans that are asked for or under way.

    For example: penstock exchange leaving list
    """
    found = ask(data, "GET", "leavings", as_json=as_json)
    lines = [line for row in found["leavings"] for line in _lines(row)]
    answer(found, lines or ["nobody leaves"], as_json=as_json)


@app.command()
def approve(did: Did, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Approve a plan: what the member lists is off the catalogue, and its membership ends when the plan does.

    For example: penstock exchange leaving approve did:web:provider.example
    """
    row = ask(data, "POST", "leavings/approve", {"did": did, "reason": ""}, dry_run=dry_run, as_json=as_json)
    answer(row, _lines(row), as_json=as_json)


@app.command()
def refuse(
    did: Did,
    reason: Annotated[str, typer.Option(help="what the member can change")],
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Refuse a plan; the member may hand in another.

    For example: penstock exchange leaving refuse did:web:provider.example --reason "a dispute is open"
    """
    row = ask(data, "POST", "leavings/refuse", {"did": did, "reason": reason}, dry_run=dry_run, as_json=as_json)
    answer(row, _lines(row), as_json=as_json)


def _lines(row: dict[str, Any]) -> list[str]:
    head = f"{row['did']}: {row['state']}, ends {row['until']}: {row['reason']}"
    return [head, *([f"  answer: {row['answer']}"] if row["answer"] else []), *_items(row["items"])]


def _items(items: list[dict[str, Any]]) -> list[str]:
    lines = [
        f"  {one['kind']:<8} {one['id'][:40]:<40} {one['until'] or 'at once'}"
        + (f"  {one['en']}" if "en" in one else "")
        for one in items[:ITEMS_SHOWN]
    ]
    return lines + ([f"  and {len(items) - ITEMS_SHOWN} more"] if len(items) > ITEMS_SHOWN else [])
