"""`penstock sublicense`: pass a licence on, as far as it allows; keys come from the provider, never from here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from connector.cli import declared

Out = Annotated[Path, typer.Option("--out", help="the file to write it to, for the one that it is for")]


@declared.asking("agreement_sublicense")
def sublicense(typed: declared.Typed, out: Out) -> None:
    """Write the sub-licence into a file."""
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

    granted = typed.ask()
    files.write_atomic(out, json.dumps(granted).encode())
    lines = [
        f"sub-licence {granted['digest']} written to {out}",
        f"next, the child: penstock get {granted['product']} --licence {out.name} --max-price PRICE --purpose PURPOSE",
    ]
    typed.tell(granted, lines)
