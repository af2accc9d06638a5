"""Complaints, as the exchange keeps them: one party of an agreement about the other, answered in time or shown as late.

Law: who may complain about whom is what the chain says of the agreement's licence. Every move is an event in the
exchange's log in the same transaction, with whether somebody was late; its fields are disclosed to owner and supervisor
alone. Nothing here moves money: that is what disputes are for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.complaint import CLOCKS, COMPLAINANT, EXCHANGE, RESPONDENT, Complaint, Move, State, due, from_json, moved
from connector.runtime import reasons
from connector.runtime.errors import Conflict
from connector.runtime.limits import MEMBER_COMPLAINTS_MAX, PAGE_ROWS_MAX
from connector.store.kept import Kept
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
COMPLAINTS = Kept("complaints", "id", "there is no complaint `{}`", "penstock complaint list")
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
        row: Row = await write(lambda tx: self._file(tx, complaint, member, respondent, now))
        return self.view(row)

    async def page(self, member: str, *, first: int) -> list[Row]:
        """Return the complaints that concern a member, those first that are due first; the exchange sees all."""
        every = member == self._core.identity.did
        where, what = ("", ()) if every else ("complainant = ? or respondent = ?", (member, member))

        def read(tx: Tx) -> list[Row]:
            return tx.find("complaints", where, what, "waits desc, due, updated desc", first + PAGE_ROWS_MAX)[first:]

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

        def act(tx: Tx) -> Row:
            row = COMPLAINTS.find(tx, key)
            role, late = self._role(row, member), _late(row, now)
            state = moved(State(row["state"]), step, role, late=late)
            told = {"answer" if step is Move.ANSWER else "reason": words}
            self._keep(
                tx, row, state, by=member, words=words, late=late and row["whose"] == RESPONDENT, now=now, **told
            )
            return COMPLAINTS.find(tx, key)

        return self.view(await write(act))

    def view(self, row: Row) -> Row:
        """Return what the parties and the exchange see of a complaint."""
        told = {name: row[name] for name in SHOWN} | {"filed": row["created"].isoformat(timespec="seconds")}
        if row["due"] is not None:
            told |= {"turn": row["whose"], "due": row["due"].isoformat(timespec="seconds")}
            told["overdue"] = _late(row, self._core.clock.now())
        return told

    # ---- one transaction's part

    def _file(self, tx: Tx, complaint: Complaint, member: str, respondent: str, now: datetime) -> Row:
        known = tx.get("complaints", id=complaint.id)
        if known is not None:
            same = {name: known[name] for name in ("id", "agreement", "words")} == complaint.json()
            if known["complainant"] != member or not same:
                raise Conflict(f"there is another complaint `{complaint.id}`", "give yours an id of its own")
            return known
        waiting = tx.find("complaints", "complainant = ? and waits = 1", (member,), "", MEMBER_COMPLAINTS_MAX)
        if len(waiting) >= MEMBER_COMPLAINTS_MAX:
            raise Conflict(f"{MEMBER_COMPLAINTS_MAX} complaints of yours wait", "withdraw one, then file again")
        parties = {"complainant": member, "respondent": respondent, "answer": "", "reason": ""}
        times = {"whose": "", "due": None, "waits": 1, "created": now, "updated": now}
        tx.insert("complaints", **complaint.json(), **parties, **times, state="unknown", late=0)
        row = COMPLAINTS.find(tx, complaint.id)
        self._keep(tx, row, State.FILED, by=member, words=complaint.words, late=False, now=now)
        return COMPLAINTS.find(tx, complaint.id)

    def _keep(
        self, tx: Tx, row: Row, state: State, *, by: str, words: str, late: bool, now: datetime, **told: str
    ) -> None:
        until = due(state, now)
        turn = {"whose": CLOCKS[state].whose if until else "", "due": until, "waits": int(until is not None)}
        changes = {"state": state.value, **turn, "late": row["late"] + late, "updated": now, **told}
        tx.update("complaints", {"id": row["id"]}, **changes)
        about = {
            "agreementDigest": row["agreement"],
            "complainant": row["complainant"],
            "respondent": row["respondent"],
        }
        digest = sha({name: row[name] for name in ("id", "agreement", "words")}).hex()
        fields = {"from": row["state"], "to": state.value, "by": by, "reason": words, "digest": digest, **about}
        fields["late"] = LATE if late else ""
        self._core.evidence.record(tx, KIND, part=row["id"], fields=fields, now=now)

    # ---- who

    def _role(self, row: Row, member: str) -> str:
        """Return the role of a member in a complaint; raises Absent for whom it does not concern."""
        roles = {self._core.identity.did: EXCHANGE, row["complainant"]: COMPLAINANT, row["respondent"]: RESPONDENT}
        if member not in roles:
            raise COMPLAINTS.absent(row["id"])
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


def _late(row: Row, now: datetime) -> bool:
    return row["due"] is not None and row["due"] < now
