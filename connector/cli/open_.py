"""`penstock open`: open a replica for a purpose; each opening is a decision and leaves evidence."""

from __future__ import annotations

import uuid
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.cli.options import DryRun  # noqa: TC001  # typer reads it when the command is made
from connector.cli.progress import writing
from connector.cli.speak import watched
from connector.client.acts.columns import Column, lines
from contracts.units import LEASED

# of a cell of an answer
CELL_CHARS = 40

To = Annotated[
    Path | None,
    typer.Option(
        "--to", help="this directory for the opened files, or this new file for what --query finds", resolve_path=True
    ),
]


@declared.asking("replica_open", "id", "to")
def open_(
    typed: declared.Typed,
    to: To = None,
    identifier: Annotated[str | None, typer.Option("--id", help="opening id; repeat it to ask again")] = None,
    *,
    dry_run: DryRun = False,
) -> None:
    """Open what was got, or say what that would cost."""
    _require_each_once(typed["joined"] or [])
    if dry_run:
        _try_out(typed)
        return
    told = {"id": identifier or str(uuid.uuid4()), "to": None if to is None else str(to)}
    if typed["query"] is not None:
        opened = typed.ask(**told)
        first = f"opening {opened['number']}, charged {opened['charged']}"
        typed.tell(opened, [first, *others(opened), *found(opened)])
        return
    if to is not None and watched():
        got = typed.of("acquisition_show").ask(id=typed["acquisition"])
        with writing(to, int(got["progress"]["bytes"])):
            opened = typed.ask(**told)
    else:
        opened = typed.ask(**told)
    what = f"{opened['bytes']} bytes in {len(opened['files'])} files"
    typed.tell(opened, [f"opening {opened['number']}: {what}, charged {opened['charged']}", *renamings(opened)])


def others(told: dict[str, Any]) -> list[str]:
    """Return a line for each product that was joined with the first."""
    return [f"  `{one['name']}`: opening {one['number']}" for one in told.get("joined", ()) if one["name"]]


def found(told: dict[str, Any]) -> list[str]:
    """Return the lines of what a statement found, and what its process was kept from."""
    answer = told.get("answer")
    if answer is None:
        return ["this opening was made before: what it found was told then, and is kept nowhere"]
    told_of = f"{answer['rowCount']} rows in {answer['seconds']} s; its process was confined: "
    end = told_of + (", ".join(answer["confined"]) or "not at all")
    if answer["to"] is not None:
        return [f"written to {answer['to']}", end]
    shown = [Column(name, partial(_cell, at), characters=CELL_CHARS) for at, name in enumerate(answer["columns"])]
    more = answer["rowCount"] - len(answer["rows"])
    return [*lines(shown, answer["rows"]), *([f"… and {more} more: --to FILE.csv has all"] if more else []), end]


def _cell(at: int, row: list[Any]) -> Any:
    return row[at]


def renamings(told: dict[str, Any]) -> list[str]:
    """Return a line for each file that is called otherwise here than its provider calls it."""
    return [f"  `{name}` is written as `{here}`" for name, here in told.get("renamed", {}).items()]


def _require_each_once(joined: list[str]) -> None:
    """Refuse a name that is given to two orders."""
    names = [one.partition("=")[0] for one in joined]
    if twice := next((one for one in names if names.count(one) > 1), ""):
        raise typer.BadParameter(f"`{twice}` is the name of two orders", param_hint="--with")


def _try_out(typed: declared.Typed) -> None:
    """Say what an opening costs, and one of each that is joined: of a leased replica each is bought, of others none."""
    orders = [typed["acquisition"], *(one.partition("=")[2] for one in typed["joined"] or [])]
    told, lines = zip(*(_cost(typed, one) for one in orders), strict=True)
    first, *others = told
    more = {"joined": others} if others else {}
    typed.tell({"dryRun": True, **first, **more}, [*lines, "nothing was decided, counted or opened"])


def _cost(typed: declared.Typed, acquisition: str) -> tuple[dict[str, Any], str]:
    """Return what an opening of an order costs, and in words."""
    got = typed.of("acquisition_show").ask(id=acquisition)
    tier = typed.of("thing_show").ask(id=got["agreement"])["terms"]["tier"] if got["agreement"] else ""
    bought = tier == LEASED
    said = f"an opening is bought from its provider: {got['price']}" if bought else "an opening costs nothing more"
    told = {"acquisition": acquisition, "title": got["title"], "state": got["state"], "tier": tier}
    return {**told, "bought": bought, "price": got["price"]}, f"{got['title']} ({tier or got['state']}): {said}"
