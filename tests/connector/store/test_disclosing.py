"""Past events are disclosed to a supervisor who came later, but for what was erased."""

from __future__ import annotations

from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.store import disclosing, erasure
from ledger.log import disclosure, events
from ledger.log import note as notes
from tests.connector.store.own_log import NOW, OWNER, RECIPIENTS, evidence_of, grow


async def test_past_events_are_disclosed_to_a_supervisor_who_came_later(store):
    late = X25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    public = late.public_key().public_bytes_raw()
    supervisor = SimpleNamespace(did="did:web:late.example", delivery=public)
    evidence = evidence_of()
    evidence.disclose_to({"owner": RECIPIENTS["owner"]})
    await grow(store, evidence, 3)
    await store.write(lambda tx: erasure.erase(tx, evidence, 1, "asked", NOW))
    evidence.disclose_to({"owner": RECIPIENTS["owner"], "supervisor": public})
    await grow(store, evidence, 1)
    told = await store.write(lambda tx: disclosing.disclose(tx, evidence, OWNER, supervisor, NOW))
    assert told == (3, 5), "two moves and the erasure; what was erased is gone"
    assert await store.write(lambda tx: disclosing.disclose(tx, evidence, OWNER, supervisor, NOW)) == (0, None)

    def read(tx):
        shown = []
        for index in range(6):
            entry = events.decode(tx.get("log_entries", idx=index)["entry"])
            box = evidence.addenda(tx, index).get(disclosure.recipient_id(public))
            opened = box and disclosure.unseal(notes.unb64(box), late, evidence.leaf(tx, index))
            shown.append(opened and sorted(disclosure.check(opened, entry.sd)))
        return shown

    moved = ["by", "digest", "from", "reason", "to"]
    assert await store.read(read) == [moved, None, moved, ["index", "reason"], moved, ["events", "to"]]
