"""`penstock dispute`: file a bundle as a party, look at a case, rule on it as the arbitrator of its channel."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun
from connector.cli.speak import answer, ask, finish

app = typer.Typer(help="File a dispute, look at it, rule on it.", no_args_is_help=True)

Case = Annotated[str, typer.Argument(metavar="ID", help="the dispute's id: the digest of its bundle")]
Award = Annotated[int | None, typer.Option(help="minor units of the disputed window that the payees keep", min=0)]
Days = Annotated[int, typer.Option(help="for how many days", min=1)]
Reason = Annotated[str, typer.Option(help="why, in words; default: what the verifier says")]

DAY_SECONDS = 86_400


@app.command()
def file(
    bundle: Annotated[str, typer.Argument(help="a bundle's or a proof's file, or the id of one kept here")],
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """File at the exchange what is to be ruled on: a dispute bundle, an equivocation, two heads of one log.

    For example: penstock dispute file bundle.json; of a log: penstock log forks -o fork.json, penstock dispute file
    fork.json
    """
    case = ask(data, "POST", "disputes", _bundle(bundle, data, as_json=as_json), dry_run=dry_run, as_json=as_json)
    answer(
        case, [f"filed as {case['id']}", _verdict(case), f"next: penstock dispute show {case['id']}"], as_json=as_json
    )


@app.command(name="list")
def list_(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """List the disputes that concern us, as a party or as the arbitrator.

    For example: penstock dispute list
    """
    found = ask(data, "GET", "disputes", as_json=as_json)
    lines = [
        f"{case['id']}  {case['filed'][:19]}  {case['state']:<5}  by {case['filer']}" for case in found["disputes"]
    ]
    answer(found, lines or ["no dispute concerns us"], as_json=as_json)


@app.command()
def show(dispute: Case, data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """Show a dispute: its parties, what the verifier says of its bundle, the ruling.

    For example: penstock dispute show 5b1f0c
    """
    case = ask(data, "GET", f"disputes/{quote(dispute, safe='')}", as_json=as_json)
    lines = [f"{name}: {case[name]}" for name in ("id", "state", "channelId", "payer", "payee", "arbitrator")]
    answer(case, [*lines, _verdict(case), *_ruled(case)], as_json=as_json)


@app.command()
def hold(
    dispute: Case,
    days: Days = 7,
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Freeze the channel of a dispute while it is judged, as its arbitrator; once, and no longer than was agreed.

    For example: penstock dispute hold 5b1f0c --days 3 --data regulator
    """
    body = {"seconds": days * DAY_SECONDS}
    held = ask(data, "POST", f"disputes/{quote(dispute, safe='')}/hold", body, dry_run=dry_run, as_json=as_json)
    answer(held, [f"channel {held['channelId']} stands still until {held['until']}"], as_json=as_json)


@app.command()
def rule(
    dispute: Case,
    award: Award = None,
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Rule on a dispute as its arbitrator: what the bundle proves, executed by the channels program in one call.

    --award is needed, and taken, only where no hash decides: when the content is not as described.

    For example: penstock dispute rule 5b1f0c --data regulator
    """
    body = {"award": None if award is None else str(award), "reason": reason}
    case = ask(data, "POST", f"disputes/{quote(dispute, safe='')}/ruling", body, dry_run=dry_run, as_json=as_json)
    answer(case, _ruled(case), as_json=as_json)


def _bundle(named: str, data: Path, *, as_json: bool) -> Any:
    """Return the bundle in a file, or the one that our server keeps under an id."""
    if Path(named).exists():
        return finish(_read(Path(named)), as_json=as_json)
    return ask(data, "GET", f"things/{quote(named, safe='')}", as_json=as_json)


async def _read(path: Path) -> Any:
    from connector.runtime.documents import read_json  # noqa: PLC0415  # loaded when the verb runs

    return read_json(path)


def _verdict(case: dict[str, Any]) -> str:
    said = case["proposed"]
    return f"the verifier: {said['finding']}, at fault: {said['atFault']} ({said['reason']})"


def _ruled(case: dict[str, Any]) -> list[str]:
    if case["ruling"] is None:
        return ["not ruled on yet"]
    ruling = case["ruling"]
    said = f"ruled: {ruling['finding']}, at fault: {ruling['atFault']} ({ruling['reason']})"
    parts = ruling["division"]
    if parts is None:
        return [said, "the channel is left as it is"]
    moved = f"of the unclaimed rest {parts['toPayees']} to the payees, {parts['toPayer']} to the payer"
    late = f"claimed before the ruling and owed to the payer: {parts['shortfall']}"
    return [said, f"{moved} (transaction {case['tx']})", *([late] if parts["shortfall"] != "0" else [])]
