"""Past events are disclosed to a supervisor who came later, but for what was erased."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.store import disclosing, erasure
from connector.store.disclosing import Supervisor
from ledger.log import disclosure, events, wrapping
from ledger.log import note as notes
from ledger.log.wrapping import HybridKey
from tests.connector.store.own_log import NOW, OWNER, RECIPIENTS, evidence_of, grow

HYBRID = HybridKey(b"\x0a" * 32)


async def test_past_events_are_disclosed_to_a_supervisor_who_came_later(store):
    late = X25519PrivateKey.from_private_bytes(bytes([9]) * 32)
    public = late.public_key().public_bytes_raw()
    supervisor = Supervisor("did:web:late.example", (public,))
    evidence = evidence_of()
    evidence.disclose_to({"owner": RECIPIENTS["owner"]})
    await grow(store, evidence, 3)
    await store.write(lambda tx: erasure.erase(tx, evidence, 1, "asked", NOW))
    evidence.disclose_to({"owner": RECIPIENTS["owner"], "supervisor": public})
    await grow(store, evidence, 1)
    told = await store.write(lambda tx: disclosing.disclose(tx, evidence, (HYBRID, OWNER), supervisor, NOW))
    assert told == (3, 5), "two moves and the erasure; what was erased is gone"
    assert await store.write(lambda tx: disclosing.disclose(tx, evidence, (HYBRID, OWNER), supervisor, NOW)) == (
        0,
        None,
    )

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


async def test_what_was_sealed_to_either_key_is_disclosed_once_and_to_the_newest(store):
    late, newer = X25519PrivateKey.from_private_bytes(b"\x09" * 32), HybridKey(b"\x0b" * 32)
    supervisor = Supervisor("did:web:late.example", (newer.public, wrapping.public_of(late)))
    evidence = evidence_of()
    evidence.disclose_to({"owner": RECIPIENTS["owner"], "supervisor": supervisor.keys[1]})
    await grow(store, evidence, 1)
    evidence.disclose_to({"owner": RECIPIENTS["owner"]})
    await grow(store, evidence, 2)
    evidence.disclose_to({"owner": HYBRID.public})
    await grow(store, evidence, 3)
    told = await store.write(lambda tx: disclosing.disclose(tx, evidence, (HYBRID, OWNER), supervisor, NOW))
    assert told == (5, 6), "the first was open to its older key"
    again = await store.write(lambda tx: disclosing.disclose(tx, evidence, (HYBRID, OWNER), supervisor, NOW))
    assert again == (0, None)

    def read(tx):
        opened = []
        for index in range(6):
            boxes, leaf = evidence.addenda(tx, index), evidence.leaf(tx, index)
            keys = disclosure.filed_for((newer, late))
            [name] = [one for one in keys if one in boxes]
            assert disclosure.unseal(notes.unb64(boxes[name]), keys[name], leaf)
            opened.append("newer" if keys[name] is newer else "late")
        return opened

    assert await store.read(read) == ["late", *["newer"] * 5]
