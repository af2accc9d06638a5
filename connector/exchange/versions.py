"""The versions of what is listed: each as it was handed in, what differs in words, and going back to one.

Law: a version is never changed. Going back is the provider's own act (its offer is what binds it), and only to a
version that was reviewed: that one is listed at once, because what was checked of it is still so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.runtime.errors import Absent
from connector.runtime.limits import LISTING_VERSIONS_MAX
from connector.store.rows.catalogue import ListingVersionRow
from contracts.canonical import sha

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from catalog.difference import Difference
    from connector.exchange.numbering import Stocked
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of one kind: `said` are the columns that one says, `differences` tells two apart in words."""

    said: tuple[str, ...]
    differences: Callable[[Mapping[str, Any], Mapping[str, Any]], Iterable[Difference]]

    def document(self, handed_in: JsonObject) -> JsonObject:
        """Return what was handed in, as its version."""
        return {name: handed_in[name] for name in self.said}

    def of(self, row: Stocked) -> JsonObject:
        """Return the same of a row."""
        return {name: getattr(row, name) for name in self.said}

    def keep(self, tx: Tx, row: Stocked, now: datetime) -> None:
        """Keep a row as it stands now as its newest version, unless a version says the same; forget the oldest."""
        document = self.of(row)
        rows = tx.find(ListingVersionRow, "product = ?", (row.id,), "number")
        if any(one.digest == _digest(document) for one in rows):
            return
        number = rows[-1].number + 1 if rows else 1
        digest = _digest(document)
        kept = ListingVersionRow(
            product=row.id, number=number, document=document, digest=digest, review=None, created=now
        )
        tx.insert(kept)
        for one in rows[: len(rows) + 1 - LISTING_VERSIONS_MAX]:
            tx.delete(ListingVersionRow, product=row.id, number=one.number)

    def note_review(self, tx: Tx, row: Stocked) -> None:
        """Note that the version which a row shows now was reviewed."""
        where = {"product": row.id, "digest": _digest(self.of(row))}
        tx.update(ListingVersionRow, where, review=row.review)

    def doubt(self, tx: Tx, key: str) -> None:
        """Take no version's review for good any more: what is said against one may be true of all."""
        tx.update(ListingVersionRow, {"product": key}, review=None)

    def reviewed(self, tx: Tx, key: str, handed_in: JsonObject) -> ListingVersionRow | None:
        """Return the version that says just this and was reviewed, None if there is none."""
        row = self._saying(tx, key, self.document(handed_in))
        return None if row is None or row.review is None else row

    def number(self, tx: Tx, row: Stocked) -> int:
        """Return the number of the version that a row shows now; 0 if it was listed before versions were kept."""
        version = self._saying(tx, row.id, self.of(row))
        return 0 if version is None else version.number

    def find(self, tx: Tx, key: str, number: int) -> ListingVersionRow:
        """Return a version; raises Absent."""
        row = tx.get(ListingVersionRow, product=key, number=number)
        if row is None:
            raise _absent(key, number)
        return row

    def page(self, tx: Tx, key: str, *, reviewed: bool = False) -> list[JsonObject]:
        """Return the versions of one, the newest first, each with what it changed of the one before.

        With `reviewed` those alone whose review stands: others wait for theirs, and are their provider's business.
        """
        rows = [
            row
            for row in tx.find(ListingVersionRow, "product = ?", (key,), "number")
            if not reviewed or row.review is not None
        ]
        before = [None, *rows[:-1]]
        return [self._view(row, was) for row, was in zip(rows, before, strict=True)][::-1]

    def compared(self, tx: Tx, key: str, old: int, new: int, *, reviewed: bool = False) -> list[JsonObject]:
        """Return what differs between two versions, `reviewed` as above; raises Absent."""
        rows = [self.find(tx, key, number) for number in (old, new)]
        for row in rows:
            if reviewed and row.review is None:
                raise _absent(key, row.number)
        return self._told(key, *rows)

    def _saying(self, tx: Tx, key: str, document: JsonObject) -> ListingVersionRow | None:
        what = key, _digest(document)
        return next(iter(tx.find(ListingVersionRow, "product = ? and digest = ?", what)), None)

    def _view(self, row: ListingVersionRow, before: ListingVersionRow | None) -> JsonObject:
        document, since = row.document, row.created.isoformat(timespec="seconds")
        told = {"number": row.number, "since": since, "title": document["title"]}
        changed = [] if before is None else self._told(row.product, before, row)
        return told | {
            "edition": document.get("edition", ""),
            "reviewed": row.review is not None,
            "differences": changed,
        }

    def _told(self, key: str, old: ListingVersionRow, new: ListingVersionRow) -> list[JsonObject]:
        before, after = ({"id": key, **one.document} for one in (old, new))
        return [one.json() for one in self.differences(before, after)]


def _absent(key: str, number: int) -> Absent:
    return Absent(f"there is no version {number} of `{key[:100]}`", "penstock version list")


def _digest(document: JsonObject) -> str:
    return sha(document).hex()
