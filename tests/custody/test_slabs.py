"""Memory that pulls share: bounded whatever they do, and each is sure of enough to go on."""

import asyncio
import itertools
import threading
from types import SimpleNamespace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from connector.custody.slabs import PLAIN_SLABS, PULL_BYTES, PULL_BYTES_LEAST, TABLE_TIMES, Memory, Pool, PoolClosed
from connector.custody.turns import TURNS, Turns
from ledger.edition.row import ROW_BYTES
from ledger.edition.row_table import MAX_ROWS

SLAB, MOST, COUNT, SURE = 4096, 40 * 4096, 16, 3
MIB = 1024 * 1024
SIZES = st.sampled_from([SLAB, 2 * SLAB])


def table_of(rows):
    """A table of pieces of 1 MiB, as far as a pool looks at it."""
    return SimpleNamespace(data=bytes(rows * ROW_BYTES), longest_sealed=MIB)


def test_what_a_long_table_takes_comes_off_the_pool():
    few, many, most = (Memory().sealed(table_of(rows)).count for rows in (1_000, 100_000, MAX_ROWS))
    assert few == PULL_BYTES // MIB - PLAIN_SLABS - 1
    assert many == (PULL_BYTES - TABLE_TIMES * 100_000 * ROW_BYTES) // MIB - PLAIN_SLABS
    assert most == PULL_BYTES_LEAST // MIB - PLAIN_SLABS


class Shared(RuleBasedStateMachine):
    """Pools come and go, take and give: what is out stays within what is shared and what is sure."""

    def __init__(self):
        super().__init__()
        self.memory = Memory(MOST)
        self.pools = []
        self.out = []

    @rule(size=SIZES)
    def open(self, size):
        self.pools.append(Pool(self.memory, size, COUNT, SURE))

    @rule(pick=st.randoms())
    def close(self, pick):
        if self.pools:
            pool = self.pools.pop(pick.randrange(len(self.pools)))
            pool.close()
            pool.close()

    @rule(pick=st.randoms(), many=st.integers(1, 6))
    def take(self, pick, many):
        if self.pools:
            pool = pick.choice(self.pools)
            for _ in range(many):
                had = pool.used
                slab = pool.try_take()
                assert slab is not None or had >= SURE, "a pool gets what it is sure of"
                if slab is not None:
                    self.out.append((pool, slab))

    @rule(pick=st.randoms())
    def give(self, pick):
        if self.out:
            pool, slab = self.out.pop(pick.randrange(len(self.out)))
            pool.give(slab)

    @invariant()
    def within(self):
        claimed = sum(max(pool.used, SURE) * pool.slab_bytes for pool in self.pools)
        sure = sum(SURE * pool.slab_bytes for pool in self.pools)
        assert self.memory.spare == MOST - claimed
        assert claimed <= MOST + sure, "only what a new pool is sure of comes on top"
        assert all(pool.used <= COUNT for pool in self.pools)


TestShared = Shared.TestCase


def test_who_waits_for_a_slab_gets_the_one_that_another_pull_gives_back():
    memory = Memory(8 * SLAB)
    one, other = (Pool(memory, SLAB, 8, 2) for _ in range(2))
    held = [one.take() for _ in range(6)]
    assert one.try_take() is None
    for _ in range(2):
        other.take()
    got = []
    waiting = threading.Thread(target=lambda: got.append(other.take()))
    waiting.start()
    assert not got
    one.give(held.pop())
    waiting.join(5)
    assert len(got) == 1


def test_who_would_rather_have_several_is_woken_by_the_last_of_them(monkeypatch):
    monkeypatch.setattr("connector.custody.slabs.SEVERAL_SECONDS", 60)
    pool = Pool(Memory(8 * SLAB), SLAB, 4, 1)
    held = [pool.take() for _ in range(4)]
    got = []
    waiting = threading.Thread(target=lambda: got.append(pool.take(2)))
    waiting.start()
    pool.give(held.pop())
    waiting.join(0.1)
    assert not got
    pool.give(held.pop())
    waiting.join(5)
    assert len(got) == 1


@pytest.mark.parametrize("short", ["of its own", "of the memory"])
def test_who_would_rather_have_several_goes_on_with_one(short):
    memory = Memory(4 * SLAB)
    pool = Pool(memory, SLAB, 4, 1)
    other = pool if short == "of its own" else Pool(memory, SLAB, 4, 1)
    for _ in range(3):
        other.take()
    pool.take(4)
    assert pool.try_take() is None


@pytest.mark.parametrize("closes", ["its own", "another"])
def test_a_pool_that_closes_wakes_who_waits(closes):
    memory = Memory(4 * SLAB)
    one, other = (Pool(memory, SLAB, 4, 1) for _ in range(2))
    for _ in range(3):
        one.take()
    other.take()
    ends = []

    def wait():
        try:
            ends.append(other.take())
        except PoolClosed:
            ends.append(None)

    waiting = threading.Thread(target=wait)
    waiting.start()
    (other if closes == "its own" else one).close()
    waiting.join(5)
    assert (ends[0] is None) == (closes == "its own")


async def test_with_the_last_pool_the_memory_goes():
    memory = Memory()
    with Pool(memory, SLAB, COUNT) as pool:
        slab = pool.take()
        pool.give(slab)
        assert pool.take() is slab, "used again"
    with pytest.raises(PoolClosed):
        await asyncio.to_thread(pool.take)
    with Pool(memory, SLAB, COUNT) as pool:
        assert pool.take() is not slab


def test_pulls_have_their_turn_and_pass_it_on():
    memory = Memory(100 * SLAB)
    turns = Turns()
    pools = [Pool(memory, SLAB, 4, 1, turns) for _ in range(TURNS + 2)]
    assert [pool.try_take() is not None for pool in pools] == [True] * TURNS + [False] * 2
    pools[1].step_aside()
    assert [pool.try_take() is not None for pool in pools] == [True, True, True, False], "who steps aside needs no turn"
    pools[1].line_up()
    assert pools[1].try_take() is None
    pools[0].close()
    assert pools[3].try_take() is not None


def test_a_turn_that_lasts_too_long_passes_on_if_others_wait(monkeypatch):
    seconds = itertools.count()
    monkeypatch.setattr("connector.custody.turns.time.monotonic", lambda: next(seconds))
    turns = Turns()
    turns.join("only")
    assert all(turns.has("only") for _ in range(30))
    for name in "bcd":
        turns.join(name)
    seen = dict.fromkeys(("only", *"bcd"), 0)
    for _ in range(40):
        for name in seen:
            seen[name] += turns.has(name)
    assert min(seen.values()) > 0, "nobody waits for ever"
