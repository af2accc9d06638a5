"""The balance after each movement is the sum of all up to it, however the chain is read and whatever it takes back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from connector.settlement.movements import Movements, moved
from ledger.chain.several import SETTLED_BLOCKS
from tests.core import core

US, BEFORE, THEM, ISSUER = b"u" * 20, b"b" * 20, b"t" * 20, bytes(20)
OWN = frozenset({US, BEFORE})
BEGUN = datetime(2026, 11, 23, tzinfo=UTC)


def event(block, position, sender, receiver, value):
    fields = {"sender": sender, "receiver": receiver, "value": value}
    return SimpleNamespace(block=block, position=position, transaction=bytes([position] * 32), fields=fields)


@st.composite
def transfers(draw):
    """Transfers in the chain's order of which none spends what is not there."""
    held, told = 0, []
    for at, value in enumerate(draw(st.lists(st.integers(0, 10**20), max_size=40))):
        way = draw(st.sampled_from(["in", "out", "self", "mint"]))
        out = min(value, held) if way == "out" else value
        ends = {"in": (THEM, US), "out": (US, THEM), "self": (BEFORE, US), "mint": (ISSUER, US)}[way]
        held += {"in": value, "out": -out, "self": 0, "mint": value}[way]
        told.append(event(at // 3 + 1, at, *ends, out))
    return told


@given(transfers())
def test_the_balance_after_a_movement_is_the_sum_of_all_up_to_it(told):
    times = {one.block: BEGUN for one in told}
    found = moved(OWN, told, times, 0)
    assert [one.balance for one in found] == [sum(each.amount for each in found[: at + 1]) for at in range(len(found))]
    came = sum(one.fields["value"] for one in told if one.fields["receiver"] in OWN)
    gone = sum(one.fields["value"] for one in told if one.fields["sender"] in OWN)
    assert (found[-1].balance if found else 0) == came - gone
    assert all(one.amount and one.other not in OWN for one in found)


class Chain:
    """Blocks with a state each, and the events in them; it counts the blocks of which events were asked for."""

    def __init__(self):
        self.told, self.number, self.branch, self.asked = [], 0, 0, []

    async def newest(self):
        return await self.block(self.number)

    async def block(self, number):
        at = BEGUN + timedelta(seconds=number)
        return SimpleNamespace(number=number, at=at, branch=self.branch) if number <= self.number else None

    async def events(self, _program, _event, first, last, **filters):
        self.asked.append((first, last))
        [(side, account)] = filters.items()
        return [one for one in self.told if first <= one.block <= last and one.fields[side] == account]


def looked(chain):
    programs = SimpleNamespace(chain=chain, events=chain.events)
    return Movements(core(keys=SimpleNamespace(accounts=(US,))), programs)


def test_settled_blocks_are_read_once_and_what_is_taken_back_is_forgotten():
    chain = Chain()
    chain.told = [event(1, 1, ISSUER, US, 100), event(2, 2, US, THEM, 30), event(9, 9, THEM, US, 5)]
    chain.number = SETTLED_BLOCKS + 4

    async def story():
        movements = looked(chain)
        assert [one.balance for one in await movements.all()] == [100, 70, 75]
        chain.number += 1
        chain.told.append(event(chain.number, 12, US, THEM, 75))
        again = await movements.all()
        assert [one.balance for one in again] == [100, 70, 75, 0]
        assert chain.asked[-1][0] == 5, "blocks 0 to 4 were settled at the first look"
        assert again == await looked(chain).all()
        # a reorganisation takes the payment of block 2 back
        chain.branch, chain.told = 1, [one for one in chain.told if one.block != 2]
        chain.told[-1].fields["value"] = 60
        assert [one.balance for one in await movements.all()] == [100, 105, 45]

    asyncio.run(story())
