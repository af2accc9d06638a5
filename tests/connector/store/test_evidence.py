"""Evidence over the real store: events commit with their acts, heads extend each other, peers cannot fork unseen."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.store import peer_heads
from connector.store.errors import EvidenceBroken
from connector.store.evidence import Evidence
from connector.store.heads import Heads
from connector.store.peer_heads import ForkFound, NeedsTiles
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts.typed_data import Domain
from ledger import checkpoint as checkpoints
from ledger import disclosure, events, log_policy, merkle, mirror, proof, reader, tiles, witness
from ledger import note as notes
from ledger.cosignature import WitnessKeys
from ledger.events import Block, EventError
from ledger.note import NoteError
from tests.ledger import copies
from tests.postgres import durable, new_schema

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOMAIN = Domain(7, b"\x11" * 20, b"\x22" * 32)
OWNER, SUPERVISOR = (X25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (5, 6))
RECIPIENTS = {"owner": OWNER.public_key().public_bytes_raw(), "supervisor": SUPERVISOR.public_key().public_bytes_raw()}
ORIGIN = "localhost:7001/log"
PEER = "did:web:localhost%3A7002"


def evidence_of(origin=ORIGIN, seed=1):
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return Evidence("did:web:localhost%3A7001", origin, key, RECIPIENTS)


def move(evidence, tx, number):
    fields = {"from": "a", "to": "b", "by": "us", "reason": "", "digest": "00" * 32}
    return evidence.record(tx, "negotiation.moved", part=f"n{number}", fields=fields, now=NOW)


@pytest.fixture(scope="module")
def server(absent):
    with durable(absent) as base:
        yield base


@pytest.fixture(params=["a file of SQLite", "a server of PostgreSQL"])
async def store(request, tmp_path):
    on_a_server = request.param == "a server of PostgreSQL"
    place = new_schema(request.getfixturevalue("server")) if on_a_server else tmp_path / "p.sqlite"
    store = await Store.open(place, TABLES)
    yield store
    await store.close()


@pytest.fixture
def evidence():
    return evidence_of()


@contextmanager
def meddling(store):
    """Write to the tables past the program; on a server one's own commits are counted, by this one, too."""
    if not isinstance(store.path, str):
        with closing(sqlite3.connect(store.path, isolation_level=None)) as stranger:
            yield stranger.execute
        return
    with psycopg.connect(store.path, autocommit=True) as stranger:

        def execute(sql):
            stranger.execute(sql)
            stranger.execute("UPDATE store_mark SET number = number + 1")

        yield execute


async def grow(store, evidence, count):
    await store.write(lambda tx: [move(evidence, tx, n) for n in range(count)])


async def test_an_event_is_written_with_its_disclosures(store, evidence):
    evidence.block = Block(9, b"\x09" * 32)
    index = await store.write(lambda tx: move(evidence, tx, 1))
    raw, leaf, boxes = await store.read(
        lambda tx: (tx.get("log_entries", idx=index), evidence.leaf(tx, index), evidence.addenda(tx, index))
    )
    entry = events.decode(raw["entry"])
    assert (entry.kind, entry.part, entry.link, entry.block) == ("negotiation.moved", "n1", ("n1",), evidence.block)
    assert leaf == merkle.leaf_hash(raw["entry"])
    for key in (OWNER, SUPERVISOR):
        box = boxes[disclosure.recipient_id(key.public_key().public_bytes_raw())]
        opened = disclosure.unseal(notes.unb64(box), key, leaf)
        assert disclosure.check(opened, entry.sd)["to"] == "b"
    assert len(boxes) == 2
    json.dumps(boxes)


async def test_a_refused_event_rolls_the_whole_act_back(store, evidence):
    def act(tx):
        move(evidence, tx, 1)
        tx.put("facts", name="moved", value=1)
        evidence.record(tx, "negotiation.moved", part="n", fields={"from": "a"}, now=NOW)

    with pytest.raises(EventError):
        await store.write(act)
    assert await store.read(evidence.size) == 0
    assert await store.read(lambda tx: tx.get("facts", name="moved")) is None


async def test_a_checkpoint_is_made_only_when_the_log_grew(store, evidence):
    await grow(store, evidence, 3)
    first = await store.write(evidence.checkpoint)
    assert await store.write(evidence.checkpoint) == first == await store.read(evidence.checkpoint)
    await grow(store, evidence, 300)
    second = await store.write(evidence.checkpoint)
    head = checkpoints.verify(notes.parse(second), evidence.vkey)
    assert (head.origin, head.size) == (ORIGIN, 303)
    assert len(await store.read(lambda tx: tx.find("checkpoints"))) == 2


