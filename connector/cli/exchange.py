"""`penstock exchange`: what the operator of the catalogue node does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from connector.cli import declared, leave, operator
from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun, OperatorKey
from connector.cli.speak import ACTING, answer, ask

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(help="Run the exchange: members, review, listing, credits, attestations.", no_args_is_help=True)
app.add_typer(declared.group("exchange member", "Members: list, suspend, resume, reread, revoke."), name="member")
for post, about in (
    ("arbitrator", "Arbitrators of the space, on chain: name, dismiss."),
    ("deputy", "Other exchanges that run the space on chain: name, dismiss."),
):
    app.add_typer(declared.group(f"exchange {post}", about), name=post)
app.add_typer(operator.app, name="operator")
app.add_typer(declared.group("exchange space", "Spaces: create, change, close."), name="space")
app.add_typer(leave.app, name="leaving")
for verb in (leave.connectors, operator.pending, operator.assent, operator.dissent):
    app.command()(verb)
about = "Sources: other exchanges and catalogues whose products are found here."
app.add_typer(declared.group("exchange source", about), name="source")

Product = Annotated[str, typer.Argument(help="the listed product's id")]


@app.callback()
def operate(key: OperatorKey = None) -> None:
    """Run the exchange: members, review, listing, credits, attestations; as its owner, or as one of its operators."""
    ACTING[:] = [] if key is None else [key]


declared.add(app, "exchange", "admit")


@app.command()
def applications(
    state: Annotated[str, typer.Option(help="applied, admitted or refused")] = "applied",
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """List applications for membership, those first that are due first.

    For example: penstock exchange applications
    """
    found = ask(data, "GET", f"applications?state={quote(state, safe='')}", as_json=as_json)
    lines = [
        f"{row['did']}  {row['name']} ({row['role']}, {row['region']})  "
        f"{'OVERDUE since' if row['overdue'] else 'due'} {row['due']}  {row['message']}".rstrip()
        for row in found["applications"]
    ]
    answer(found, lines or [f"no application is {state}"], as_json=as_json)


declared.add(app, "exchange", "reject")


@app.command()
def listings(
    state: Annotated[
        str, typer.Option(help="submitted, reviewed, listed, suspended, withdrawn or refused")
    ] = "submitted",
    first: Annotated[int, typer.Option(help="leave out so many, the oldest", min=0)] = 0,
    data: Data = DEFAULT_DATA,
    *,
    services: Annotated[bool, typer.Option("--services", help="data services instead of products")] = False,
    as_json: AsJson = False,
) -> None:
    """List products by the state of their listing, the oldest first: what is submitted waits for a review.

    For example: penstock exchange listings --state listed
    """
    asked = f"listings?state={quote(state, safe='')}&first={first}" + "&kind=service" * services
    found = ask(data, "GET", asked, as_json=as_json)
    lines = [
        f"{row['id']}  {row['title']} ({row.get('tier', 'service')}) of {row['provider']}, since {row['since']}"
        + (f": {row['reason']}" if row["reason"] else "")
        + "".join(f"\n    LOOKS LIKE {one['id']} ({one['title']}) of {one['provider']}" for one in row.get("alike", ()))
        for row in found["listings"]
    ]
    answer(found, lines or [f"no listing is {state}"], as_json=as_json)


@app.command()
def suspend(
    product: Product,
    reason: Annotated[str, typer.Option(help="why, in words that the provider reads")],
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Suspend a listing: nobody finds it until it is resumed. Agreements that were made go on.

    For example: penstock exchange suspend nyc-flights-2013 --reason "complaint under review"
    """
    _move(product, "suspend", reason, data, dry_run=dry_run, as_json=as_json)


@app.command()
def resume(product: Product, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """List a suspended product again.

    For example: penstock exchange resume nyc-flights-2013
    """
    _move(product, "resume", "", data, dry_run=dry_run, as_json=as_json)


@app.command()
def refuse(
    product: Product,
    reason: Annotated[str, typer.Option(help="what the provider can change")],
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Refuse a product that was submitted or suspended; its provider may hand it in again, changed.

    For example: penstock exchange refuse nyc-flights-2013 --reason "the description names nobody to ask"
    """
    _move(product, "refuse", reason, data, dry_run=dry_run, as_json=as_json)


@app.command()
def indicators(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show what this market comes to: each figure with its formula, its source, and the national survey's value.

    For example: penstock exchange indicators
    """
    found = ask(data, "GET", "indicators", as_json=as_json)
    lines = [f"chain read up to block {found['block']}"]
    for row in found["indicators"]:
        beside = f"   national: {row['national']}" if row["national"] else ""
        lines.append(f"{row['en']} · {row['zh']}: {row['value']} {row['unit']}".rstrip() + beside)
        lines.append(f"    {row['formula']}; from {row['source']}")
    answer(found, lines, as_json=as_json)


declared.add(app, "exchange", "credit")


@app.command()
def review(
    product: Annotated[str, typer.Argument(help="the submitted product's id")],
    data: Data = DEFAULT_DATA,
    *,
    version: Annotated[int | None, typer.Option(help="the version that you have read; no other is listed")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Open rows drawn after registration, check them, and list the product; list a service that you have read.

    For example: penstock exchange review nyc-flights-2013
    """
    read = {} if version is None else {"version": str(version)}
    done = ask(data, "POST", f"listings/{quote(product, safe='')}/review", read, dry_run=dry_run, as_json=as_json)
    answer(done, [f"{done['title']}: {done['opened']} rows opened, {done['bound']}: {done['state']}"], as_json=as_json)


def _move(product: str, move: str, reason: str, data: Path, *, dry_run: bool, as_json: bool) -> None:
    body = {"move": move, "reason": reason}
    done = ask(data, "POST", f"listings/{quote(product, safe='')}/moves", body, dry_run=dry_run, as_json=as_json)
    answer(done, [f"{done['id']}: {done['state']}"], as_json=as_json)


declared.add(app, "exchange", "revoke", "attest")
