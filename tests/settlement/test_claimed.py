"""What a closed channel keeps of what the chain paid for: nobody follows it any more (decision 0122)."""

from __future__ import annotations

import asyncio

import pytest

from connector.channel import account as accounts
from tests.settlement.ground import DEPOSIT, Payee

PAID = 70  # by the first window


@pytest.mark.parametrize(
    ("about", "claimed", "known"),
    [
        ({"claimed": 0}, PAID, None),  # as much as was released: nothing is forgotten
        ({"claimed": PAID + 1}, PAID + 1, b"newest"),
        ({"claimed": 0}, PAID + 1, b"newest"),
        ({"claimed": PAID + 1, "claimed_as": b"before"}, PAID + 1, b"before"),
        ({"claimed": PAID, "claimed_as": b"before"}, PAID + 1, b"newest"),
        ({"role": accounts.PAYER}, PAID + 1, None),
    ],
)
def test_a_closed_channel_keeps_what_the_chain_paid_for(about, claimed, known):
    world = Payee()
    world.put(**about)
    world.chain.claims = [b"oldest", b"newest"]
    world.chain.set(claimed=claimed, closed=True, deposit=DEPOSIT + 7)
    assert asyncio.run(world.settlements.note_closed(world.row())) == claimed
    row = world.row()
    assert (row["state"], row["claimed_as"], row["deposit"]) == (accounts.CLOSED, known, DEPOSIT + 7)
