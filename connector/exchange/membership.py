"""Admitting members: the DID document and the participant's own description are read, the move is evidence.

A participant describes itself at `/.well-known/penstock.json`: {"did", "name", "role", "region"}. Whether that is true
is what the operator judges by admitting it; the keys come from the DID document alone.
"""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING

from catalog.leaving import State
from connector.exchange.case import NOWHERE, Case, Turn
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.store.rows.space import ApplicationRow, ApplicationState, LeavingRow, MemberRow, MemberState
from ledger.space.document import UNSHARED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx
    from ledger.space.document import Member

UNSHARED_OF = attrgetter(*UNSHARED)
MEMBERS = Case(
    MemberRow,
    "did",
    "`{}` is no member, or is the exchange itself",
    "penstock exchange member list",
    "member.moved",
    lambda row: row.document,
)


def refuse_double(member: Member, known: Iterable[Member]) -> None:
    """Raise InvalidInput for a key or URL of another member: a space with two of one kind is relied on by nobody."""
    own = frozenset(UNSHARED_OF(member))  # most of a hundred thousand have none of these
    for other in known:
        if (
            own.isdisjoint(UNSHARED_OF(other)) and not (other.sm2_former or other.log_former or other.address_former)
        ) or other.did == member.did:
            continue
        if name := other.shares(member):
            raise InvalidInput(f"`{member.did}` has the {name} of the member `{other.did}`", "give it keys of its own")


def require_applied(tx: Tx, did: str) -> None:
    """Raise Absent for who has not applied, Conflict for whose application was refused; a member is asked no more."""
    if tx.get(MemberRow, did=did) is not None:
        return
    application, invite = tx.get(ApplicationRow, did=did), "add --invite to admit it unasked"
    if application is None:
        raise Absent(f"`{did[:200]}` has not applied here", f"it applies by `penstock join`; or {invite}")
    if application.state != ApplicationState.APPLIED:
        text = f"the application of `{did[:200]}` is {application.state}"
        raise Conflict(text, f"it applies again by `penstock join`; or {invite}")


def admit(tx: Tx, evidence: Evidence, member: Member, by: str, now: datetime) -> dict[str, str]:
    """Keep `member` and record the move; admitting the same documents again changes nothing.

    Raises Conflict for a member that says something else of itself now: `connector.exchange.rereading` decides on that.
    """
    document = member.json()
    known = tx.get(MemberRow, did=member.did)
    if known is not None and known.document == document:
        return document
    if known is not None and known.state != MemberState.ADMITTED:
        raise Conflict(f"the member `{member.did}` is {known.state}", "a suspended one is resumed, an expelled one not")
    if known is not None:
        text = f"`{member.did}` is a member, and says something else of itself now"
        raise Conflict(text, "penstock exchange member reread")
    new = MemberRow(
        did=member.did,
        name=member.name,
        role=member.role,
        region=member.region,
        url=member.url,
        state=MemberState.ADMITTED,
        document=document,
        created=now,
        updated=now,
    )
    application = tx.get(ApplicationRow, did=member.did)
    if application is not None:
        # one event says what became of both
        tx.change(application, replace(application, state=ApplicationState.ADMITTED, reason="", updated=now))
    MEMBERS.keep(tx, evidence, None, Turn(new, by), since=NOWHERE if application is None else application.state)
    return document


def leaves(tx: Tx, did: str) -> bool:
    """Say whether a member's plan to leave was approved and has not ended."""
    plan = tx.get(LeavingRow, did=did)
    return plan is not None and plan.state == State.APPROVED


def refuse_leaving(tx: Tx, did: str) -> None:
    """Raise NotPermitted for a member whose plan to leave was approved: it begins nothing."""
    member = tx.get(MemberRow, did=did)
    if member is not None and member.state == MemberState.LEAVING:
        raise NotPermitted("you leave the space: what you agreed goes on, and nothing new begins", "penstock leave")
