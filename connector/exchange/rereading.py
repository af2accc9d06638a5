"""What a member's own documents say now, taken over into the space: its name, its region, its role, three of its keys.

Law: whoever changes is the same member. Its DID and its place stay; another account, and another key of its log, are
vouched for by the former (`account_keys`, `log_keys`). A new BLS key, and a new one to which things are sealed for it,
count when the member has put them into the registry itself, so the exchange cannot give it one. Another key of SM2
counts when its log's key has signed it; the one before is kept, for contracts are verified by it, with the time until
which it counts: what the member says, and never later than was said before. A role is changed by the exchange, on chain
too, and never so that anybody's log would have other witnesses: these are registered with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.exchange import account_keys, log_keys, registering
from connector.exchange.case import Turn
from connector.exchange.membership import MEMBERS
from connector.runtime.errors import Conflict
from connector.runtime.limits import FORMER_SM2_DAYS
from connector.store.rows.space import MemberState
from contracts.ndi.proof import FormerKey
from ledger.chain import membership
from ledger.chain.membership import Keys
from ledger.chain.standing import did_digest
from ledger.space.document import FORMER_SM2_MAX, Member

if TYPE_CHECKING:
    from datetime import datetime

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.did import Document
    from connector.identity.space.view import SpaceView
    from connector.store.rows.space import MemberRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.membership import Standing
    from ledger.chain.programs import Programs
    from ledger.space.document import Space

FIXED = ("url",)


@dataclass(frozen=True, slots=True)
class Change:
    """How a member describes itself now, by which document, how the registry knows the account that we know, and why.

    `by` is the DID of who asks: the exchange's, or the member's own, who may not change its role so. `named` is the
    cause for which that account left the registry by itself.
    """

    found: Member
    document: Document
    standing: Standing | None
    by: str
    reason: str
    named: bytes | None = None


def take(
    tx: Tx, core: Core, space: SpaceView, programs: Programs, transactions: Transactions, change: Change
) -> JsonObject:
    """Keep what changed, record the move, and queue what the registry must know; nothing new changes nothing."""
    did = change.found.did
    row = MEMBERS.find(tx, did)
    if row.state != MemberState.ADMITTED:
        raise Conflict(f"the member `{did}` is {row.state}", "resume it first")
    known = Member.from_json(row.document)
    found = _national(change, known, core.clock.now())
    found = log_keys.followed(tx, found, known, change.document, core.clock.now())
    found = account_keys.followed(found, known, change.document, change.named, core.clock.now())
    change = replace(change, found=found)
    told = [name for name, value in found.json().items() if value != known.json().get(name)]
    if told:
        _check(change, known, space)
        _keep(tx, core, programs, transactions, change, row)
    return {"did": did, "changed": told, "role": found.role}


def _national(change: Change, known: Member, now: datetime) -> Member:
    """Return a member with its key of SM2 and those that were; raises Conflict for one that nobody vouches for."""
    found, told, now = change.found, change.document.sm2_former, now.replace(microsecond=0)
    latest = now + timedelta(days=FORMER_SM2_DAYS)
    if found.sm2 is None:
        # who lost it signs by its account; what it signed by it is verified for as long as the space is there
        found = replace(found, sm2=known.sm2)
    was = list(known.sm2_former)
    if found.sm2 != known.sm2 and known.sm2 is not None:
        was = [FormerKey(known.sm2, latest), *was]
        if not change.document.sm2_vouched:
            hint = "it has the key of its log sign it: penstock key rotate sm2"
            raise Conflict(f"nothing shows that `{found.did}` has another key of SM2 itself", hint)
        if any(one.key == found.sm2 for one in was):
            raise Conflict(f"`{found.did}` has had that key of SM2 before", "it draws another: penstock key rotate sm2")
        if len(was) > FORMER_SM2_MAX:
            raise Conflict(f"`{found.did}` has had {FORMER_SM2_MAX} keys of SM2", "it joins under another DID")
    # one that its owner lists no more was stolen, or counts no more already
    ends = {one.key: told[one.key] or latest if one.key in told else now for one in was}
    return replace(found, sm2_former=tuple(replace(one, until=min(one.until, ends[one.key])) for one in was))


def _check(change: Change, known: Member, space: SpaceView) -> None:
    found = change.found
    if fixed := [name for name in FIXED if getattr(known, name) not in (None, getattr(found, name))]:
        raise Conflict(f"the {fixed[0]} of `{found.did}` is another", "that is another member: it applies anew")
    keys = Keys(found.log_key, found.delivery, found.aggregate)
    was = Keys(known.log_key, known.delivery, known.aggregate)
    is_changed = keys != was
    if is_changed and (change.standing is None or change.standing.keys_digest != keys.digest):
        text = f"the registry on chain knows other keys of `{found.did}`"
        raise Conflict(text, "the member puts them there itself: penstock log rekey, penstock key rotate")
    if found.role == known.role:
        return
    if change.by == found.did:
        raise Conflict(f"`{found.did}` cannot change its own role", "penstock exchange member reread, at the exchange")
    if (other := _witnessed_otherwise(space.last(), found)) is not None:
        raise Conflict(f"with that role the log of `{other}` would have other witnesses", "admit somebody else for it")


def _witnessed_otherwise(space: Space, found: Member) -> str | None:
    """Return the first member whose log other members would witness."""
    after = replace(space, members={**space.members, found.did: found})
    return next((did for did in space.members if _witnesses(space, did) != _witnesses(after, did)), None)


def _witnesses(space: Space, did: str) -> list[str]:
    return [one.did for one in space.witnesses_of(did)]


def _keep(tx: Tx, core: Core, programs: Programs, transactions: Transactions, change: Change, row: MemberRow) -> None:
    found, now = change.found, core.clock.now()
    document = found.json()
    after = replace(row, name=found.name, role=found.role, region=found.region, document=document, updated=now)
    MEMBERS.keep(tx, core.evidence, row, Turn(after, change.by, change.reason))
    if found.address != Member.from_json(row.document).address:
        registering.follow(tx, transactions, programs.deployment, core.identity.did, found)
    if found.role != row.role:
        space = did_digest(core.identity.did)
        act = membership.change_role(programs.deployment, space, found.address, found.role)
        transactions.enqueue(tx, f"change-role:{found.did}:{now.isoformat()}", act)
