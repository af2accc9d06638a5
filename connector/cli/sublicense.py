"""`penstock sublicense`: pass a licence on, as far as it allows; keys come from the provider, never from here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun
from connector.cli.speak import answer, ask


def sublicense(
    agreement: Annotated[str, typer.Argument(help="the digest of an agreement of which we are the buyer")],
    to: Annotated[str, typer.Option(help="DID of the member that it is for")],
    until: Annotated[str, typer.Option(help="its end, RFC 3339 with a time zone")],
    out: Annotated[str, typer.Option(help="the file to write it to, for the one that it is for")],
    purpose: Annotated[str | None, typer.Option(help="a narrower purpose; default: as agreed")] = None,
    data: Data = DEFAULT_DATA,
    *,
    onward: Annotated[bool, typer.Option("--onward", help="let the child pass it on in turn")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Sign a sub-licence under AGREEMENT for a member; all uses below draw on its counters, too.

    For example: penstock sublicense 5b1f0c --to did:web:lab.example --until 2027-06-30T00:00:00Z --out lab.json
    """
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

    body = {"to": to, "until": until, "purpose": purpose, "onward": onward}
    granted = ask(
        data, "POST", f"agreements/{quote(agreement, safe='')}/sublicences", body, dry_run=dry_run, as_json=as_json
    )
    path = Path(out)
    files.write_atomic(path, json.dumps(granted).encode())
    lines = [
        f"sub-licence {granted['digest']} written to {out}",
        f"next, the child: penstock get {granted['product']} --licence {path.name} --max-price PRICE --purpose PURPOSE",
    ]
    answer(granted, lines, as_json=as_json)
