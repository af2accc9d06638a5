"""Complaints, as the exchange keeps them: one party of an agreement about the other, answered in time or shown as late.

Law: who may complain about whom is what the chain says of the agreement's licence. Every move is an event in the
exchange's log in the same transaction, with whether somebody was late; its fields are disclosed to owner and supervisor
alone. Nothing here moves money: that is what disputes are for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog.complaint import CLOCKS, COMPLAINANT, EXCHANGE, RESPONDENT, Complaint, Move, State, due, from_json, moved
from connector.runtime import reasons
from connector.runtime.errors import Conflict
from connector.runtime.limits import MEMBER_COMPLAINTS_MAX, PAGE_ROWS_MAX
from connector.store.kept import Kept
from connector.store.rows.space import ComplaintRow
from contracts.canonical import sha
from contracts.decimals import read_hex

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from connector.core.core import Core
    from connector.space.view import SpaceView
    from connector.store.row import Row
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs

    Write = Callable[[Callable[[Tx], Any]], Awaitable[Any]]

KIND = "complaint.moved"
COMPLAINTS = Kept(ComplaintRow, "id", "there is no complaint `{}`", "penstock complaint list")
LATE = "yes"
SHOWN = ("id", "agreement", "words", "complainant", "respondent", "state", "answer", "reason")


class Complaints:
    """The complaints of a space's members."""

    def __init__(self, core: Core, programs: Programs, space: SpaceView) -> None:
        self._core, self._programs, self._space = core, programs, space

    async def file(self, document: Any, member: str, write: Write) -> Row:
        """Take in a complaint about the other party of an agreement; the same one again changes nothing."""
        complaint, now = from_json(document), self._core.clock.now()
        respondent = await self._other(complaint.agreement, member)
        row: ComplaintRow = await write(lambda tx: self._file(tx, complaint, member, respondent, now))
        return self.view(row)

    async def page(self, member: str, *, first: int) -> list[Row]:
        """Return the complaints that concern a member, those first that are due first; the exchange sees all."""
        every = member == self._core.identity.did
        where, what = ("", ()) if every else ("complainant = ? or respondent = ?", (member, member))

        def read(tx: Tx) -> list[ComplaintRow]:
            return tx.find(ComplaintRow, where, what, "waits desc, due, updated desc", first + PAGE_ROWS_MAX)[first:]

        return [self.view(row) for row in await self._core.store.read(read)]

    async def show(self, key: str, member: str) -> Row:
        """Return a complaint to its parties and to the exchange; raises Absent."""
        row = await COMPLAINTS.read(self._core.store, key)
        self._role(row, member)
        return self.view(row)

    async def move(self, key: str, step: Move, member: str, words: str, write: Write) -> Row:
        """Make a move of the member's, with its words; the exchange decides, the parties do the rest."""
        reasons.check(words, "the other side reads it")
        now = self._core.clock.now()

        def act(tx: Tx) -> ComplaintRow:
            row = COMPLAINTS.find(tx, key)
            role, late = self._role(row, member), _late(row, now)
            state, counts = moved(row.state, step, role, late=late), late and row.whose == RESPONDENT
            told = replace(row, answer=words) if step is Move.ANSWER else replace(row, reason=words)
            after = tx.change(row, _entered(replace(told, late=row.late + counts), state, now))
            self._record(tx, after, row.state.value, by=member, words=words, late=counts, now=now)
            return after

        return self.view(await write(act))

    def view(self, row: ComplaintRow) -> Row:
        """Return what the parties and the exchange see of a complaint."""
        told = {name: getattr(row, name) for name in SHOWN} | {"filed": row.created.isoformat(timespec="seconds")}
        if row.due is not None:
            told |= {"turn": row.whose, "due": row.due.isoformat(timespec="seconds")}
            told["overdue"] = _late(row, self._core.clock.now())
        return told

    # ---- one transaction's part

    def _file(self, tx: Tx, complaint: Complaint, member: str, respondent: str, now: datetime) -> ComplaintRow:
        known = tx.get(ComplaintRow, id=complaint.id)
        if known is not None:
            same = _said(known) == complaint.json()
            if known.complainant != member or not same:
                raise Conflict(f"there is another complaint `{complaint.id}`", "give yours an id of its own")
            return known
        waiting = tx.find(ComplaintRow, "complainant = ? and waits = 1", (member,), "", MEMBER_COMPLAINTS_MAX)
        if len(waiting) >= MEMBER_COMPLAINTS_MAX:
            raise Conflict(f"{MEMBER_COMPLAINTS_MAX} complaints of yours wait", "withdraw one, then file again")
        told = ComplaintRow(
            id=complaint.id,
            agreement=complaint.agreement,
            words=complaint.words,
            complainant=member,
            respondent=respondent,
            state=State.FILED,
            answer="",
            reason="",
            whose="",
            waits=0,
            late=0,
            created=now,
            updated=now,
        )
        row = _entered(told, State.FILED, now)
        tx.insert(row)
        self._record(tx, row, "unknown", by=member, words=complaint.words, late=False, now=now)
        return row

    def _record(
        self, tx: Tx, row: ComplaintRow, before: str, *, by: str, words: str, late: bool, now: datetime
    ) -> None:
        about = {"agreementDigest": row.agreement, "complainant": row.complainant, "respondent": row.respondent}
        told = {"by": by, "reason": words, "digest": sha(_said(row)).hex(), "late": LATE if late else ""}
        fields = {"from": before, "to": row.state.value, **told, **about}
        self._core.evidence.record(tx, KIND, part=row.id, fields=fields, now=now)

    # ---- who

    def _role(self, row: ComplaintRow, member: str) -> str:
        """Return the role of a member in a complaint; raises Absent for whom it does not concern."""
        roles = {self._core.identity.did: EXCHANGE, row.complainant: COMPLAINANT, row.respondent: RESPONDENT}
        if member not in roles:
            raise COMPLAINTS.absent(row.id)
        return roles[member]

    async def _other(self, agreement: str, member: str) -> str:
        """Return the other party of an agreement by its licence on chain; raises Conflict."""
        licence = await self._programs.licence(read_hex(agreement, "agreement", 32))
        space = self._space.last()
        own = space.members[member].address
        if licence is None or own not in (licence.provider, licence.buyer):
            raise Conflict(f"no licence on chain is of an agreement `{agreement}` of yours", "penstock bill list")
        other = space.by_address(licence.buyer if own == licence.provider else licence.provider)
        if other is None:
            raise Conflict("the other party is no member of this space any more")
        return other.did


def _entered(row: ComplaintRow, state: State, now: datetime) -> ComplaintRow:
    """Return a complaint that comes into a state now: whose turn it is, and until when."""
    until = due(state, now)
    whose = CLOCKS[state].whose if until else ""
    return replace(row, state=state, whose=whose, due=until, waits=int(until is not None), updated=now)


def _said(row: ComplaintRow) -> dict[str, str]:
    return {"id": row.id, "agreement": row.agreement, "words": row.words}


def _late(row: ComplaintRow, now: datetime) -> bool:
    return row.due is not None and row.due < now
