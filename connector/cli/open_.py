"""`penstock open`: open a replica for a purpose; each opening is a decision and leaves evidence."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, folder_option
from connector.cli.speak import answer, ask

Folder = Annotated[Path | None, folder_option("--to", "write the opened files into this directory")]


def open_(
    acquisition: Annotated[str, typer.Argument(help="the id that `get` printed")],
    purpose: Annotated[str, typer.Option(help="what for, a term of the purpose scheme")],
    to: Folder = None,
    identifier: Annotated[str | None, typer.Option("--id", help="opening id; repeat it to ask again")] = None,
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Open what was got: a decision, a count, and evidence each time.

    For example: penstock open ID --purpose AirTrafficResearch --to out
    """
    body = {
        "id": identifier or str(uuid.uuid4()),
        "acquisition": acquisition,
        "purpose": purpose,
        "to": None if to is None else str(to),
    }
    opened = ask(data, "POST", "openings", body, as_json=as_json)
    what = f"{opened['bytes']} bytes in {len(opened['files'])} files"
    answer(opened, [f"opening {opened['number']}: {what}, charged {opened['charged']}"], as_json=as_json)
