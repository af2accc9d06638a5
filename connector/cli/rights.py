"""`penstock rights`: editions passed on, pledged and withdrawn, licences pledged, suspended and resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun
from connector.cli.speak import answer, ask

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(help="Editions and licences as rights on the chain.", no_args_is_help=True)

Right = Annotated[str, typer.Argument(metavar="ID", help="the id of an edition, or the digest of an agreement")]
Edition = Annotated[str, typer.Argument(metavar="EDITION", help="the id of an edition")]
Agreement = Annotated[str, typer.Argument(metavar="AGREEMENT", help="the digest of an agreement of which we provide")]
Member = Annotated[str, typer.Option(help="DID of the member that gets it")]
Reason = Annotated[str, typer.Option(help="why, in words that others read")]


@app.command()
def show(identifier: Right, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show who holds an edition or a licence on the chain, and who holds a pledge of it.

    For example: penstock rights show 5b1f0c
    """
    _tell(ask(data, "GET", f"rights/{quote(identifier, safe='')}", as_json=as_json), as_json=as_json)


@app.command()
def transfer(
    identifier: Edition, to: Member, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Pass on the rights in an edition; from then on only the new holder continues the series.

    For example: penstock rights transfer 5b1f0c --to did:web:heir.example
    """
    _tell(_act(identifier, "transfer", {"to": to}, data, dry_run=dry_run, as_json=as_json), as_json=as_json)


@app.command()
def pledge(
    identifier: Right,
    to: Member,
    terms: Annotated[str, typer.Option(help="the terms; the chain keeps their SHA-256")],
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Pledge an edition or a licence: it stays where it is, and gives no sub-licences, until the creditor releases it.

    For example: penstock rights pledge 5b1f0c --to did:web:bank.example --terms "loan 17 of 2026"
    """
    _tell(
        _act(identifier, "pledge", {"to": to, "terms": terms}, data, dry_run=dry_run, as_json=as_json), as_json=as_json
    )


@app.command()
def release(identifier: Right, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Release a pledge, as its creditor.

    For example: penstock rights release 5b1f0c
    """
    _tell(_act(identifier, "release", {}, data, dry_run=dry_run, as_json=as_json), as_json=as_json)


@app.command()
def withdraw(
    identifier: Edition, reason: Reason, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Withdraw an edition for good: it is sold no more; what was sold of it stands.

    For example: penstock rights withdraw 5b1f0c --reason "superseded"
    """
    _tell(_act(identifier, "withdraw", {"reason": reason}, data, dry_run=dry_run, as_json=as_json), as_json=as_json)


@app.command()
def suspend(
    identifier: Agreement,
    reason: Reason,
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Suspend a licence: no keys and no bytes until it is resumed, here and for all below it; its time runs on.

    For example: penstock rights suspend 5b1f0c --reason "an invoice is open"
    """
    _turned(_act(identifier, "suspend", {"reason": reason}, data, dry_run=dry_run, as_json=as_json), as_json=as_json)


@app.command()
def resume(
    identifier: Agreement,
    reason: Reason,
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let a suspended licence go on; what was paused with it goes on by itself.

    For example: penstock rights resume 5b1f0c --reason "the invoice is paid"
    """
    _turned(_act(identifier, "resume", {"reason": reason}, data, dry_run=dry_run, as_json=as_json), as_json=as_json)


def _act(identifier: str, act: str, body: dict[str, str], data: Path, *, dry_run: bool, as_json: bool) -> Any:
    return ask(data, "POST", f"rights/{quote(identifier, safe='')}/{act}", body, dry_run=dry_run, as_json=as_json)


def _tell(right: Any, *, as_json: bool) -> None:
    lines = [f"{right['kind']} {right['id']}", f"held by {right['holder']}"]
    if right["pledge"]:
        lines.append(f"pledged to {right['pledge']['creditor']} under terms {right['pledge']['terms']}")
    if right.get("withdrawn"):
        lines.append("withdrawn")
    answer(right, lines, as_json=as_json)


def _turned(done: Any, *, as_json: bool) -> None:
    answer(done, [f"agreement  {done['agreement']}", f"state      {done['state']}"], as_json=as_json)
