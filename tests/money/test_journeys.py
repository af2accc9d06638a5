"""Journeys of money drawn by a seed: whatever is lied, lost, restored or mined late, nothing released is lost."""

from __future__ import annotations

import os

import pytest

from tests.fault.extent import tried
from tests.money.journey import Journey
from tests.money.simulate import draw, play, shrink, told

JOURNEYS, PARTS = tried(500), 5
# the same journeys every time: `make simulate-money` is what looks for others
SEED = int(os.environ.get("PENSTOCK_MONEY_SEED") or 18)


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost(part):
    for number in range(part, JOURNEYS, PARTS):
        space, trace = draw(SEED, number)
        broken = play(space, trace)
        if broken is not None:
            less = shrink(space, trace, broken[0])
            pytest.fail(f"journey {number} of seed {SEED}: {broken[0]}\n{told(space, less)}\n{broken[1]}")


# a release is lost and claimed; the payee is restored, closes the channel, and is restored once more
FORGOTTEN_AND_CLOSED = (
    ("back_up", {"side": "payee"}),
    ("buy", {"who": 3, "rows": (0, 1), "lost": "answer"}),
    ("wait", {"hours": 24}),
    ("restore", {"side": "payee"}),
    ("settle", {"who": 3}),
    ("mine", {"seconds": 300, "most": None}),
    ("restore", {"side": "payee"}),
)


@pytest.mark.parametrize("tier", ["kept", "leased"])
def test_a_channel_is_made_level_that_was_closed_while_its_payee_had_forgotten_a_claim(tier):
    journey = Journey((tier,), (True,))
    try:
        for name, args in FORGOTTEN_AND_CLOSED:
            journey.do(name, args)
        one = journey.one(3)
        assert journey.world.chain.state.channels[one.id].closed
        journey.finish()
        row = journey.world.payee.disk.act(lambda tx: tx.get("channels", id=one.id.hex()))
        assert row["cumulative"] == row["claimed"] == one.buyer.account(one).cumulative > 0
    finally:
        journey.world.payee.end()


# a release that the payee forgot is claimed by somebody while the buyer already pays for the next window, which was
# offered as if the first had never been: its keys come with the claim, and the second voucher covers no more than one
FORGOTTEN_AND_CLAIMED_LATE = (
    ("back_up", {"side": "payee"}),
    ("buy", {"who": 0, "rows": (2, 3), "lost": "answer"}),
    ("restore", {"side": "payee"}),
    ("level", {"who": 2}),
    ("claim_for", {"who": 0, "which": 7}),
    ("buy", {"who": 0, "rows": (0, 1), "lost": "nothing"}),
)


def test_a_forgotten_release_that_is_claimed_late_is_paid_for():
    journey = Journey(("kept",), (True,))
    try:
        for name, args in FORGOTTEN_AND_CLAIMED_LATE:
            journey.do(name, args)
        journey.finish()
    finally:
        journey.world.payee.end()
