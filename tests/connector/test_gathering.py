"""Heads that an exchange gathers: each taken once, in trees of bounded size, the newest of each log kept."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_hash.auto import keccak

from connector.chain import gathering
from connector.chain.gathering import Gathering
from connector.runtime.errors import Conflict, InvalidInput
from connector.store.rows.evidence import GatheredRow
from contracts.typed_data import Domain
from ledger.log import checkpoint as checkpoints
from ledger.log import events, head_tree, merkle
from ledger.log import note as notes
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys, cosign_head
from ledger.log.head_tree import GATHERED, Place
from tests.connector.store.test_evidence import NOW, evidence_of

DOMAIN, TIME = Domain(7, b"\x11" * 20, b"\x22" * 32), 1_800_000_000
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
WITNESSES = [WitnessKeys(f"w{at}/witness", KEY, keccak(bytes([at]))) for at in range(2)]


@pytest.fixture
def exchange(store):
    """What gathers; a member of any DID has the log of that name."""

    async def require(did):
        vkey = notes.log_vkey(f"{did}/log", KEY.public_key().public_bytes_raw())
        return SimpleNamespace(did=did, origin=f"{did}/log", log_vkey=vkey)

    known = [SimpleNamespace(head_vkey=one.head_vkey()) for one in WITNESSES]
    view = SimpleNamespace(require=require, last=lambda: SimpleNamespace(witnesses_of=lambda _did: known))
    made = Gathering(store, evidence_of(), view, SimpleNamespace(now=lambda: NOW), lambda: DOMAIN)
    return SimpleNamespace(gathering=made, store=store)


def signed(did, size, root=b"\x05" * 32, signers=WITNESSES):
    head = Checkpoint(f"{did}/log", size, root)
    note = checkpoints.sign(head, KEY)
    return note.sign_with(*(cosign_head(head, one, TIME, DOMAIN) for one in signers)).encode()


async def rows(exchange):
    return await exchange.store.read(lambda tx: tx.find(GatheredRow, order="origin, size"))


async def test_a_head_waits_once_and_a_newer_one_takes_its_place(exchange):
    for size in (3, 3, 5):
        await exchange.gathering.take("a", signed("a", size), TIME)
    assert [row.size for row in await rows(exchange)] == [5]
    for note in (signed("a", 4), signed("a", 5, b"\x06" * 32)):
        with pytest.raises(Conflict):
            await exchange.gathering.take("a", note, TIME)


async def test_what_its_witnesses_did_not_sign_or_another_owns_is_not_taken(exchange):
    for note, time in (
        (signed("a", 3, signers=WITNESSES[:1]), TIME),
        (signed("a", 3), TIME + 1),
        (signed("b", 3), TIME),
        ("no note", TIME),
    ):
        with pytest.raises(InvalidInput):
            await exchange.gathering.take("a", note, time)
    assert await rows(exchange) == []


async def test_all_that_wait_are_gathered_in_trees_of_bounded_size(exchange, monkeypatch):
    monkeypatch.setattr(gathering, "TREE_HEADS_MAX", 3)
    await exchange.gathering.gather()  # of nothing no event is made
    for name in "abcdefgh":
        await exchange.gathering.take(name, signed(name, 3), TIME)
    assert await exchange.store.read(exchange.gathering.waiting) == 8
    await exchange.gathering.gather()
    assert await exchange.store.read(exchange.gathering.waiting) == 0
    made = await exchange.store.read(lambda tx: tx.find("log_entries", "kind = ?", (GATHERED,), order="idx"))
    roots = {row["idx"]: events.decode(row["entry"]).link for row in made}
    assert [count for _, count in roots.values()] == ["3", "3", "2"]
    for row in await rows(exchange):
        place, (root, count) = Place.from_json(row.place), roots[row.entry]
        assert place.count == int(count)
        leaf = head_tree.leaf(DOMAIN, Checkpoint(row.origin, row.size, row.root), row.time)
        merkle.verify_inclusion(leaf, place.index, place.count, place.path, bytes.fromhex(root))


async def test_the_head_before_is_forgotten_when_the_newer_one_is_gathered(exchange):
    await exchange.gathering.take("a", signed("a", 3), TIME)
    await exchange.gathering.gather()
    await exchange.gathering.take("a", signed("a", 5), TIME)
    assert [(row.size, row.entry is None) for row in await rows(exchange)] == [(3, False), (5, True)]
    await exchange.gathering.gather()
    assert [(row.size, row.entry is None) for row in await rows(exchange)] == [(5, False)]


async def test_what_is_not_on_the_chain_yet_has_no_proof(exchange):
    assert await exchange.gathering.proof("a") is None
    await exchange.gathering.take("a", signed("a", 3), TIME)
    await exchange.gathering.gather()
    assert await exchange.gathering.proof("a") is None
