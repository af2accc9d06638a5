"""A delegation as both sides keep it: how it moves, and what its owner is shown.

Law: a row moves by `MOVES` or not at all, with its event in the same transaction; whoever calls has checked who asks.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from connector.runtime.errors import Absent, Conflict
from connector.store.rows.hosting import DelegationRow
from connector.store.rows.hosting import DelegationState as State
from connector.store.table_row import replace
from contracts import delegation as delegations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.store.recorder import Recorder
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from contracts.delegation import Delegation

PROVIDER, HOST = "provider", "host"
MOVED: Final = "hosting.moved"
MOVES: Mapping[State, frozenset[State]] = MappingProxyType({
    State.OFFERED: frozenset({State.ACCEPTED, State.HANDED, State.REVOKED, State.ENDED}),
    State.ACCEPTED: frozenset({State.HANDED, State.REVOKED, State.ENDED}),
    State.HANDED: frozenset({State.REVOKED, State.ENDED}),
    State.REVOKED: frozenset(),
    State.ENDED: frozenset(),
})  # fmt: skip
# states in which the host may still do something
GOING: Final = (State.OFFERED, State.ACCEPTED, State.HANDED)


def found(tx: Tx, key: str, role: str = "") -> DelegationRow:
    """Return a delegation of ours in a role, any without one; raises Absent."""
    row = tx.get(DelegationRow, id=key)
    if row is None or (role and row.role != role):
        raise absent(key)
    return row


def absent(key: str) -> Absent:
    """Return what is said of a delegation that there is not, and to strangers of one that there is."""
    return Absent(f"there is no delegation `{key[:200]}` here", "see `penstock hosting list`")


def keep(
    tx: Tx, evidence: Recorder, before: DelegationRow | None, after: DelegationRow, by: str, now: datetime
) -> DelegationRow:
    """Write a delegation that has moved, with its event; raises Conflict for a move that the table has not."""
    was = before.state if before else None
    if was is not None and after.state not in MOVES[was]:
        raise Conflict(f"the delegation `{after.id}` is {was}", "see `penstock hosting show`")
    after = replace(after, updated=now)
    told: JsonObject = {"from": was or "", "to": after.state, "by": by, "reason": after.reason, "digest": after.digest}
    if before is None or before.host_signature != after.host_signature:
        signatures = [one.hex() for one in (after.provider_signature, after.host_signature) if one]
        told |= {"document": after.document, "signatures": signatures}
    if before is None:
        tx.insert(after)
    else:
        tx.change(before, after)
    evidence.record(tx, MOVED, part=after.digest, fields=told, now=now)
    return after


def read(row: DelegationRow) -> Delegation:
    """Return the delegation of a row."""
    return delegations.from_json(row.document)


def view(row: DelegationRow) -> JsonObject:
    """Return what the owner is shown of a delegation."""
    made = read(row)
    shares = dict(made.split.parts)
    return {
        "id": row.id,
        "role": row.role,
        "provider": made.provider,
        "host": made.host,
        "product": row.source or row.id,
        "title": str(made.terms["title"]),
        "edition": made.edition.hex(),
        "tier": str(made.terms["tier"]),
        "acts": list(made.acts),
        "price": str(made.tariff.minor),
        "floor": str(made.floor),
        "currency": made.tariff.currency,
        "share": shares[made.account],
        "until": made.json()["until"],
        "licence": row.digest,
        "state": row.state,
        "reason": row.reason,
    }
