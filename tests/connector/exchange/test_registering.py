"""Whom the registry on chain lacks is found by one look, whoever was queued before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from connector.exchange import registering
from connector.store.rows.chain import ActState, ChainTxRow
from tests.connector.exchange.test_national_key import MEMBER

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def member(name, role="buyer"):
    return replace(MEMBER, did=f"did:web:{name}", role=role)


async def test_only_of_whom_something_is_not_queued_it_is_queued(store):
    known, new = member("known"), member("new")
    judge, half = member("judge", "arbitrator"), member("half", "arbitrator")
    queued = ("space:x", "member:did:web:known", "member:did:web:judge", "arbitrator:did:web:judge")
    others = ("member:did:web:half", "change-role:did:web:new:1", "suspend-member:did:web:new:1", "revoke:member:x")

    def fill(tx):
        for key in (*queued, *others):
            tx.put(ChainTxRow(id=key, state=ActState.MINED, created=NOW))

    await store.write(fill)
    found = await store.read(lambda tx: registering.unregistered(tx, [known, new, judge, half]))
    assert found == [new, half], "a member that has become an arbitrator is named as one"
