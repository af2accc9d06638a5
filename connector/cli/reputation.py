"""`penstock reputation`: what chain and logs say of a participant, by the public formula."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data
from connector.cli.speak import answer, ask


def reputation(
    did: Annotated[str, typer.Argument(help="the participant's did:web")],
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the reputation of DID with what it is counted from; nobody rates anybody.

    For example: penstock reputation did:web:provider.example
    """
    found = ask(data, "GET", "reputation/" + quote(did, safe=""), as_json=as_json)
    counts = [f"{name}: {found[name]}  ({source})" for name, source in found["sources"].items()]
    lines = [f"{found['name']} ({did}): {found['score']} of 100", *counts, f"score = {found['formula']}"]
    answer(found, lines, as_json=as_json)
