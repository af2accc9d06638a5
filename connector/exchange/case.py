"""Cases: what the exchange keeps with a state: members, applications, plans, demands, complaints, spaces, acts.

Law: (1) A turn is worked out by a pure function from the row as it stands; nothing is written meanwhile. (2) It is
written here alone: the row and the event that proves it, in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from connector.runtime.errors import Conflict, InvalidInput
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.kept import Kept
from connector.store.rows.space import CaseRow
from contracts.canonical import sha

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from enum import StrEnum

    from connector.core.core import Core
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx

C = TypeVar("C", bound=CaseRow)
T = TypeVar("T")

# where a case was before there was one, as an event says it
NOWHERE = "unknown"
STATE_CHARACTERS_SHOWN = 40


class Write(Protocol):
    """Runs an act in one transaction, with what the caller's request uses up (`connector.api.call.Call.act`)."""

    async def __call__(self, act: Callable[[Tx], T], /) -> T:
        """Return what comes of the act."""


@dataclass(frozen=True, slots=True)
class Turn(Generic[C]):
    """What becomes of a case: its row from now on, who made the move and why.

    `more` is what the event says besides, `digest` what it says of something else than the row.
    """

    row: C
    by: str
    reason: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Case(Kept[C]):
    """The cases of one kind: a turn is an `event` in the log, with the digest of what is `said` of the row.

    What the event is of stands in the column `part`, in that of the key if none is named.
    """

    event: str
    said: Callable[[C], Any]
    part: str = ""

    def keep(self, tx: Tx, evidence: Evidence, before: C | None, turn: Turn[C], *, since: str = "") -> C:
        """Write a turn of the case that is `before`, None for a new one, and its event; return the row.

        `since` is the state that the event begins with, where that is not the row's.
        """
        row = turn.row
        if before is None:
            tx.insert(row)
        else:
            tx.change(before, row)
        fields = {
            "from": since or (NOWHERE if before is None else str(before.state)),
            "to": str(row.state),
            "by": turn.by,
            "reason": turn.reason,
            "digest": turn.digest or sha(self.said(row)).hex(),
            **turn.more,
        }
        evidence.record(tx, self.event, part=getattr(row, self.part or self.key), fields=fields, now=row.updated)
        return row

    def move(self, tx: Tx, evidence: Evidence, key: str, turned: Callable[[C], Turn[C]]) -> C:
        """Write the turn that is worked out of the case of a key; raises Absent, and what `turned` raises."""
        row = self.find(tx, key)
        return self.keep(tx, evidence, row, turned(row))

    def known(self, tx: Tx, key: str, called: str, same: Callable[[C], bool]) -> C | None:
        """Return the case of an id that somebody chose, None if there is none; raises Conflict for another one."""
        row = tx.get(self.row, **{self.key: key})
        if row is not None and not same(row):
            raise Conflict(f"there is another {called} `{key}`", "give yours an id of its own")
        return row

    async def page(self, core: Core, where: str, params: Sequence[Any], order: str, first: int = 0) -> list[C]:
        """Return cases from the `first` on, as many as one answer has."""
        rows = await core.store.read(lambda tx: tx.find(self.row, where, params, order, first + PAGE_ROWS_MAX))
        return rows[first:]

    def over(self, tx: Tx, states: Sequence[str], now: datetime, most: int | None = None) -> list[C]:
        """Return the cases in these states whose `until` is over, those first that waited longest."""
        where = f"state in ({', '.join('?' * len(states))}) and until <= ?"
        return tx.find(self.row, where, (*states, now), "until", most)

    async def end(self, core: Core, states: Sequence[str], turned: Callable[[C, datetime], Turn[C]], most: int) -> None:
        """Make a turn of each case in these states whose `until` is over, before anybody is shown it."""
        now = core.clock.now()

        def act(tx: Tx) -> None:
            for row in self.over(tx, states, now, most):
                self.keep(tx, core.evidence, row, turned(row, now))

        if await core.store.read(lambda tx: self.over(tx, states, now, 1)):
            await core.store.write(act)


def check_state(state: str, states: type[StrEnum], of: str) -> None:
    """Raise InvalidInput for a state that is none of those `of an act`."""
    if state not in set(states):
        raise InvalidInput(f"`{state[:STATE_CHARACTERS_SHOWN]}` is no state {of}", f"one of {', '.join(states)}")
