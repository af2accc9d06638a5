"""Who besides reads an event of ours opens its own events and nobody else's."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ledger.log import disclosure
from ledger.log import note as notes
from ledger.log.disclosure import DisclosureError
from tests.connector.store.own_log import NOW, evidence_of

KEYS = {part: X25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at, part in ((7, "tides"), (8, "wind"))}
PUBLIC = {part: key.public_key().public_bytes_raw() for part, key in KEYS.items()}
MOVED = {"from": "", "to": "listed", "by": "did:web:a", "reason": "", "digest": ""}


async def test_a_part_is_disclosed_to_its_reader_and_to_nobody_elses(store):
    evidence = evidence_of()
    evidence.reader = lambda _tx, _kind, part, _fields: PUBLIC.get(part)
    parts = ("tides", "wind", "own", "tides")

    def act(tx):
        return [evidence.record(tx, "listing.moved", part=part, fields=MOVED, now=NOW) for part in parts]

    indexes = await store.write(act)

    def boxes(tx):
        return [(evidence.addenda(tx, index), evidence.leaf(tx, index)) for index in indexes]

    found = await store.read(boxes)
    plain = len(found[2][0])
    for part, (box, leaf) in zip(parts, found, strict=True):
        assert len(box) == plain + (part in KEYS)
        for reader, key in KEYS.items():
            name = disclosure.recipient_id(PUBLIC[reader])
            assert (name in box) == (reader == part)
            if name in box:
                opened = disclosure.unseal(notes.unb64(box[name]), key, leaf)
                assert {one.name: one.value for one in opened} == MOVED
    # the key that closes one reader's boxes opens no other's, whoever moves them
    name = disclosure.recipient_id(PUBLIC["tides"])
    (mine, _), (theirs, leaf) = found[0], found[1]
    wrapped = notes.unb64(mine[name])[:80]
    of_wind = notes.unb64(theirs[disclosure.recipient_id(PUBLIC["wind"])])[80:]
    with pytest.raises(DisclosureError):
        disclosure.unseal(wrapped + of_wind, KEYS["tides"], leaf)
