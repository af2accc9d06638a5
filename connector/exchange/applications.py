"""Applications for membership: who asks to be admitted, until when it must be answered, and the operator's answer.

Law: an application says nothing that admission believes: keys and role are read again from the applicant's own
documents (`connector.exchange.membership`). It is answered within so many working days, Monday to Friday, by what is
applied for; holidays are the operator's. Each move is an event of the exchange's log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.working_days import after
from connector.exchange.membership import ADMITTED
from connector.identity.self_description import described
from connector.runtime import reasons
from connector.runtime.errors import Conflict, InvalidInput
from connector.runtime.limits import PAGE_ROWS_MAX, REASON_CHARACTERS_MAX, WAITING_APPLICATIONS_MAX
from connector.store.kept import Kept
from contracts.canonical import sha

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.store.row import Row
    from connector.store.transaction import Tx
    from ledger.space.document import Member

    Write = Callable[[Callable[[Tx], Any]], Awaitable[Any]]

APPLIED, REFUSED = "applied", "refused"
STATES = (APPLIED, ADMITTED, REFUSED)
APPLICATIONS = Kept("applications", "did", "`{}` has not applied here", "penstock join")
# working days in which an application is answered
DAYS = 1
DAYS_OF = {"exchange": 5}


def due(role: str, applied: datetime) -> datetime:
    """Return until when an application is to be answered."""
    return after(applied, DAYS_OF.get(role, DAYS))


class Applications:
    """The applications that the exchange has."""

    def __init__(self, core: Core, peers: Peers) -> None:
        self._core, self._peers = core, peers

    async def apply(self, did: str, message: str, write: Write) -> Row:
        """Take in an application, in one transaction by `write`; one that waits is not taken in twice."""
        if len(message) > REASON_CHARACTERS_MAX:
            raise InvalidInput(f"a message has at most {REASON_CHARACTERS_MAX} characters")
        member = await described(self._peers, self._core.outbound, did)
        now = self._core.clock.now()
        row: Row = await write(lambda tx: self._apply(tx, member, message, now))
        return view(row)

    async def page(self, state: str) -> list[Row]:
        """Return applications of a state, those first that are due first; `overdue` tells which are late.

        Raises InvalidInput for a state that is none.
        """
        if state not in STATES:
            raise InvalidInput(f"`{state[:40]}` is no state of an application", f"one of {', '.join(STATES)}")
        rows = await self._core.store.read(
            lambda tx: tx.find("applications", "state = ?", (state,), "due", PAGE_ROWS_MAX)
        )
        now = self._core.clock.now()
        return [view(row) | {"overdue": row["state"] == APPLIED and row["due"] < now} for row in rows]

    async def refuse(self, did: str, reason: str) -> Row:
        """Refuse an application, with a reason that the applicant reads."""
        reasons.check(reason, "the applicant reads what to change")
        now = self._core.clock.now()

        def act(tx: Tx) -> Row:
            row = APPLICATIONS.find(tx, did)
            if row["state"] != APPLIED:
                raise Conflict(f"the application of `{did}` is {row['state']}")
            self._move(tx, row, REFUSED, by=self._core.identity.did, reason=reason, now=now)
            return APPLICATIONS.find(tx, did)

        return view(await self._core.store.write(act))

    def _apply(self, tx: Tx, member: Member, message: str, now: datetime) -> Row:
        if tx.get("members", did=member.did) is not None:
            raise Conflict(f"`{member.did}` is a member already")
        known = tx.get("applications", did=member.did)
        if known is not None and known["state"] == APPLIED:
            return known
        waiting = tx.execute("SELECT count(*) AS n FROM applications WHERE state = ?", APPLIED)[0]["n"]
        if waiting >= WAITING_APPLICATIONS_MAX:
            raise Conflict("too many applications wait at this exchange", "apply again later")
        about = {"name": member.name, "role": member.role, "region": member.region, "message": message}
        row = {"did": member.did, **about, "state": "unknown", "due": due(member.role, now), "created": now}
        tx.put("applications", **row, reason="", updated=now)
        self._move(tx, APPLICATIONS.find(tx, member.did), APPLIED, by=member.did, reason="", now=now)
        return APPLICATIONS.find(tx, member.did)

    def _move(self, tx: Tx, row: Row, state: str, *, by: str, reason: str, now: datetime) -> None:
        tx.update("applications", {"did": row["did"]}, state=state, reason=reason, updated=now)
        digest = sha({name: row[name] for name in ("did", "name", "role", "region", "message")}).hex()
        fields = {"from": row["state"], "to": state, "by": by, "reason": reason, "digest": digest}
        self._core.evidence.record(tx, "member.moved", part=row["did"], fields=fields, now=now)


def view(row: Row) -> Row:
    """Return what applicant and operator see of an application."""
    told = {name: row[name] for name in ("did", "name", "role", "region", "message", "state", "reason")}
    return told | {"due": row["due"].isoformat(timespec="seconds")}
