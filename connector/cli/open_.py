"""`penstock open`: open a replica for a purpose; each opening is a decision and leaves evidence."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun, folder_option
from connector.cli.speak import answer, ask
from contracts.units import LEASED

Overwrite = Annotated[bool, typer.Option("--overwrite", help="replace files that are there already")]
Folder = Annotated[Path | None, folder_option("--to", "write the opened files into this directory")]


def open_(
    acquisition: Annotated[str, typer.Argument(help="the id that `get` printed")],
    purpose: Annotated[str, typer.Option(help="what for, a term of the purpose scheme")],
    to: Folder = None,
    identifier: Annotated[str | None, typer.Option("--id", help="opening id; repeat it to ask again")] = None,
    data: Data = DEFAULT_DATA,
    *,
    overwrite: Overwrite = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Open what was got: a decision, a count, and evidence each time.

    For example: penstock open ID --purpose AirTrafficResearch --to out
    """
    if dry_run:
        _try_out(acquisition, data, as_json=as_json)
        return
    body = {
        "id": identifier or str(uuid.uuid4()),
        "acquisition": acquisition,
        "purpose": purpose,
        "to": None if to is None else str(to),
    } | ({"overwrite": True} if overwrite else {})
    opened = ask(data, "POST", "openings", body, as_json=as_json)
    what = f"{opened['bytes']} bytes in {len(opened['files'])} files"
    answer(
        opened,
        [f"opening {opened['number']}: {what}, charged {opened['charged']}", *renamings(opened)],
        as_json=as_json,
    )


def renamings(told: dict[str, Any]) -> list[str]:
    """Return a line for each file that is called otherwise here than its provider calls it."""
    return [f"  `{name}` is written as `{here}`" for name, here in told.get("renamed", {}).items()]


def _try_out(acquisition: str, data: Path, *, as_json: bool) -> None:
    """Say what an opening costs: of a leased replica each is bought, of every other none."""
    got = ask(data, "GET", "acquisitions/" + quote(acquisition, safe=""), as_json=as_json)
    tier = ""
    if got["agreement"]:
        tier = ask(data, "GET", f"things/{got['agreement']}", as_json=as_json)["terms"]["tier"]
    bought = tier == LEASED
    said = f"an opening is bought from its provider: {got['price']}" if bought else "an opening costs nothing more"
    told = {"dryRun": True, "acquisition": acquisition, "title": got["title"], "state": got["state"], "tier": tier}
    lines = [f"{got['title']} ({tier or got['state']}): {said}", "nothing was decided, counted or opened"]
    answer({**told, "bought": bought, "price": got["price"]}, lines, as_json=as_json)
