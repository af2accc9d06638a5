"""Who holds what from whom, as the provider and the holder can say it from their own rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.custody import edition as editions
from connector.custody import lineage, replicas
from connector.enforcement import performed
from connector.runtime.errors import Absent
from policy.world import Act

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BUYER, OTHER = "did:web:buyer.example", "did:web:other.example"


def agree(tx, digest, peer, edition, role, days=0):
    told = {"negotiation": "", "product": "p", "terms": {"tier": "kept"}, "state": "performing"}
    at = NOW + timedelta(days=days)
    tx.insert("agreements", digest=digest, role=role, peer=peer, edition=edition, created=at, **told)


async def test_the_provider_names_holders_by_what_was_agreed_paid_and_told(world, store):
    edition = world.sealed.edition_id.hex()

    def act(tx):
        editions.record(tx, world.sealed, product="p", now=NOW)
        agree(tx, "aa" * 32, BUYER, edition, "provider")
        agree(tx, "bb" * 32, OTHER, edition, "provider", days=1)
        agree(tx, "cc" * 32, OTHER, "00" * 32, "provider")
        agree(tx, "dd" * 32, OTHER, edition, "consumer")
        tx.put("paid_rows", agreement="aa" * 32, rows=[[0, 2]], quantity=1234, amount=5, plain=1234)
        tx.insert("channels", id="ch", role="payee", peer=BUYER, agreement="aa" * 32, state="open", created=NOW)
        for seq, state in enumerate(("paid", "acknowledged", "void", "offered")):
            tx.insert("windows", channel="ch", seq=seq, role="payee", state=state, created=NOW)
        tx.put("holders", agreement="aa" * 32, edition=edition, holder=BUYER, at=NOW)
        performed.record(tx, "bb" * 32, "delete/x", Act(performed.DELETE, NOW, OTHER))

    await store.write(act)
    first, second = await store.read(lambda tx: lineage.holders(tx, edition[:8]))
    assert (first["holder"], first["paidBytes"], first["receipts"]) == (BUYER, "1234", 2)
    assert (first["serves"], first["deleted"]) == (NOW.isoformat(), None)
    assert (second["holder"], second["paidBytes"], second["receipts"]) == (OTHER, "0", 0)
    assert (second["serves"], second["deleted"]) == (None, NOW.isoformat())
    for absent in ("", "zz", "00" * 32):
        with pytest.raises(Absent):
            await store.read(lambda tx, a=absent: lineage.holders(tx, a))


async def test_the_holder_names_who_sealed_and_who_brought_which_rows(world, store):
    edition = world.sealed.edition_id
    new = replicas.prepare(world.buyer_keys, edition, world.sealed.header.json(), world.sealed.table.data)

    def act(tx):
        agree(tx, "aa" * 32, "did:web:provider.example", edition.hex(), "consumer")
        row = replicas.record(tx, new, agreement="aa" * 32, now=NOW)
        lineage.note_drawn(tx, row.id, "https://provider.example", 3)
        lineage.note_drawn(tx, row.id, "https://provider.example", 2)
        lineage.note_drawn(tx, row.id, "https://holder.example", 1)
        lineage.note_drawn(tx, row.id, "https://holder.example", 0, "row 5 came wrong")
        return row.id

    replica = await store.write(act)
    for asked in (replica[:10], edition.hex()[:10], "aa" * 5):
        found = await store.read(lambda tx, a=asked: lineage.lineage(tx, a))
        assert (found["replica"], found["provider"]) == (replica, "did:web:provider.example")
        assert (found["number"], found["keyHolder"]) == ("1", world.sealed.header.key_holder)
        assert found["sources"] == [
            {"from": "https://holder.example", "rows": 1, "dropped": "row 5 came wrong"},
            {"from": "https://provider.example", "rows": 5, "dropped": ""},
        ]
