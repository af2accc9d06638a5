"""The rows of one kind on the list: looked up, moved, and on record; what its versions say is kept beside.

Law: every move is a row of `catalog.listing.TABLE`, worked out as a turn (`connector.exchange.case`) and written by
`Stock.keep` alone: the row, its event in the exchange's log, and what follows for its versions and for what was found
elsewhere. After a suspension no version's review stands; what is listed was reviewed as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from catalog.listing import REASON_CHARACTERS_MAX, Move, State, moved
from connector.exchange import standing
from connector.exchange.case import Case, Turn
from connector.exchange.federation import keeping
from connector.exchange.numbering import following
from connector.store.rows.catalogue import ListingRow, ServiceRow

if TYPE_CHECKING:
    from datetime import datetime

    from connector.exchange.numbering import Stocked
    from connector.exchange.versions import Versions
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx


R = TypeVar("R", ListingRow, ServiceRow)
MOVED = "listing.moved"  # what the log calls a turn of these


@dataclass(frozen=True, slots=True)
class Stock(Case[R]):
    """Rows of one class, and the versions of each."""

    versions: Versions = field(kw_only=True)

    def own(self, row: Stocked) -> R:
        """Return a row that is of this class: nobody else's come here."""
        assert isinstance(row, self.row), "a row is shown to its own kind"
        return row

    def listed(self, tx: Tx, key: str) -> R:
        """Return one that members may see; raises Absent, if it is not listed as if it is not there."""
        row = tx.get(self.row, id=key)
        found = None if row is None else standing.shown(row)
        if found is None:
            raise self.absent(key)
        return self.own(found)

    def keep(self, tx: Tx, evidence: Evidence, before: R | None, turn: Turn[R], *, since: str = "") -> R:
        """Write a turn with its event, and what follows from the state that it leads to."""
        row = Case.keep(self, tx, evidence, before, turn, since=since)
        if row.state is State.SUBMITTED:
            self.versions.keep(tx, row, row.updated)
        elif row.state is State.SUSPENDED:
            self.versions.doubt(tx, row.id)
        elif row.state is State.LISTED:
            self.versions.note_review(tx, row)
        if before is not None:
            edition = before.edition if isinstance(before, ListingRow) else ""
            keeping.rethink(tx, row.provider, row.id, edition, row.updated)
        return row

    def step(
        self, tx: Tx, evidence: Evidence, key: str, step: Move, *, by: str, role: str, reason: str, now: datetime
    ) -> str:
        """Make a move of the table; returns the new state."""
        row = self.find(tx, key)
        stands = standing.stands(row)
        shown = self.own(standing.stood(row)) if stands and step is Move.SUSPEND else row
        state = moved(shown.state, step, role=role, reason=reason)
        after = replace(shown, state=state, reason=reason, updated=now, seq=following(tx))
        if stands and state is State.REFUSED:
            return self._stand(tx, evidence, row, Turn(after, by, reason), now)
        if stands and state not in standing.WAITING:
            after = self.own(standing.over(after))
        return self.keep(tx, evidence, row, Turn(after, by, reason)).state.value

    def _stand(self, tx: Tx, evidence: Evidence, row: R, refused: Turn[R], now: datetime) -> str:
        """Refuse the version that was handed in last; what stands beside it is what the row says from then on."""
        refused_row = self.keep(tx, evidence, row, refused)
        state = moved(refused_row.state, Move.STAND, role="exchange")
        back = replace(self.own(standing.stood(refused_row)), state=state, updated=now, seq=following(tx))
        self.versions.keep(tx, back, now)
        reason = f"the version before it stands; refused: {refused.reason}"[:REASON_CHARACTERS_MAX]
        return self.keep(
            tx, evidence, refused_row, Turn(replace(back, reason=reason), evidence.party, reason)
        ).state.value

    def list_again(self, tx: Tx, evidence: Evidence, key: str, now: datetime) -> R:
        """List what was handed in as it was before, and whose review stands; returns its row."""
        for step in (Move.ROLL_BACK, Move.LIST):
            self.step(tx, evidence, key, step, by=evidence.party, role="exchange", reason="its review stands", now=now)
        return self.find(tx, key)