async def test_a_log_that_lost_its_history_signs_nothing(store, evidence):
    await grow(store, evidence, 5)
    await store.write(evidence.checkpoint)
    heads = Heads(store, evidence)
    with meddling(store) as execute:
        execute("UPDATE log_entries SET leaf = entry WHERE idx = 2")
        await grow(store, evidence, 1)
        with pytest.raises(EvidenceBroken):
            await store.write(evidence.checkpoint)
        with pytest.raises(EvidenceBroken):
            await heads.riding(PEER)
        execute("DELETE FROM log_entries WHERE idx >= 3")
        with pytest.raises(EvidenceBroken):
            await store.write(evidence.checkpoint)


async def test_what_is_served_verifies_like_any_tiled_log(store, evidence):
    await grow(store, evidence, 520)
    await store.write(evidence.checkpoint)

    async def fetch(path):
        if path == "checkpoint":
            return await store.read(evidence.published)
        return await store.read(lambda tx: evidence.tile(tx, path))

    copy = await copies.read(fetch, evidence.vkey)
    assert (copy.checkpoint.size, len(copy.entries)) == (520, 520)
    for path in ("tile/0/005", "tile/0/2", "tile/entries/002.p/9"):
        with pytest.raises(tiles.TileError):
            await fetch(path)


async def test_a_witness_round_ends_in_a_published_proof(store, evidence):
    keys = WitnessKeys("localhost:7003/witness", Ed25519PrivateKey.from_private_bytes(b"\x02" * 32), b"\x42" * 32)
    await grow(store, evidence, 4)
    body = await store.write(lambda tx: evidence.witness_request(tx, 0, notes.parse(evidence.checkpoint(tx))))
    ruling = witness.rule(body, None, {ORIGIN: evidence.vkey}, witness.Seen(), 1_800_000_000)
    answer = witness.lines(ruling, keys, DOMAIN, 1_800_000_000)
    await store.write(
        lambda tx: evidence.add_cosignatures(tx, 4, answer, [keys.note_vkey()], [keys.head_vkey()], DOMAIN)
    )
    await grow(store, evidence, 2)
    await store.write(evidence.checkpoint)
    policy = log_policy.parse(f"log {evidence.vkey.encode()}\nwitness w {keys.note_vkey().encode()}\nquorum w\n")
    assert policy.check(notes.parse(await store.read(evidence.published))).size == 4
    text = await store.read(lambda tx: evidence.proof(tx, 3))
    entry = (await store.read(lambda tx: tx.get("log_entries", idx=3)))["entry"]
    assert proof.parse(text).verify(entry, policy).size == 4
    assert await store.read(lambda tx: evidence.proof(tx, 4)) is None
    with pytest.raises(NoteError):
        await store.write(lambda tx: evidence.add_cosignatures(tx, 99, answer, [], [], DOMAIN))


async def test_before_any_event_there_is_an_empty_checkpoint(store, evidence):
    assert await store.read(evidence.published) is None
    note = await store.write(evidence.checkpoint)
    assert checkpoints.verify(notes.parse(note), evidence.vkey).size == 0
    await grow(store, evidence, 1)
    assert checkpoints.verify(notes.parse(await store.write(evidence.checkpoint)), evidence.vkey).size == 1


def follow(tx, evidence, piggyback):
    """Prove a head against the newest kept one, and keep it; return it, or what its proof lacks."""
    offered = peer_heads.read(evidence.vkey, piggyback)
    row = tx.get("peer_heads", origin=offered.checkpoint.origin)
    kept, note = (None, "") if row is None else (peer_heads.head_of(row), row["note"])
    if missing := peer_heads.compare(kept, note, offered):
        return missing
    peer_heads.keep(tx, offered, NOW)
    return offered.checkpoint


async def test_messages_carry_heads_and_peers_follow(store, evidence):
    heads, sizes = Heads(store, evidence), []
    for count in (3, 0, 4, 300):
        await grow(store, evidence, count)
        piggyback = await heads.riding(PEER)
        verdict = await store.write(lambda tx, one=piggyback: follow(tx, evidence, one))
        assert isinstance(verdict, checkpoints.Checkpoint)
        sizes.append((piggyback["from"], verdict.size))
    assert sizes == [("0", 3), ("3", 3), ("3", 7), ("7", 307)]
    [seen] = await store.read(peer_heads.seen)
    assert (seen["origin"], seen["size"]) == (ORIGIN, "307")


