"""Applications for membership: who asks to be admitted, until when it must be answered, and the operator's answer.

Law: an application says nothing that admission believes: keys and role are read again from the applicant's own
documents (`connector.exchange.membership`), and who it is from the legal identity that it shows
(`connector.exchange.legal_identity`); where a level is demanded, less is not taken in. It is answered within so many
working days, Monday to Friday, by what is applied for; holidays are the operator's. Each move is an event of the
exchange's log.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from catalog.working_days import after
from connector.exchange.case import NOWHERE, Case, Turn, check_state
from connector.exchange.legal_identity import LegalIdentity, Proof
from connector.identity.self_description import described
from connector.runtime import reasons
from connector.runtime.errors import Conflict, InvalidInput
from connector.runtime.limits import REASON_CHARACTERS_MAX, WAITING_APPLICATIONS_MAX
from connector.store.rows.space import ApplicationRow, ApplicationState, MemberRow

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.identity.peers import Peers
    from connector.identity.tokens import Claims
    from connector.operation.dcp.verifier import Verifier
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.space.document import Member

# of an application of before anybody was asked
UNPROVEN = Proof().json()
# what an applicant says
SAID = ("did", "name", "role", "region", "message")
APPLICATIONS = Case(
    ApplicationRow,
    "did",
    "`{}` has not applied here",
    "penstock join",
    "member.moved",
    lambda row: {name: getattr(row, name) for name in SAID} | ({"proven": row.proven} if row.proven else {}),
)
# working days in which an application is answered
DAYS = 1
DAYS_OF = {"exchange": 5}


def due(role: str, applied: datetime) -> datetime:
    """Return until when an application is to be answered."""
    return after(applied, DAYS_OF.get(role, DAYS))


class Applications:
    """The applications that the exchange has."""

    def __init__(self, core: Core, peers: Peers, verifier: Verifier) -> None:
        self._core, self._peers = core, peers
        self._identity = LegalIdentity(core, verifier, core.settings.trust.member_level, "exchange")

    async def apply(self, claims: Claims, message: str, write: Write) -> JsonObject:
        """Take in an application, in one transaction by `write`; one that waits is not taken in twice."""
        if len(message) > REASON_CHARACTERS_MAX:
            raise InvalidInput(f"a message has at most {REASON_CHARACTERS_MAX} characters")
        member = await described(self._peers, self._core.outbound, claims.issuer)
        proven = (await self._identity.proof(claims)).json()
        now = self._core.clock.now()
        return view(await write(lambda tx: self._apply(tx, member, message, proven, now)))

    async def page(self, state: str) -> list[JsonObject]:
        """Return applications of a state, those first that are due first; `overdue` tells which are late.

        Raises InvalidInput for a state that is none.
        """
        check_state(state, ApplicationState, "of an application")
        rows = await APPLICATIONS.page(self._core, "state = ?", (state,), "due")
        now = self._core.clock.now()
        return [view(row) | {"overdue": row.state == ApplicationState.APPLIED and row.due < now} for row in rows]

    async def refuse(self, did: str, reason: str) -> JsonObject:
        """Refuse an application, with a reason that the applicant reads."""
        reasons.check(reason, "the applicant reads what to change")
        by, now = self._core.identity.did, self._core.clock.now()

        def turned(row: ApplicationRow) -> Turn[ApplicationRow]:
            if row.state != ApplicationState.APPLIED:
                raise Conflict(f"the application of `{did}` is {row.state}")
            return Turn(replace(row, state=ApplicationState.REFUSED, reason=reason, updated=now), by, reason)

        return view(await self._core.store.write(lambda tx: APPLICATIONS.move(tx, self._core.evidence, did, turned)))

    def _apply(self, tx: Tx, member: Member, message: str, proven: dict[str, str], now: datetime) -> ApplicationRow:
        if tx.get(MemberRow, did=member.did) is not None:
            raise Conflict(f"`{member.did}` is a member already")
        known = tx.get(ApplicationRow, did=member.did)
        waiting = known if known is not None and known.state == ApplicationState.APPLIED else None
        if waiting is not None and waiting.proven == proven:
            return waiting
        counted = tx.execute("SELECT count(*) AS n FROM applications WHERE state = ?", ApplicationState.APPLIED.value)
        if waiting is None and counted[0]["n"] >= WAITING_APPLICATIONS_MAX:
            raise Conflict("too many applications wait at this exchange", "apply again later")
        row = ApplicationRow(
            did=member.did,
            name=member.name,
            role=member.role,
            region=member.region,
            message=message,
            proven=proven,
            state=ApplicationState.APPLIED,
            reason="",
            due=due(member.role, now),
            created=now,
            updated=now,
        )
        # who applies again is where it was at the first time; who waits has proven more, or less, than before
        since = NOWHERE if waiting is None else waiting.state
        return APPLICATIONS.keep(tx, self._core.evidence, known, Turn(row, member.did), since=since)


def view(row: ApplicationRow) -> JsonObject:
    """Return what applicant and operator see of an application."""
    told = {name: getattr(row, name) for name in (*SAID, "state", "reason")}
    return told | {"proven": row.proven or UNPROVEN, "due": row.due.isoformat(timespec="seconds")}
