"""What a buyer lets its connector do by itself: prices, purpose and place, checked when it is said."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from connector.errors import InvalidInput
from contracts.decimals import read_decimal
from policy.purposes import resolve

# minor units; `exposure` is what may be owed for keys not yet released, `cap` what the agreement may cost in all
AMOUNTS = ("limit", "bid", "deposit", "exposure", "cap")
# `licence`: a sub-licence; `provider`: the DID of who told us of the product; see `quoting`
FROM = ("licence", "provider")
MEMBERS = frozenset({*AMOUNTS, "purpose", "to", "keep", *FROM})
NOWHERE = "null"  # a `to` that proves and counts, and keeps nothing
STREAM = "-"  # a `to` that is read as a stream, in order (`connector.pull.pipe`)
NO_FOLDERS = (NOWHERE, STREAM)
Row = dict[str, Any]


def checked(document: Any) -> Row:
    """Return the mandate with amounts as decimal strings; raises InvalidInput for what a person can get wrong."""
    if not isinstance(document, dict) or set(document) - MEMBERS or "limit" not in document:
        raise InvalidInput("a mandate has a `limit` and perhaps " + ", ".join(sorted(MEMBERS - {"limit"})))
    amounts = {name: document.get(name) for name in AMOUNTS}
    for name, amount in amounts.items():
        if amount is not None:
            read_decimal(amount, name)
    if amounts["bid"] is not None and int(amounts["bid"]) > int(str(amounts["limit"])):
        raise InvalidInput(f"the bid `{amounts['bid']}` is above your own limit `{amounts['limit']}`")
    sources = {name: document[name] for name in FROM if document.get(name)}
    if len(sources) > 1 or not isinstance(sources.get("provider", ""), str):
        raise InvalidInput("a mandate names a sub-licence, or its `provider` by a DID, or neither")
    return {**amounts, "purpose": resolve(str(document.get("purpose"))), **_place(document), **sources}


def _place(document: Row) -> Row:
    """Return where plaintext goes and whether the sealed bytes stay, too."""
    to, keep = document.get("to"), document.get("keep", True)
    if to is not None and not (isinstance(to, str) and (to in NO_FOLDERS or Path(to).is_absolute())):
        raise InvalidInput(f"`to` is an absolute path, `{NOWHERE}` or `{STREAM}`, not `{to!s:.100}`")
    if to not in (None, *NO_FOLDERS) and not _may_write(Path(to)):
        raise InvalidInput(f"the server may not write to `{to}`", "name a directory that it may make or write to")
    if not isinstance(keep, bool) or (to is None and not keep):
        raise InvalidInput("`keep` is true or false, and false only where `to` says what is kept instead")
    return {"to": to, "keep": keep}


def _may_write(folder: Path) -> bool:
    """Whether `folder` is there to write to, or can be made: asked before anything is agreed, let alone paid."""
    try:
        there = next(path for path in (folder, *folder.parents) if path.exists())
    except OSError:
        return False
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
