"""Our newest head on its way out: proven from what went to that peer before, or none where the log lost something."""

from __future__ import annotations

import pytest

from connector.store import heads as heads_of
from connector.store.errors import EvidenceBroken
from connector.store.heads import Heads
from connector.store.store import Store
from connector.store.tables import TABLES
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log.merkle import verify_consistency
from tests.connector.store.own_log import ORIGIN, PEER, evidence_of, follow, grow


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(tmp_path / "p.sqlite", TABLES)
    yield store
    await store.close()


@pytest.fixture
def evidence():
    return evidence_of()


@pytest.fixture
def heads(store, evidence):
    return Heads(store, evidence)


def head(evidence, piggyback):
    return checkpoints.verify(notes.parse(piggyback["checkpoint"]), evidence.vkey)


async def test_a_head_is_proven_from_the_one_that_went_before(store, evidence, heads):
    await grow(store, evidence, 3)
    first, again = await heads.riding(PEER), await heads.riding(PEER)
    await grow(store, evidence, 600)
    last, other = await heads.riding(PEER), await heads.riding("did:web:other")
    assert [one["from"] for one in (first, again, last, other)] == ["0", "3", "3", "0"]
    assert [len(one["proof"]) for one in (first, again, other)] == [0, 0, 0]
    old, new = head(evidence, first), head(evidence, last)
    assert (old.origin, old.size, new.size) == (ORIGIN, 3, 603)
    verify_consistency(3, old.root, 603, new.root, [notes.unb64(one) for one in last["proof"]])


async def test_a_log_without_an_entry_has_a_head_too(evidence, heads):
    first = await heads.riding(PEER)
    assert (head(evidence, first).size, first["from"], first["proof"]) == (0, "0", [])


async def test_a_log_that_another_process_made_grow_is_signed_before_it_rides(store, evidence, heads):
    await grow(store, evidence, 2)
    assert head(evidence, await heads.riding(PEER)).size == 2
    await grow(store, evidence_of(), 3)
    assert head(evidence, await heads.riding(PEER)).size == 2, "nobody said so"
    evidence.forget()
    assert head(evidence, await heads.riding(PEER)).size == 5


async def test_a_log_that_lost_what_was_signed_rides_nowhere(store, evidence, heads):
    await grow(store, evidence, 2)
    evidence.newest = EvidenceBroken("the log on disk lost something")
    with pytest.raises(EvidenceBroken, match="the log on disk lost something"):
        await heads.riding(PEER)


async def test_a_head_that_did_not_arrive_is_not_built_upon(store, evidence, heads):
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


async def test_of_two_heads_that_did_not_arrive_the_older_counts(store, evidence, heads):
    rode = []
    for _ in range(3):
        await grow(store, evidence, 1)
        rode.append(await heads.riding(PEER))
    heads.lost(PEER, rode[1])
    heads.lost(PEER, rode[2])
    assert (await heads.riding(PEER))["from"] == "1"
    heads.lost("did:web:forgotten", rode[2])
    assert (await heads.riding("did:web:forgotten"))["from"] == "0", "of whom nothing is known, everything is proven"


async def test_whom_we_wrote_to_longest_ago_is_forgotten_first(store, evidence, heads, monkeypatch):
    monkeypatch.setattr(heads_of, "PEERS_KNOWN_MAX", 2)
    await grow(store, evidence, 2)

    async def proven_from(*peers):
        return [(await heads.riding(peer))["from"] for peer in peers]

    assert await proven_from("a", "b", "a", "b", "a") == ["0", "0", "2", "2", "2"]
    assert await proven_from("c", "a", "b") == ["0", "2", "0"]
