"""The insider's forgeries on a copied log: what is forged, that the log alone is without fault, and who is told."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.demo import forgery, insider, mirror_site
from connector.identity import keys as key_files
from connector.store.evidence import Evidence
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.log import checkpoint as checkpoints
from ledger.log import disclosure, events, merkle
from ledger.log import note as notes
from tests.ledger import copies

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DID, ORIGIN = "did:web:localhost%3A7001", "localhost:7001/log"
SUPERVISOR = X25519PrivateKey.from_private_bytes(b"\x77" * 32)
CHANNEL_A, CHANNEL_B, AGREEMENT, TRANSFER = "a1" * 32, "b1" * 32, "b2" * 32, "b3" * 32
READER = "0e" * 32


def release(seq, amount, channel, reader=READER):
    row = {"agreement": AGREEMENT, "edition": "04" * 32, "transfer": TRANSFER, "use": 1, "ranges": [[0, 2]]}
    row |= {"amount": str(amount), "readerKey": reader}
    digests = dict.fromkeys(("lock", "maskedHash", "decisionDigest", "voucherDigest"), "05" * 32)
    fields = {"rows": [row], "amount": str(amount), "cumulative": str(seq * amount), "plainBytes": "9", **digests}
    return "keys.released", channel, ("06" * 32, str(seq)), fields


def decision():
    fields = {"outcome": "allow", "rules": [], "reasons": [], "requestDigest": "", "counters": {}, "purpose": "p"}
    return "decision.made", AGREEMENT, ("06" * 32,), fields


def opening(number, reader=READER):
    fields = {"transfer": TRANSFER, "opening": str(number), "readerKey": reader, "purpose": "p", "rows": [[0, 2]]}
    return "opening.started", AGREEMENT, (TRANSFER, str(number)), {**fields, "bytes": "9"}


HISTORY = [
    *(release(seq, 100, CHANNEL_A, "0f" * 32) for seq in range(1, 6)),
    decision(),
    release(1, 250, CHANNEL_B),
    opening(1),
]


@pytest.fixture
async def data(tmp_path):
    """A provider's data directory with a server's store open on it."""
    folder = tmp_path / "provider"
    keys = key_files.create(folder / "keys")
    recipients = {"owner": keys.delivery_public, "supervisor": SUPERVISOR.public_key().public_bytes_raw()}
    evidence = Evidence(DID, ORIGIN, keys.log, recipients)
    store = await Store.open(folder / "penstock.db", TABLES)

    def act(tx):
        for kind, part, link, fields in HISTORY:
            evidence.record(tx, kind, part=part, link=link, fields=fields, now=NOW)
        tx.put("peer_heads", origin="other/log", size=3, root=b"\x01" * 32, note="a note", at=NOW)
        evidence.checkpoint(tx)

    await store.write(act)
    yield folder
    await store.close()


@pytest.fixture
def loot(data, tmp_path):
    insider.copy(data, tmp_path / "copy")
    return insider.plunder(tmp_path / "copy", SUPERVISOR.public_key().public_bytes_raw())


def test_the_copy_is_whole_and_the_original_untouched(data, loot, tmp_path):
    assert [(leaf.entry.kind, leaf.fields) for leaf in loot.leaves] == [(row[0], row[3]) for row in HISTORY]
    assert (loot.origin, loot.peers[0]["origin"]) == (ORIGIN, "other/log")
    with sqlite3.connect(tmp_path / "copy" / "penstock.db") as copy:
        copy.execute("DELETE FROM log_entries")
    copy.close()
    original = sqlite3.connect(data / "penstock.db")
    assert original.execute("SELECT count(*) FROM log_entries").fetchone() == (len(HISTORY),)
    original.close()


def test_the_rebuilt_head_is_signed_with_the_real_key(loot):
    log, note = loot.rebuilt(loot.leaves[1:])
    vkey = notes.log_vkey(ORIGIN, loot.keys.log_public)
    head = checkpoints.verify(note, vkey)
    assert (head.size, head.root) == (len(HISTORY) - 1, log.root())


def opened(leaf, key):
    box = leaf.boxes[disclosure.recipient_id(key.public_key().public_bytes_raw())]
    found = disclosure.unseal(notes.unb64(box), key, merkle.leaf_hash(leaf.raw))
    return disclosure.check(found, events.decode(leaf.raw).sd)


def test_a_release_in_the_middle_is_dropped(loot):
    made = forgery.drop(loot)
    seqs = [leaf.entry.link[1] for leaf in made.leaves if leaf.entry.part == CHANNEL_A]
    assert seqs == ["1", "2", "4", "5"]
    assert (made.seq, made.index) == ("3", None)
    assert made.what == "dropped keys.released of seq 3"


def test_an_amount_is_altered_so_that_owner_and_supervisor_read_the_forged_one(loot):
    made = forgery.alter(loot)
    changed = [at for at, (old, new) in enumerate(zip(loot.leaves, made.leaves, strict=True)) if old != new]
    assert changed == [made.index] == [2]
    for key in (SUPERVISOR, loot.keys.delivery):
        fields = opened(made.leaves[2], key)
        assert fields == {**loot.leaves[2].fields, "amount": "50"}
    assert made.leaves[2].entry.time == loot.leaves[2].entry.time
    events.check("keys.released", made.leaves[2].entry.link, made.leaves[2].fields)


def test_an_opening_is_added_with_all_that_an_honest_one_has(loot):
    made = forgery.add(loot)
    added = [leaf for leaf in made.leaves if leaf not in loot.leaves]
    assert [leaf.entry.kind for leaf in added] == ["decision.made", "keys.released", "opening.started"]
    decided, released, started = added
    assert made.leaves[made.index] is released
    assert released.entry.link[1] == made.seq == "2"
    assert decided.entry.link[0] == released.entry.link[0] != "06" * 32
    assert opened(started, SUPERVISOR)["opening"] == "2"
    assert opened(released, SUPERVISOR)["cumulative"] == "500"
    reader_key = opened(started, SUPERVISOR)["readerKey"]
    assert [row["readerKey"] for row in released.fields["rows"]] == [reader_key] != [READER]
    for leaf in added:
        events.check(leaf.entry.kind, leaf.entry.link, leaf.fields)


async def test_a_directory_of_files_is_a_mirror(loot, tmp_path):
    made = forgery.drop(loot)
    log, note = loot.rebuilt(made.leaves)
    boxes = [leaf.boxes for leaf in made.leaves]
    mirror_site.lay_out(tmp_path / "site" / "drop" / "log", log, note, boxes, loot.peers)
    async with mirror_site.serving(tmp_path / "site") as url, aiohttp.ClientSession() as session:

        async def fetch(path):
            async with session.get(f"{url}/drop/log/{path}") as answer:
                assert answer.status == 200, path
                return await answer.read()

        copy = await copies.read(fetch, notes.log_vkey(ORIGIN, loot.keys.log_public))
        assert copy.entries == tuple(leaf.raw for leaf in made.leaves)
        async with session.get(f"{url}/drop/log/addenda/0-7") as answer:
            assert await answer.json(content_type=None) == [dict(one) for one in boxes]
        async with session.get(f"{url}/drop/log/peers") as answer:
            assert await answer.json(content_type=None) == [dict(one) for one in loot.peers]
        async with session.get(f"{url}/../copy/keys/log.key") as answer:
            assert answer.status == 404


NAMING = {"code": "counterparty-differs", "subject": DID, "en": "…", "event": "keys.released", "index": 2, "seq": "3"}
REWRITTEN = {"code": "log-forked-from-anchor", "subject": DID, "en": "…"}
UNWITNESSED = {"code": "head-not-witnessed", "subject": DID, "en": "…"}


@pytest.mark.parametrize(
    ("findings", "caught"),
    [
        ([NAMING, REWRITTEN, UNWITNESSED], True),
        ([REWRITTEN, UNWITNESSED], False),  # something is wrong, but what?
        ([NAMING, REWRITTEN], False),
        ([NAMING, UNWITNESSED], False),
        ([{**NAMING, "index": 3}, REWRITTEN, UNWITNESSED], False),
        ([{**NAMING, "seq": "4"}, REWRITTEN, UNWITNESSED], False),
        ([{**NAMING, "event": "keys.received"}, REWRITTEN, UNWITNESSED], False),
        ([{**NAMING, "subject": "did:web:other"}, REWRITTEN, UNWITNESSED], False),
        ([NAMING, {**REWRITTEN, "subject": "did:web:other"}, UNWITNESSED], False),
    ],
)
def test_only_a_finding_that_names_the_forgery_counts(loot, findings, caught):
    verdict = forgery._verdict(forgery.alter(loot), {"findings": findings}, DID)
    assert verdict["caught"] is caught
    assert verdict["what"] == "altered keys.released at index 2 from 100 to 50"
    if caught:
        assert verdict["finding"] == f"counterparty-differs: {DID}: …"
