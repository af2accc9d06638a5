"""A look at the chain is shared by all who need one at the same moment, whatever comes of it."""

from __future__ import annotations

import asyncio
import math
from types import SimpleNamespace

import pytest

from connector.chain.chain_watch import FRESH_SECONDS, ChainWatch
from connector.runtime.clock import Clock
from ledger.chain.client import Block
from ledger.chain.errors import ChainUnreachable

CALLERS = 20


class Door:
    """A chain that counts how often it is looked at."""

    def __init__(self) -> None:
        self.looks, self.away, self.is_whole = 0, False, True

    async def confirm_id(self, _expected: int, seen: Block | None) -> bool:
        self.looks += 1
        await asyncio.sleep(0)
        if self.away:
            raise ChainUnreachable("nobody answers")
        return seen is not None and self.is_whole

    async def newest(self) -> Block:
        return await self.block(7)

    async def block(self, number: int) -> Block:
        return Block(number, bytes([number]) * 32, Clock().now(), bytes(32))


class Hand(Clock):
    """A clock to turn by hand."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
async def watched():
    door, clock = Door(), Hand()
    programs = SimpleNamespace(chain=door, deployment=SimpleNamespace(chain_id=1))
    watch = ChainWatch(programs, SimpleNamespace(block=None), clock, None)
    yield watch, door, clock
    await watch.close()


async def test_callers_at_the_same_moment_share_one_look(watched):
    watch, door, clock = watched
    for looks in (1, 2):
        await asyncio.gather(*(watch.look() for _ in range(CALLERS)))
        await watch.look()
        assert door.looks == looks
        clock.seconds += FRESH_SECONDS
    assert watch.block_time is not None


async def test_a_chain_that_is_away_is_asked_once_for_all(watched):
    watch, door, _ = watched
    door.away = True
    await asyncio.gather(*(watch.look() for _ in range(CALLERS)))
    assert (door.looks, watch.block_time) == (1, None)
    door.away = False
    await watch.look()
    assert watch.block_time is not None


async def test_who_gives_up_waiting_leaves_the_look_to_the_others(watched):
    watch, door, _ = watched
    first, other = asyncio.create_task(watch.look()), asyncio.create_task(watch.look())
    await asyncio.sleep(0)
    first.cancel()
    await other
    assert door.looks == 1
    assert watch.block_time is not None


async def test_what_a_listener_meets_is_told_to_all_who_waited_and_not_at_the_end(watched):
    watch, _, _ = watched

    async def listener(_block: Block, _past: int) -> None:
        raise RuntimeError("a listener's fault")

    watch.seen.heard_by(listener)
    met = await asyncio.gather(*(watch.look() for _ in range(3)), return_exceptions=True)
    assert all(isinstance(one, RuntimeError) for one in met)


async def test_a_past_is_another_when_the_chain_has_lost_what_was_seen(watched):
    watch, door, clock = watched
    pasts = []

    async def listener(_block: Block, past: int) -> None:
        pasts.append(past)

    watch.seen.heard_by(listener)
    for door.is_whole in (True, True, False, True):
        await watch.look()
        clock.seconds += FRESH_SECONDS
    first, second, third, fourth = pasts
    assert (first == second, second == third, third == fourth) == (True, False, True)


async def test_nobody_acts_on_a_block_before_its_listeners_followed_it(watched):
    """A message that comes while a look is followed would else be judged by what the chain said before."""
    watch, _, _ = watched
    begun, follow, followed = asyncio.Event(), asyncio.Event(), []

    async def listener(block: Block, _past: int) -> None:
        begun.set()
        await follow.wait()
        followed.append(block.number)

    watch.seen.heard_by(listener)
    first = asyncio.create_task(watch.look())
    await begun.wait()
    later = asyncio.create_task(watch.look())
    await asyncio.sleep(0)
    assert not later.done()
    follow.set()
    await asyncio.gather(first, later)
    assert followed == [7]


async def test_a_scrape_tells_how_old_the_sight_is_and_how_late_the_newest_block(watched):
    watch, _, clock = watched
    before = await watch.measures()
    assert before == {"penstock_chain_age_seconds": math.inf, "penstock_chain_lag_seconds": None}
    await watch.look()
    clock.seconds += 40
    after = await watch.measures()
    assert after["penstock_chain_age_seconds"] == 40
    assert after["penstock_chain_lag_seconds"] >= 0


@pytest.mark.parametrize(("confirmations", "cited"), [(0, 7), (2, 5), (9, 0)])
async def test_the_log_cites_no_block_that_may_still_be_taken_away(confirmations, cited):
    door, evidence = Door(), SimpleNamespace(block=None)
    programs = SimpleNamespace(chain=door, deployment=SimpleNamespace(chain_id=1))
    watch = ChainWatch(programs, evidence, Hand(), None, confirmations=confirmations)
    await watch.look()
    assert (evidence.block.number, evidence.block.hash) == (cited, bytes([cited]) * 32)
    await watch.close()
