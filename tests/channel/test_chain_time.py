"""The chain's clock as reckoned: never behind our own, running on while nobody looks; a freeze gives time back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.channel import chain_time
from connector.channel.doors import Sight
from ledger.chain.errors import ChainUnreachable
from tests.channel.rig import START


def desk(block, seen):
    sight = Sight(START + timedelta(seconds=block), START + timedelta(seconds=seen))
    return SimpleNamespace(chain=SimpleNamespace(sight=lambda _tx: sight))


def away(_tx):
    raise ChainUnreachable("nobody looked yet")


NEVER = SimpleNamespace(chain=SimpleNamespace(sight=away))


@pytest.mark.parametrize(
    ("block", "seen", "reckoned"),
    [
        (-100, 0, 0),  # a block of before: our own clock
        (50, 0, 50),  # a chain that is ahead
        (50, -10, 60),  # and was seen ten seconds ago
        (50, 10, 50),  # a clock of ours that was set back takes nothing away
        (-5, -10, 5),
    ],
)
def test_the_time_since_the_block_was_seen_is_added(block, seen, reckoned):
    assert chain_time.reckoned(None, desk(block, seen), START) == START + timedelta(seconds=reckoned)


def test_what_is_seen_is_the_block_alone():
    assert chain_time.seen(None, desk(-30, -10)) == START - timedelta(seconds=30)


def test_a_chain_that_was_never_seen_tells_our_own_time_and_ends_nothing():
    assert chain_time.reckoned(None, NEVER, START) == START
    assert chain_time.seen(None, NEVER) == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_voucher_lapses_at_its_time_and_what_a_freeze_gave_back():
    end = int(START.timestamp())
    assert chain_time.end_of(SimpleNamespace(frozen_for=0), end) == START
    assert chain_time.end_of(SimpleNamespace(frozen_for=7), end) == START + timedelta(seconds=7)
    assert chain_time.end_of(SimpleNamespace(frozen_for=7), 0) is None
