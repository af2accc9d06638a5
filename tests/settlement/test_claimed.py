"""What a closed channel keeps of what the chain paid for: nobody follows it any more (decision 0123)."""

from __future__ import annotations

import asyncio

import pytest

from connector.store.rows.channel import ChannelState, Side
from ledger.chain.errors import ChainUnreachable
from ledger.edition import mask
from tests.every import every
from tests.settlement.ground import DEPOSIT, Payee

PAID = 70  # by the first window


@every(
    ("about", "claimed", "known"),
    [
        ({"claimed": 0}, PAID, None),  # as much as was released: nothing is forgotten
        ({"claimed": PAID + 1}, PAID + 1, mask.lock(b"2" * 32)),
        ({"claimed": 0}, PAID + 1, mask.lock(b"2" * 32)),
        ({"claimed": PAID + 1, "claimed_lock": b"before"}, PAID + 1, b"before"),
        ({"claimed": PAID, "claimed_lock": b"before"}, PAID + 1, mask.lock(b"2" * 32)),
        ({"role": Side.PAYER}, PAID + 1, None),
    ],
)
def test_a_closed_channel_keeps_what_the_chain_paid_for(about, claimed, known):
    world = Payee()
    world.put(**about)
    world.chain.claims = [b"1" * 32, b"2" * 32, bytes(32)]  # free money that was claimed opened no lock
    world.chain.set(claimed=claimed, closed=True, deposit=DEPOSIT + 7)
    assert asyncio.run(world.settlements.note_closed(world.row())) == claimed
    row = world.row()
    assert (row.state, row.claimed_lock, row.deposit) == (ChannelState.CLOSED, known, DEPOSIT + 7)


def test_one_whose_closing_the_chain_does_not_tell_yet_stays_open():
    world = Payee()
    world.chain.set(closed=True)
    world.chain.tells = False
    with pytest.raises(ChainUnreachable):
        asyncio.run(world.settlements.note_closed(world.row()))
    assert (world.row().state, world.recorded) == (ChannelState.OPEN, [])
