"""Heads of other logs: kept only when signed and of one history; two histories are kept as proof and shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.store import peer_heads
from connector.store.peer_heads import ForkFound, NeedsTiles, Offered
from connector.store.rows.evidence import PeerHeadRow
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.dispute import fork_proof
from ledger.log import checkpoint as checkpoints
from ledger.log import mirror
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.merkle import PROOF_LIMIT_HASHES
from ledger.log.note import MalformedNoteError, NoteError
from tests.connector.store.own_log import NOW, ORIGIN, evidence_of, follow, riding, signed
from tests.every import every

EVIDENCE = evidence_of()
HONEST = mirror.build([b"%d" % n for n in range(12)])
FORGED = mirror.build([b"forged", *(b"%d" % n for n in range(1, 12))])
JUNK = [b"\x01" * 32]


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(tmp_path / "p.sqlite", TABLES)
    yield store
    await store.close()


# --- what rides in a message


def test_what_rides_is_read_with_its_signature_verified():
    offered = peer_heads.read(EVIDENCE.vkey, riding(HONEST, 7, 3))
    assert offered.checkpoint == Checkpoint(ORIGIN, 7, HONEST.root(7))
    assert (offered.note, offered.start, offered.proof) == (signed(HONEST, 7), 3, HONEST.consistency(3, 7))
    with pytest.raises(NoteError):
        peer_heads.read(EVIDENCE.vkey, riding(HONEST, 7, 3, seed=9))


GOOD = riding(HONEST, 4, 0)
MEMBERS = "a checkpoint rides as `checkpoint`, `from` and `proof`"
SIZE = "`from` is a size in decimal digits"
LIST = f"`proof` is a list of at most {PROOF_LIMIT_HASHES} hashes in base64"


@every(
    ("bad", "words"),
    [
        ({}, MEMBERS),
        ({**GOOD, "extra": 1}, MEMBERS),
        ({name: GOOD[name] for name in ("checkpoint", "from")}, MEMBERS),
        ({**GOOD, "checkpoint": None}, MEMBERS),
        ({**GOOD, "from": 0}, SIZE),
        ({**GOOD, "from": None}, SIZE),
        ({**GOOD, "from": ""}, SIZE),
        ({**GOOD, "from": "-1"}, SIZE),
        ({**GOOD, "from": "1" * 20}, SIZE),
        ({**GOOD, "proof": "AAAA"}, LIST),
        ({**GOOD, "proof": None}, LIST),
        ({**GOOD, "proof": {"AAAA": 1}}, LIST),
        ({**GOOD, "proof": ["AAAA", 5]}, LIST),
        ({**GOOD, "proof": ["AAAA"] * (PROOF_LIMIT_HASHES + 1)}, LIST),
    ],
)
def test_what_has_another_form_is_refused(bad, words):
    with pytest.raises(MalformedNoteError) as refused:
        peer_heads.read(EVIDENCE.vkey, bad)
    assert str(refused.value) == words


def test_what_is_as_large_as_it_may_be_is_read():
    offered = peer_heads.read(EVIDENCE.vkey, {**GOOD, "from": "9" * 19, "proof": ["AAAA"] * PROOF_LIMIT_HASHES})
    assert (offered.start, offered.proof) == (10**19 - 1, [bytes(3)] * PROOF_LIMIT_HASHES)


@pytest.mark.parametrize("bad", [{**GOOD, "proof": ["AAAA="]}, {**GOOD, "checkpoint": "x"}])
async def test_what_cannot_be_read_is_not_kept(store, bad):
    with pytest.raises(NoteError):
        await store.write(lambda tx: follow(tx, EVIDENCE, bad))
    assert await store.read(peer_heads.seen) == []


# --- one history or two


def kept(size, log=HONEST):
    return Checkpoint(ORIGIN, size, log.root(size))


def offered(size, start=0, proof=None, log=HONEST):
    proof = log.consistency(*sorted((start, size))) if proof is None else proof
    return Offered(kept(size, log), signed(log, size), start, proof)


def compared(before, after):
    return peer_heads.compare(before, "the kept note", after)


@every(
    ("before", "after"),
    [
        (None, offered(4)),
        (None, offered(4, 9, JUNK)),
        (kept(0), offered(4)),
        (kept(0), offered(4, 2)),
        (kept(0), offered(4, 0, JUNK)),
        (kept(4), offered(4)),
        (kept(4), offered(4, 4, JUNK)),
        (kept(4), offered(9, 4)),
        (kept(1), offered(2, 1)),
        (kept(9), offered(4, 4, HONEST.consistency(4, 9))),
        (kept(9), offered(0)),
    ],
)
def test_heads_of_one_history_are_told_by_their_proof(before, after):
    assert compared(before, after) is None


@every(
    ("before", "after", "old", "size"),
    [
        (kept(4), offered(9, 3), 4, 9),
        (kept(4), offered(9, 0), 4, 9),
        (kept(1), offered(9, 0), 1, 9),
        (kept(4), offered(9, 4, []), 4, 9),
        (kept(9), offered(4, 0), 4, 9),
        (kept(9), offered(4, 9, JUNK), 4, 9),
    ],
)
def test_a_proof_between_other_sizes_proves_nothing_yet(before, after, old, size):
    assert compared(before, after) == NeedsTiles(ORIGIN, old, size)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (kept(4), offered(4, log=FORGED)),
        (kept(4), offered(9, 4, log=FORGED)),
        (kept(4), offered(9, 4, JUNK)),
        (kept(9), offered(4, 4, HONEST.consistency(4, 9), log=FORGED)),
    ],
)
def test_two_histories_are_a_fork_with_both_notes(before, after):
    with pytest.raises(ForkFound, match=f"log `{ORIGIN}` showed two histories: .") as found:
        compared(before, after)
    fork = found.value
    assert (fork.origin, fork.kept, fork.offered, fork.proof) == (ORIGIN, "the kept note", after.note, None)


@pytest.mark.parametrize("size", [6, 9, 4])
async def test_a_fork_is_found_and_both_notes_are_kept(store, size):
    await store.write(lambda tx: follow(tx, EVIDENCE, riding(HONEST, 6, 0)))
    start, larger = sorted((6, size))
    lie = {**riding(FORGED, size, min(6, size)), "proof": riding(FORGED, larger, start)["proof"]}
    with pytest.raises(ForkFound) as found:
        await store.write(lambda tx: follow(tx, EVIDENCE, lie))
    await store.write(lambda tx: peer_heads.keep_fork(tx, found.value, NOW))
    fact = await store.read(lambda tx: tx.get("facts", name=f"fork/{ORIGIN}"))
    notes_of = {"kept": signed(HONEST, 6), "offered": lie["checkpoint"]}
    assert fact["value"] == {**notes_of, "at": "2026-03-01T12:00:00+00:00", "proof": None}
    assert (await store.read(peer_heads.seen))[0]["size"] == "6"


# --- what is kept


async def test_the_newest_head_of_every_log_is_kept(store):
    other = "localhost:7000/log"

    def keep(size, note=None, origin=ORIGIN):
        head = Checkpoint(origin, size, HONEST.root(size))
        one = Offered(head, note or signed(HONEST, size, origin=origin), 0, [])
        return store.write(lambda tx: peer_heads.keep(tx, one, NOW + timedelta(seconds=size)))

    for size in (4, 9, 6):
        await keep(size)
    await keep(9, "the same, signed again")
    await keep(2, origin=other)
    found = await store.read(peer_heads.seen)
    assert [(one["origin"], one["size"]) for one in found] == [(other, "2"), (ORIGIN, "9")]
    assert found[1] | {"root": HONEST.root(9).hex(), "note": signed(HONEST, 9)} == found[1]
    row = await store.read(lambda tx: tx.get(PeerHeadRow, origin=ORIGIN))
    assert (peer_heads.head_of(row), row.at) == (kept(9), NOW + timedelta(seconds=9))


def fork(proof=None, first=4, second=9):
    return ForkFound(ORIGIN, signed(HONEST, first), signed(FORGED, second), "they differ", proof)


def test_a_fork_is_shown_by_both_notes_and_its_proof():
    assert fork().document() == fork_proof.document(signed(HONEST, 4), signed(FORGED, 9))
    assert fork(JUNK).document()["proof"] == [notes.b64(JUNK[0])]


async def shown(store, *found):
    """Keep forks, one after the other; return the notes that are kept, and what is shown to others."""
    for one in found:
        await store.write(lambda tx, one=one: peer_heads.keep_fork(tx, one, NOW))
    fact = await store.read(lambda tx: tx.get("facts", name=f"fork/{ORIGIN}"))
    return fact["value"]["offered"], await store.read(peer_heads.forks)


@pytest.mark.parametrize(
    ("found", "stays", "proven"),
    [
        ([fork()], 0, False),
        ([fork(), fork(second=8)], 0, False),
        ([fork(), fork(JUNK, second=8)], 1, True),
        ([fork(JUNK), fork(second=8)], 0, True),
        ([fork(JUNK), fork(JUNK, second=8)], 0, True),
        ([fork([])], 0, True),
    ],
)
async def test_the_first_fork_of_a_log_stays_unless_a_later_one_is_proven(store, found, stays, proven):
    kept_note, documents = await shown(store, *found)
    assert kept_note == found[stays].offered
    assert documents == [found[stays].document()] * proven


async def test_only_forks_are_shown_as_forks(store):
    def put(tx):
        for name in ("fork", "fork.", "fork0", "fork0/x", "for/x"):
            tx.put("facts", name=name, value={"proof": name})
        tx.put("facts", name="fork/", value={"proof": "the first"})
        tx.put("facts", name="fork/z", value={"proof": "the last"})

    await store.write(put)
    assert sorted(await store.read(peer_heads.forks)) == ["the first", "the last"]


def test_an_equal_note_is_verified_with_the_key_it_is_asked_for():
    assert checkpoints.verify(notes.parse(signed(HONEST, 4)), EVIDENCE.vkey) == kept(4)
    for _ in range(2):
        assert peer_heads.read(EVIDENCE.vkey, GOOD).checkpoint == kept(4)
        with pytest.raises(NoteError):
            peer_heads.read(evidence_of(seed=9).vkey, GOOD)
