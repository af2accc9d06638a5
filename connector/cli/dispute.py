"""`penstock dispute`: file a bundle as a party, look at a case, rule on it as the arbitrator of its channel."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.speak import ask, finish
from connector.client.acts.disputes import filed, held

app = typer.Typer(help="File a dispute, look at it, rule on it.", no_args_is_help=True)

Days = Annotated[int, typer.Option(help="for how many days", min=1)]

DAY_SECONDS = 86_400


@app.command()
@declared.asking("dispute_file")
def file(
    typed: declared.Typed,
    bundle: Annotated[str, typer.Argument(help="a bundle's or a proof's file, or the id of one kept here")],
) -> None:
    """File at the exchange what is to be ruled on: a dispute bundle, an equivocation, two heads of one log.

    For example: penstock dispute file bundle.json; of a log: penstock log forks -o fork.json, penstock dispute file
    fork.json
    """
    case = typed.ask(bundle=_bundle(bundle, typed.data, as_json=typed.as_json))
    typed.tell(case, filed(case))


declared.add(app, "dispute", "list", "show")


@app.command()
@declared.asking("dispute_hold")
def hold(typed: declared.Typed, days: Days = 7) -> None:
    """Freeze the channel of a dispute for so many days."""
    case = typed.ask(seconds=days * DAY_SECONDS)
    typed.tell(case, held(case))


declared.add(app, "dispute", "rule")


def _bundle(named: str, data: Path, *, as_json: bool) -> Any:
    """Return the bundle in a file, or the one that our server keeps under an id."""
    if Path(named).exists():
        return finish(_read(Path(named)), as_json=as_json)
    return ask(data, "GET", f"things/{quote(named, safe='')}", as_json=as_json)


async def _read(path: Path) -> Any:
    from connector.runtime.documents import read_json  # noqa: PLC0415  # loaded when the verb runs

    return read_json(path)
