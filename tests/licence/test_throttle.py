"""Limits of sealed bytes: each agreement's own, and one for all that is shared by weights."""

from __future__ import annotations

import asyncio
import time

import pytest

from connector.licence.throttle import BURST_SECONDS, Throttle
from connector.runtime import settings
from connector.runtime.errors import SettingsError
from connector.runtime.settings_sources import shares
from tests.every import every

A, B, C = ("0a" * 32, "0b" * 32, "0c" * 32)
SIZE = 1000
RATE = 200_000
AT_ONCE = int(BURST_SECONDS * RATE / SIZE) + 1  # of whoever asks first


async def order_of(throttle, wishes):
    """Have each agreement ask for so many turns at once; return who came when."""
    came = []

    async def ask(agreement):
        await throttle.turn(agreement, SIZE)
        came.append(agreement)

    await asyncio.gather(*(ask(agreement) for agreement, turns in wishes.items() for _ in range(turns)))
    return came


async def test_without_limits_nobody_waits():
    throttle = Throttle(lambda: 0.0)
    assert len(await order_of(throttle, {A: 100, B: 1})) == 101


@pytest.mark.parametrize(("weights", "share"), [({}, 20), ({A: 3}, 30), ({A: 3, B: 3}, 20), ({B: 4}, 8)])
async def test_agreements_share_the_rate_by_their_weights(weights, share):
    throttle = Throttle(time.monotonic, total=RATE, weights=weights)
    came = await order_of(throttle, {A: 60, B: 60})
    assert abs(came[AT_ONCE : AT_ONCE + 40].count(A) - share) <= 2


async def test_who_comes_late_gets_its_share_and_no_more():
    """One that asked for nothing has saved nothing up."""
    throttle = Throttle(time.monotonic, total=RATE)
    await order_of(throttle, {A: 50})
    came = await order_of(throttle, {A: 20, B: 20})
    assert abs(came[:20].count(B) - 10) <= 2


@pytest.mark.parametrize("limits", [{"total": 20_000}, {"each": 20_000}, {"rates": {A: 20_000}}])
async def test_no_more_than_the_rate_leaves(limits):
    throttle = Throttle(time.monotonic, **limits)
    begun = time.monotonic()
    for _ in range(5):
        await throttle.turn(A, SIZE)
    assert time.monotonic() - begun >= 4 * SIZE / 20_000 - BURST_SECONDS


async def test_a_limit_of_one_agreement_is_not_another_ones():
    throttle = Throttle(time.monotonic, rates={A: 1})
    slow = asyncio.create_task(order_of(throttle, {A: 2}))
    assert len(await order_of(throttle, {B: 100, C: 100})) == 200
    assert not slow.done()
    slow.cancel()


async def test_who_gives_up_costs_nothing():
    throttle = Throttle(time.monotonic, total=10_000)
    await throttle.turn(A, SIZE)
    gone = [asyncio.create_task(throttle.turn(A, 1_000_000)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    async with asyncio.timeout(5):
        await throttle.turn(B, SIZE)


@every("line", ["", A, f"{A}=", f"{A}=0", f"{A}=-1", f"{A}=x", "ab=1", f"{'z' * 64}=1"])
def test_a_line_that_is_none_is_refused(line):
    with pytest.raises(SettingsError, match="digest of an agreement"):
        settings.build({"server.development": True, "transfers.rates": (line,)})


def test_lines_are_read():
    assert shares([f"{A}=5", f"{B.upper()}=7"]) == {A: 5, B: 7}
