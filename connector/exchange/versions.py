"""The versions of a listing: each as it was handed in, what differs in words, and going back to one.

Law: a version is never changed. Going back is the provider's own act (its offer is what binds it), and only to a
version that was reviewed: that one is listed at once, because what was checked of it is still so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.difference import differences
from connector.errors import Absent
from connector.limits import LISTING_VERSIONS_MAX
from contracts.canonical import sha

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.transaction import Tx

    Row = dict[str, Any]

# what a version of a listing says
SAID = ("title", "dataset", "offer", "tier", "edition", "header", "space", "sample", "resource", "code")


def keep(tx: Tx, listing: Row, now: datetime) -> None:
    """Keep a listing as it stands now as its newest version, unless a version says the same; forget the oldest."""
    document = {name: listing[name] for name in SAID}
    rows = tx.find("listing_versions", "product = ?", (listing["id"],), "number")
    if any(row["digest"] == _digest(document) for row in rows):
        return
    number = rows[-1]["number"] + 1 if rows else 1
    said = {"document": document, "digest": _digest(document), "review": None}
    tx.insert("listing_versions", product=listing["id"], number=number, **said, created=now)
    for row in rows[: len(rows) + 1 - LISTING_VERSIONS_MAX]:
        tx.delete("listing_versions", product=listing["id"], number=row["number"])


def note_review(tx: Tx, listing: Row) -> None:
    """Note that the version which a listing shows now was reviewed."""
    digest = _digest({name: listing[name] for name in SAID})
    tx.update("listing_versions", {"product": listing["id"], "digest": digest}, review=listing["review"])


def doubt(tx: Tx, key: str) -> None:
    """Take no version's review for good any more: what is said against one may be true of all."""
    tx.update("listing_versions", {"product": key}, review=None)


def reviewed(tx: Tx, key: str, document: Row) -> Row | None:
    """Return the version that says just this and was reviewed, None if there is none."""
    rows = tx.find(
        "listing_versions",
        "product = ? and digest = ?",
        (key, _digest({name: document[name] for name in SAID})),
    )
    return rows[0] if rows and rows[0]["review"] is not None else None


def page(tx: Tx, key: str) -> list[Row]:
    """Return the versions of a listing, the newest first, each with what it changed of the one before."""
    rows = tx.find("listing_versions", "product = ?", (key,), "number")
    before = [None, *rows[:-1]]
    return [_view(row, was) for row, was in zip(rows, before, strict=True)][::-1]


def compared(tx: Tx, key: str, old: int, new: int) -> list[Row]:
    """Return what differs between two versions; raises Absent."""
    rows = [tx.get("listing_versions", product=key, number=number) for number in (old, new)]
    for number, row in zip((old, new), rows, strict=True):
        if row is None:
            raise Absent(f"there is no version {number} of `{key[:100]}`", "penstock version list")
    return _said(key, *rows)


def _view(row: Row, before: Row | None) -> Row:
    document = row["document"]
    told = {"number": row["number"], "since": row["created"].isoformat(timespec="seconds"), "title": document["title"]}
    changed = [] if before is None else _said(row["product"], before, row)
    return told | {"edition": document["edition"], "reviewed": row["review"] is not None, "differences": changed}


def _said(key: str, old: Any, new: Any) -> list[Row]:
    return [one.json() for one in differences({"id": key, **old["document"]}, {"id": key, **new["document"]})]


def _digest(document: Row) -> str:
    return sha(document).hex()
