"""`penstock dispute`: file a bundle as a party, look at a case, rule on it as the arbitrator of its channel."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun
from connector.cli.speak import answer, ask, finish
from connector.client.acts.disputes import filed, held

app = typer.Typer(help="File a dispute, look at it, rule on it.", no_args_is_help=True)

Case = Annotated[str, typer.Argument(metavar="ID", help="the dispute's id: the digest of its bundle")]
Days = Annotated[int, typer.Option(help="for how many days", min=1)]

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
    answer(case, filed(case), as_json=as_json)


declared.add(app, "dispute", "list", "show")


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
    case = ask(data, "POST", f"disputes/{quote(dispute, safe='')}/hold", body, dry_run=dry_run, as_json=as_json)
    answer(case, held(case), as_json=as_json)


declared.add(app, "dispute", "rule")


def _bundle(named: str, data: Path, *, as_json: bool) -> Any:
    """Return the bundle in a file, or the one that our server keeps under an id."""
    if Path(named).exists():
        return finish(_read(Path(named)), as_json=as_json)
    return ask(data, "GET", f"things/{quote(named, safe='')}", as_json=as_json)


async def _read(path: Path) -> Any:
    from connector.runtime.documents import read_json  # noqa: PLC0415  # loaded when the verb runs

    return read_json(path)
