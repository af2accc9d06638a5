"""What is kept of the chain's events is what a reading of everything shows, whatever the chain took back meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.exchange import chain_events
from connector.exchange.chain_events import ChainEvents
from connector.runtime.clock import Clock
from ledger.chain.client import Block, Event, Program
from ledger.chain.several import SETTLED_BLOCKS

CHANNELS = Program("channels", bytes(20))
AT = Clock().now()


class Past:
    """A chain of blocks, each with an event or none, that counts the blocks it was asked for events of."""

    def __init__(self):
        self.blocks, self.read, self.drawn = [], 0, 0
        self.chain = self.programs = self

    def grow(self, *marks):
        for has_event in marks:
            self.drawn += 1
            self.blocks.append((self.drawn.to_bytes(32, "big"), has_event))

    def drop(self, depth):
        del self.blocks[max(len(self.blocks) - depth, 0) :]

    async def block(self, number):
        if number >= len(self.blocks):
            return None
        return Block(number, self.blocks[number][0], AT, bytes(32))

    async def events(self, _program, _name, first, last):
        self.read += max(last + 1 - first, 0)
        return self.every()[sum(has for _, has in self.blocks[:first]) :]

    def every(self):
        told = enumerate(self.blocks)
        return [Event("Opened", {"mark": mark}, CHANNELS, at, mark, mark, 0) for at, (mark, has) in told if has]

    @property
    def newest(self):
        return len(self.blocks) - 1


def asked(past):
    return ChainEvents(past)


@given(
    st.lists(
        st.tuples(st.integers(0, 3 * SETTLED_BLOCKS), st.lists(st.booleans(), min_size=1, max_size=30)), max_size=8
    )
)
@example([(0, [False] * 13), (10, [False]), (4, [True])])
async def test_it_is_what_a_whole_reading_shows(turns):
    past = Past()
    events = asked(past)
    for depth, marks in turns:
        past.drop(depth)
        past.grow(*marks)
        assert await events.of("channels", past.newest) == past.every()


async def test_settled_blocks_are_read_once():
    past = Past()
    past.grow(*[True] * 1_000)
    events = asked(past)
    for _ in range(5):
        await events.of("channels", past.newest)
    assert past.read == 1_000 + 4 * SETTLED_BLOCKS


async def test_a_past_that_changed_below_what_is_settled_is_read_anew():
    past = Past()
    past.grow(*[True] * 100)
    events = asked(past)
    await events.of("channels", past.newest)
    past.drop(50)
    past.grow(*[True] * 60)
    assert await events.of("channels", past.newest) == past.every()


class Claims(Past):
    """A chain whose events are claims on three channels."""

    async def events(self, program, name, first, last, **filters):
        found = await super().events(program, name, first, last)
        return [event for event in found if filters.items() <= event.fields.items()]

    def every(self):
        return [
            replace(event, name="Claimed", fields={"channelId": event.block_hash[-1:], "accountHash": event.block_hash})
            for event in super().every()
        ]

    def claim(self, channel):
        """Return the newest claim on a channel as a whole reading shows it."""
        return next((event for event in reversed(self.every()) if event.fields["channelId"] == channel), None)


@given(
    st.lists(
        st.tuples(st.integers(0, 3 * SETTLED_BLOCKS), st.lists(st.booleans(), min_size=1, max_size=30)), max_size=8
    ),
    st.sampled_from([200_000, 20, 0]),
)
async def test_the_newest_claim_is_that_of_a_whole_reading(turns, most):
    past = Claims()
    events = asked(past)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain_events, "CHAIN_EVENTS_KEPT_MAX", most)
        for depth, marks in turns:
            past.drop(depth)
            past.grow(*marks)
            for channel in (b"\1", b"\7", b"\x20"):
                assert await events.claim(channel, past.newest) == past.claim(channel)


async def test_a_claim_costs_the_blocks_since_the_last_question_alone():
    """A trade is shown after each settlement: it must not cost the chain's whole past each time."""
    past = Claims()
    past.grow(*[True] * 1_000)
    events = asked(past)
    for number in range(20):
        channel = bytes([past.blocks[-1][0][-1]])
        assert (await events.claim(channel, past.newest)).block == past.newest
        past.grow(True)
        assert past.read <= 1_000 + number * (SETTLED_BLOCKS + 1)


@pytest.mark.parametrize("most", [0, 40])
async def test_what_is_over_the_limit_is_not_kept_and_told_all_the_same(monkeypatch, most):
    monkeypatch.setattr(chain_events, "CHAIN_EVENTS_KEPT_MAX", most)
    past = Past()
    events = asked(past)
    for _ in range(3):
        past.grow(*[True] * 30)
        assert await events.of("channels", past.newest) == past.every()
        assert sum(map(len, events._kept.values())) <= most
