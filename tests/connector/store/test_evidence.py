"""Evidence over the real store: events commit with their acts, heads extend each other, peers cannot fork unseen."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.runtime.rehearsal import RECORD, Rehearsed, rehearsing
from connector.store import evidence as evidence_module
from connector.store import peer_heads
from connector.store.errors import EvidenceBroken
from connector.store.heads import Heads
from connector.store.peer_heads import NeedsTiles
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts.typed_data import Domain
from ledger.log import checkpoint as checkpoints
from ledger.log import disclosure, events, merkle, proof, reader, tiles, witness
from ledger.log import note as notes
from ledger.log import policy as log_policy
from ledger.log.cosignature import WitnessKeys
from ledger.log.events import Block, EventError
from ledger.log.note import NoteError
from tests.connector.store.own_log import (
    NOW,
    ORIGIN,
    OWNER,
    PEER,
    RECIPIENTS,
    SUPERVISOR,
    evidence_of,
    follow,
    grow,
    meddling,
    move,
)
from tests.ledger import copies

DOMAIN = Domain(7, b"\x11" * 20, b"\x22" * 32)


@pytest.fixture
def evidence():
    return evidence_of()


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
    assert await store.read(lambda tx: evidence.addenda(tx, index + 1)) == {}


async def test_no_entry_cites_an_earlier_block_than_the_one_before(tmp_path, evidence):
    """Of two processes one has seen more of the chain, and the audit takes what goes back for a contradiction."""
    other, seen = evidence_of(), (Block(9, b"\x09" * 32), Block(8, b"\x08" * 32), Block(10, b"\x0a" * 32))
    stores = [await Store.open(tmp_path / "one.db", TABLES) for _ in range(2)]
    evidence.block, other.block = seen[:2]
    for store, who in zip(stores, (evidence, other), strict=True):
        await store.write(lambda tx, who=who: move(who, tx, 1))
    other.block = seen[2]
    for store, who in zip(stores, (other, evidence), strict=True):
        await store.write(lambda tx, who=who: move(who, tx, 2))
    entries = await stores[0].read(
        lambda tx: [events.decode(row["entry"]) for row in tx.find("log_entries", order="idx")]
    )
    assert [entry.block for entry in entries] == [seen[0], seen[0], seen[2], seen[2]]
    for store in stores:
        await store.close()


async def test_an_entry_is_told_by_its_index_and_the_log_by_its_size(store, evidence):
    at = await store.write(lambda tx: [move(evidence, tx, n) for n in range(3)])
    rows, leaves, size = await store.read(
        lambda tx: (
            tx.find("log_entries", order="idx"),
            [evidence.leaf(tx, index) for index in range(3)],
            evidence.size(tx),
        )
    )
    assert (at, size) == ([0, 1, 2], 3)
    assert leaves == [merkle.leaf_hash(row["entry"]) for row in rows]
    head, tail = evidence.newest
    assert (head.size, head.root, tail.size()) == (3, tail.tree.root(), 3)


PURE = {"licence": "L", "tx": "00"}


@pytest.mark.parametrize(
    ("kind", "link", "fields", "links"),
    [
        ("licence.granted", (), PURE, ("a1",)),
        ("licence.granted", ("b1",), PURE, ("b1",)),
        ("licence.granted", ("a1", "b1"), PURE, ("a1", "b1")),
        ("time.mark", (), {"peers": []}, ()),
    ],
)
async def test_an_event_with_one_link_has_its_partition_there(store, evidence, kind, link, fields, links):
    at = await store.write(lambda tx: evidence.record(tx, kind, part="a1", link=link, fields=fields, now=NOW))
    row = await store.read(lambda tx: tx.get("log_entries", idx=at))
    assert events.decode(row["entry"]).link == links


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("replica.held", {"place": "here"}, "`replica.held` links `editionId agreementDigest`, not `0` ids"),
        ("nothing.known", {}, "no event is called `nothing.known`"),
    ],
)
async def test_an_event_that_the_table_does_not_have_is_refused(store, evidence, kind, fields, words):
    with pytest.raises(EventError, match=words):
        await store.write(lambda tx: evidence.record(tx, kind, part="a1", fields=fields, now=NOW))
    assert await store.read(evidence.size) == 0


async def test_a_rehearsal_tells_the_event_and_keeps_nothing(store, evidence):
    with rehearsing() as told, pytest.raises(Rehearsed):
        await store.write(lambda tx: move(evidence, tx, 1))
    [step] = [one for one in told.steps if one["step"] == RECORD]
    assert (step["what"], step["about"], step["content"]["to"]) == ("negotiation.moved", "n1", "b")
    assert await store.read(evidence.size) == 0


async def test_a_key_closes_so_many_boxes_and_its_wrappings_are_kept_once(store, evidence, monkeypatch):
    monkeypatch.setattr(evidence_module, "BOXES_PER_KEY", 2)
    for number in range(5):
        await store.write(lambda tx, number=number: move(evidence, tx, number))
    rows, keys = await store.read(lambda tx: (tx.find("log_entries", order="idx"), tx.find("box_keys")))
    names = [row["box_key"] for row in rows]
    assert [names.index(name) for name in names] == [0, 0, 2, 2, 4]
    assert len(keys) == 2 * len(set(names))
    for row in rows:
        boxes = await store.read(lambda tx, index=row["idx"]: evidence.addenda(tx, index))
        box = boxes[disclosure.recipient_id(RECIPIENTS["owner"])]
        assert len(disclosure.unseal(notes.unb64(box), OWNER, row["leaf"])) == 5


async def test_a_checkpoint_bears_the_time_of_the_newest_event(store, evidence):
    await store.write(evidence.checkpoint)
    await store.write(lambda tx: [move(evidence, tx, n, NOW + timedelta(seconds=n)) for n in range(3)])
    rows = await store.read(lambda tx: tx.find("checkpoints", order="size"))
    assert [(row["size"], row["at"]) for row in rows] == [(0, None), (3, NOW + timedelta(seconds=2))]


async def test_what_no_anchored_head_covers_is_counted(store, evidence):
    await grow(store, evidence, 5)
    assert await store.read(evidence.unanchored) == 5

    def anchor(tx, size, origin=ORIGIN):
        tx.put("anchors", origin=origin, size=size, root=bytes(32), tx="00", block=1, at=NOW)

    await store.write(lambda tx: [anchor(tx, 3), anchor(tx, 4), anchor(tx, 2), anchor(tx, 5, "localhost:7009/log")])
    assert await store.read(evidence.unanchored) == 1


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


LOST = {
    "all of it": lambda entries: entries,
    "the last is missing": lambda entries: entries[:-1],
    "one in between is missing": lambda entries: entries[:1] + entries[2:],
    "one more": lambda entries: [*entries, entries[-1]],
    "another order": lambda entries: entries[::-1],
    "another entry": lambda entries: [entries[0], *entries[:-1]],
    "none": lambda entries: [],
}


@pytest.mark.parametrize("name", LOST)
async def test_what_was_lost_is_taken_over_only_as_it_was_signed(tmp_path, evidence, name):
    whole = await Store.open(tmp_path / "whole.sqlite", TABLES)
    await grow(whole, evidence, 3)
    kept = [row["entry"] for row in await whole.read(lambda tx: tx.find("log_entries", order="idx"))]
    first = (await whole.write(evidence.checkpoint)).decode()
    await grow(whole, evidence, 4)
    note = (await whole.write(evidence.checkpoint)).decode()
    lost = [row["entry"] for row in await whole.read(lambda tx: tx.find("log_entries", order="idx"))][3:]
    await whole.close()
    restored = evidence_of()
    back = await Store.open(tmp_path / "back.sqlite", TABLES)

    def take(entries, note):
        head = checkpoints.verify(notes.parse(note), evidence.vkey)
        return back.write(lambda tx: restored.take_over(tx, entries, head, note))

    await take(kept, first)  # what the back-up has
    assert await back.write(restored.checkpoint) == first.encode()
    given = LOST[name](lost)
    if given == lost:
        await take(given, note)
        assert await back.read(evidence_of().published) == note.encode(), "it is served as it was signed"
        assert await back.write(restored.checkpoint) == note.encode()
    else:
        with pytest.raises(EvidenceBroken):
            await take(given, note)
        assert await back.read(restored.size) == 3, "all of it or nothing"
        assert await back.write(restored.checkpoint) == first.encode()
    await back.close()


async def test_what_was_taken_over_is_the_newest_head_of_who_signed_before(tmp_path, evidence):
    store = await Store.open(tmp_path / "here.sqlite", TABLES)
    await grow(store, evidence, 3)
    with closing(sqlite3.connect(store.path)) as here, closing(sqlite3.connect(tmp_path / "there.sqlite")) as there:
        here.backup(there)
    other = await Store.open(tmp_path / "there.sqlite", TABLES)
    await grow(other, evidence_of(), 4)
    note = (await other.read(evidence.published)).decode()
    lost = [row["entry"] for row in await other.read(lambda tx: tx.find("log_entries", "idx >= 3", order="idx"))]
    await other.close()
    head = checkpoints.verify(notes.parse(note), evidence.vkey)
    await store.write(lambda tx: evidence.take_over(tx, lost, head, note))
    assert (await store.write(evidence.checkpoint)).decode() == note
    await store.close()


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


def witness_of(seed):
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return WitnessKeys(f"localhost:700{seed}/witness", key, bytes([seed]) * 32)


async def witnessed(store, evidence, keys, size):
    """Have a witness sign the newest checkpoint, of so many entries; return the note as it is kept then."""
    body = await store.write(lambda tx: evidence.witness_request(tx, 0, notes.parse(evidence.checkpoint(tx))))
    ruling = witness.rule(body, None, {ORIGIN: evidence.vkey}, witness.Seen(), 1_800_000_000)
    answer = witness.lines(ruling, keys, DOMAIN, 1_800_000_000)
    by = [keys.note_vkey()], [keys.head_vkey()]
    return await store.write(lambda tx: evidence.add_cosignatures(tx, size, answer, *by, DOMAIN))


async def test_a_witness_round_ends_in_a_published_proof(store, evidence):
    keys = witness_of(3)
    await grow(store, evidence, 4)
    await witnessed(store, evidence, keys, 4)
    await grow(store, evidence, 2)
    await store.write(evidence.checkpoint)
    policy = log_policy.parse(f"log {evidence.vkey.encode()}\nwitness w {keys.note_vkey().encode()}\nquorum w\n")
    assert policy.check(notes.parse(await store.read(evidence.published))).size == 4
    text = await store.read(lambda tx: evidence.proof(tx, 3))
    entry = (await store.read(lambda tx: tx.get("log_entries", idx=3)))["entry"]
    assert proof.parse(text).verify(entry, policy).size == 4
    assert await store.read(lambda tx: evidence.proof(tx, 4)) is None
    with pytest.raises(NoteError, match="no checkpoint of size `99` was made here"):
        await store.write(lambda tx: evidence.add_cosignatures(tx, 99, "", [], [], DOMAIN))


async def test_the_newest_cosigned_note_is_served_with_the_lines_of_all_witnesses(store, evidence):
    await grow(store, evidence, 2)
    signed = await store.write(evidence.checkpoint)
    assert await store.read(evidence.published) == signed, "before any witness, what is signed"
    await witnessed(store, evidence, witness_of(3), 2)
    await grow(store, evidence, 2)
    one = await witnessed(store, evidence, witness_of(3), 4)
    both = await witnessed(store, evidence, witness_of(4), 4)
    assert await store.read(evidence.published) == both.encode().encode()
    names = [line.name for line in both.signatures]
    assert {"localhost:7003/witness", "localhost:7004/witness", ORIGIN} == {*names}
    assert len(names) > len(one.signatures), "the second witness adds to the first"


async def test_before_an_event_is_published_it_has_no_proof(store, evidence):
    assert await store.read(lambda tx: evidence.proof(tx, 0)) is None
    await grow(store, evidence, 1)
    assert await store.read(lambda tx: evidence.proof(tx, 0)) is not None
    assert await store.read(lambda tx: evidence.proof(tx, 1)) is None


async def test_before_any_event_there_is_an_empty_checkpoint(store, evidence):
    assert await store.read(evidence.published) is None
    note = await store.write(evidence.checkpoint)
    assert checkpoints.verify(notes.parse(note), evidence.vkey).size == 0
    await grow(store, evidence, 1)
    assert checkpoints.verify(notes.parse(await store.write(evidence.checkpoint)), evidence.vkey).size == 1


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