async def test_a_lost_message_needs_tiles_and_then_is_accepted(store, evidence):
    async def fetch(path):
        return await store.read(lambda tx: evidence.tile(tx, path))

    heads = Heads(store, evidence)

    async def offered(count):
        await grow(store, evidence, count)
        return await heads.riding(PEER)

    async def accept(piggyback):
        return await store.write(lambda tx: follow(tx, evidence, piggyback))

    first, lost, last = [await offered(count) for count in (3, 5, 290)]
    assert isinstance(await accept(first), checkpoints.Checkpoint)
    wanted = await accept(last)
    assert wanted == NeedsTiles(ORIGIN, 3, 298)
    path = [notes.b64(one) for one in await reader.consistency(fetch, wanted.old, wanted.size)]
    assert isinstance(await accept({**last, "from": "3", "proof": path}), checkpoints.Checkpoint)
    assert await accept(lost) == NeedsTiles(ORIGIN, 8, 298), "an older head must be proven too"
    path = [notes.b64(one) for one in await reader.consistency(fetch, 8, 298)]
    assert isinstance(await accept({**lost, "from": "8", "proof": path}), checkpoints.Checkpoint)
    assert (await store.read(peer_heads.seen))[0]["size"] == "298", "an older head does not replace a newer one"


async def test_a_head_that_did_not_arrive_is_not_built_upon(store, evidence):
    heads = Heads(store, evidence)

    async def sent(count):
        await grow(store, evidence, count)
        return await heads.riding(PEER)

    first, lost = await sent(3), await sent(2)
    heads.lost(PEER, lost)
    after = await sent(4)
    assert (first["from"], lost["from"], after["from"]) == ("0", "3", "3")
    for piggyback in (first, after):
        verdict = await store.write(lambda tx, one=piggyback: follow(tx, evidence, one))
        assert isinstance(verdict, checkpoints.Checkpoint)


def piggyback_of(log, size, start, seed=1):
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    note = checkpoints.sign(checkpoints.Checkpoint(ORIGIN, size, log.root(size)), key)
    path = [notes.b64(one) for one in log.consistency(start, size)]
    return {"checkpoint": note.encode(), "from": str(start), "proof": path}


@pytest.mark.parametrize("size", [6, 9, 4])
async def test_a_fork_is_found_and_both_notes_are_kept(store, evidence, size):
    honest = mirror.build([b"%d" % n for n in range(12)])
    forged = mirror.build([b"forged", *(b"%d" % n for n in range(1, 12))])
    await store.write(lambda tx: follow(tx, evidence, piggyback_of(honest, 6, 0)))
    start, larger = sorted((6, size))
    lie = {**piggyback_of(forged, size, min(6, size)), "proof": piggyback_of(forged, larger, start)["proof"]}
    with pytest.raises(ForkFound) as found:
        await store.write(lambda tx: follow(tx, evidence, lie))
    await store.write(lambda tx: peer_heads.keep_fork(tx, found.value, NOW))
    kept = await store.read(lambda tx: tx.get("facts", name=f"fork/{ORIGIN}"))
    assert kept["value"]["offered"] == lie["checkpoint"]
    assert kept["value"]["kept"] == piggyback_of(honest, 6, 0)["checkpoint"]
    assert (await store.read(peer_heads.seen))[0]["size"] == "6"


async def test_unsigned_and_malformed_piggybacks_are_refused(store, evidence):
    log = mirror.build([b"%d" % n for n in range(4)])
    good = piggyback_of(log, 4, 0)
    for bad in (
        {},
        {**good, "extra": 1},
        {**good, "from": 0},
        {**good, "from": "-1"},
        {**good, "proof": ["AAAA="]},
        {**good, "proof": "AAAA"},
        {**good, "proof": ["AAAA"] * 64},
        {**good, "checkpoint": "x"},
        {**good, "checkpoint": None},
        piggyback_of(log, 4, 0, seed=9),
    ):
        with pytest.raises(NoteError):
            await store.write(lambda tx, one=bad: follow(tx, evidence, one))
    assert await store.read(peer_heads.seen) == []
