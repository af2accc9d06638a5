"""`penstock open`: open a replica for a purpose; each opening is a decision and leaves evidence."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.cli.options import DryRun, folder_option
from connector.cli.progress import writing
from connector.cli.speak import watched
from contracts.units import LEASED

Folder = Annotated[Path | None, folder_option("--to", "write the opened files into this directory")]


@declared.asking("replica_open", "id", "to")
def open_(
    typed: declared.Typed,
    to: Folder = None,
    identifier: Annotated[str | None, typer.Option("--id", help="opening id; repeat it to ask again")] = None,
    *,
    dry_run: DryRun = False,
) -> None:
    """Open what was got, or say what that would cost."""
    if dry_run:
        _try_out(typed)
        return
    told = {"id": identifier or str(uuid.uuid4()), "to": None if to is None else str(to)}
    if to is not None and watched():
        got = typed.of("acquisition_show").ask(id=typed["acquisition"])
        with writing(to, int(got["progress"]["bytes"])):
            opened = typed.ask(**told)
    else:
        opened = typed.ask(**told)
    what = f"{opened['bytes']} bytes in {len(opened['files'])} files"
    typed.tell(opened, [f"opening {opened['number']}: {what}, charged {opened['charged']}", *renamings(opened)])


def renamings(told: dict[str, Any]) -> list[str]:
    """Return a line for each file that is called otherwise here than its provider calls it."""
    return [f"  `{name}` is written as `{here}`" for name, here in told.get("renamed", {}).items()]


def _try_out(typed: declared.Typed) -> None:
    """Say what an opening costs: of a leased replica each is bought, of every other none."""
    acquisition = typed["acquisition"]
    got = typed.of("acquisition_show").ask(id=acquisition)
    tier = typed.of("thing_show").ask(id=got["agreement"])["terms"]["tier"] if got["agreement"] else ""
    bought = tier == LEASED
    said = f"an opening is bought from its provider: {got['price']}" if bought else "an opening costs nothing more"
    told = {"dryRun": True, "acquisition": acquisition, "title": got["title"], "state": got["state"], "tier": tier}
    lines = [f"{got['title']} ({tier or got['state']}): {said}", "nothing was decided, counted or opened"]
    typed.tell({**told, "bought": bought, "price": got["price"]}, lines)
