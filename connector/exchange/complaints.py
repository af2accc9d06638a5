"""Complaints, as the exchange keeps them: one party of an agreement about the other, answered in time or shown as late.

Law: who may complain about whom is what the chain says of the agreement's licence. Every move is an event in the
exchange's log in the same transaction, with whether somebody was late; its fields are disclosed to owner and supervisor
alone. Nothing here moves money: that is what disputes are for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog.complaint import CLOCKS, COMPLAINANT, EXCHANGE, RESPONDENT, Complaint, Move, State, due, from_json, moved
from connector.exchange.case import Case, Turn
from connector.runtime import reasons
from connector.runtime.errors import Conflict
from connector.runtime.limits import MEMBER_COMPLAINTS_MAX
from connector.store.rows.space import ComplaintRow
from contracts.decimals import read_hex

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

LATE = "yes"
SHOWN = ("id", "agreement", "words", "complainant", "respondent", "state", "answer", "reason")
COMPLAINTS = Case(
    ComplaintRow,
    "id",
    "there is no complaint `{}`",
    "penstock complaint list",
    "complaint.moved",
    lambda row: {"id": row.id, "agreement": row.agreement, "words": row.words},
)


class Complaints:
    """The complaints of a space's members."""

    def __init__(self, core: Core, programs: Programs, space: SpaceView) -> None:
        self._core, self._programs, self._space = core, programs, space

    async def file(self, document: Any, member: str, write: Write) -> JsonObject:
        """Take in a complaint about the other party of an agreement; the same one again changes nothing."""
        complaint, now = from_json(document), self._core.clock.now()
        respondent = await self._other(complaint.agreement, member)
        return self.view(await write(lambda tx: self._file(tx, complaint, member, respondent, now)))

    async def page(self, member: str, *, first: int) -> list[JsonObject]:
        """Return the complaints that concern a member, those first that are due first; the exchange sees all."""
        every = member == self._core.identity.did
        where, what = ("", ()) if every else ("complainant = ? or respondent = ?", (member, member))
        rows = await COMPLAINTS.page(self._core, where, what, "waits desc, due, updated desc", first)
        return [self.view(row) for row in rows]

    async def show(self, key: str, member: str) -> JsonObject:
        """Return a complaint to its parties and to the exchange; raises Absent."""
        row = await COMPLAINTS.read(self._core.store, key)
        self._role(row, member)
        return self.view(row)

    async def move(self, key: str, step: Move, member: str, words: str, write: Write) -> JsonObject:
        """Make a move of the member's, with its words; the exchange decides, the parties do the rest."""
        reasons.check(words, "the other side reads it")
        now = self._core.clock.now()

        def turned(row: ComplaintRow) -> Turn[ComplaintRow]:
            return _moved(row, step, self._role(row, member), member, words, now)

        return self.view(await write(lambda tx: COMPLAINTS.move(tx, self._core.evidence, key, turned)))

    def view(self, row: ComplaintRow) -> JsonObject:
        """Return what the parties and the exchange see of a complaint."""
        told = {name: getattr(row, name) for name in SHOWN} | {"filed": row.created.isoformat(timespec="seconds")}
        if row.due is not None:
            told |= {"turn": row.whose, "due": row.due.isoformat(timespec="seconds")}
            told["overdue"] = _late(row, self._core.clock.now())
        return told

    # ---- one transaction's part

    def _file(self, tx: Tx, complaint: Complaint, member: str, respondent: str, now: datetime) -> ComplaintRow:
        known = COMPLAINTS.known(
            tx,
            complaint.id,
            "complaint",
            lambda row: row.complainant == member and COMPLAINTS.said(row) == complaint.json(),
        )
        if known is not None:
            return known
        waiting = tx.find(ComplaintRow, "complainant = ? and waits = 1", (member,), "", MEMBER_COMPLAINTS_MAX)
        if len(waiting) >= MEMBER_COMPLAINTS_MAX:
            raise Conflict(f"{MEMBER_COMPLAINTS_MAX} complaints of yours wait", "withdraw one, then file again")
        return COMPLAINTS.keep(tx, self._core.evidence, None, _filed(complaint, member, respondent, now))

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


def _filed(complaint: Complaint, complainant: str, respondent: str, now: datetime) -> Turn[ComplaintRow]:
    """Return a complaint as it begins."""
    row = ComplaintRow(
        id=complaint.id,
        agreement=complaint.agreement,
        words=complaint.words,
        complainant=complainant,
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
    return _turn(_entered(row, State.FILED, now), complainant, complaint.words, late=False)


def _moved(row: ComplaintRow, step: Move, role: str, by: str, words: str, now: datetime) -> Turn[ComplaintRow]:
    """Return what a move makes of a complaint; raises ComplaintError if table, role or clock forbids it."""
    late = _late(row, now)
    state, counts = moved(row.state, step, role, late=late), late and row.whose == RESPONDENT
    told = replace(row, answer=words) if step is Move.ANSWER else replace(row, reason=words)
    return _turn(_entered(replace(told, late=row.late + counts), state, now), by, words, late=counts)


def _turn(row: ComplaintRow, by: str, words: str, *, late: bool) -> Turn[ComplaintRow]:
    about = {"agreementDigest": row.agreement, "complainant": row.complainant, "respondent": row.respondent}
    return Turn(row, by, words, more=about | {"late": LATE if late else ""})


def _entered(row: ComplaintRow, state: State, now: datetime) -> ComplaintRow:
    """Return a complaint that comes into a state now: whose turn it is, and until when."""
    until = due(state, now)
    whose = CLOCKS[state].whose if until else ""
    return replace(row, state=state, whose=whose, due=until, waits=int(until is not None), updated=now)


def _late(row: ComplaintRow, now: datetime) -> bool:
    return row.due is not None and row.due < now
