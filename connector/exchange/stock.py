"""The rows of one kind on the list: looked up, moved, and on record; what its versions say is kept beside.

Law: every move is a row of `catalog.listing.TABLE` and an event of the exchange's log in the same transaction. After a
suspension no version's review stands; what is listed was reviewed as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from catalog.listing import FOUND_IN, Move, moved
from connector.exchange.federation import keeping
from connector.exchange.numbering import following
from connector.store.kept import Kept
from connector.store.rows.catalogue import ListingRow, ServiceRow
from contracts.canonical import sha

if TYPE_CHECKING:
    from datetime import datetime

    from connector.exchange.numbering import Stocked
    from connector.exchange.versions import Versions
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx


R = TypeVar("R", ListingRow, ServiceRow)


@dataclass(frozen=True, slots=True)
class Stock(Kept[R]):
    """Rows of one class; `digested` is the column whose digest a move carries."""

    digested: str
    versions: Versions

    def own(self, row: Stocked) -> R:
        """Return a row that is of this class: nobody else's come here."""
        assert isinstance(row, self.row), "a row is shown to its own kind"
        return row

    def listed(self, tx: Tx, key: str) -> R:
        """Return one that members may see; raises Absent, if it is not listed as if it is not there."""
        row = tx.get(self.row, id=key)
        if row is None or row.state not in FOUND_IN:
            raise self.absent(key)
        return row

    def move(
        self, tx: Tx, evidence: Evidence, key: str, step: Move, *, by: str, role: str, reason: str, now: datetime
    ) -> str:
        """Make a move of the table; returns the new state."""
        row = self.find(tx, key)
        state = moved(row.state, step, role=role, reason=reason)
        if step is Move.SUSPEND:
            self.versions.doubt(tx, key)
        elif step in (Move.LIST, Move.RESUME):
            self.versions.note_review(tx, row)
        tx.change(row, replace(row, state=state, reason=reason, updated=now, seq=following(tx)))
        document = getattr(row, self.digested)
        self.record(tx, evidence, key, (row.state.value, state.value), by, reason, document, now)
        keeping.rethink(tx, row.provider, key, row.edition if isinstance(row, ListingRow) else "", now)
        return state.value

    def list_again(self, tx: Tx, evidence: Evidence, key: str, now: datetime) -> None:
        """List what was handed in as it was before, and whose review stands."""
        for step in (Move.ROLL_BACK, Move.LIST):
            self.move(tx, evidence, key, step, by=evidence.party, role="exchange", reason="its review stands", now=now)

    def record(
        self,
        tx: Tx,
        evidence: Evidence,
        key: str,
        states: tuple[str, str],
        by: str,
        reason: str,
        document: Any,
        now: datetime,
    ) -> None:
        """Record a move; `document` is what it is of."""
        fields = {"from": states[0], "to": states[1], "by": by, "reason": reason, "digest": sha(document).hex()}
        evidence.record(tx, "listing.moved", part=key, fields=fields, now=now)
