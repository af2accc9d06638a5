"""A payee that knows nothing of a channel which is on chain: it may be behind; later it went on with a back-up."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.channel.errors import fault
from connector.consumer.next_channel import CODES, NO_TRANSFER, SEEN_WITHIN, NextChannels
from connector.negotiation.ending import FORGOTTEN
from connector.negotiation.protocol.states import STARTED, TERMINATED
from connector.runtime.errors import Absent, PeerUnreachable
from connector.settlement.paying import UNMET
from tests.channel.rig import KEPT, START
from tests.consumer.test_deposit import BLOCK, CONFIRMATIONS, ROW, _deposits
from tests.consumer.test_steps import _ended
from tests.settlement.ground import Chain, Shelf, opened

SECOND = timedelta(seconds=1)


def _asked(code, after, transfers=None, row=ROW, *more):
    """What is raised when a payee answers with a code, so long after its channel was opened."""
    chain, shelf = Chain(), Shelf()
    chain.past, chain.block.number = {BLOCK: opened()}, BLOCK + CONFIRMATIONS
    shelf.act(asyncio.run(_deposits(chain).opened(ROW, KEPT.json())))
    core = SimpleNamespace(store=shelf, clock=SimpleNamespace(now=lambda: START + after))
    shelf.act(lambda tx: [tx.insert(one) for one in more])
    parts = NextChannels(core, chain, None, chain, None, SimpleNamespace(transfers=transfers))
    asyncio.run(parts.refuse_forgotten(row, fault(code, "said by the payee")))


def test_it_is_asked_again_while_its_node_may_be_behind():
    with pytest.raises(PeerUnreachable, match="does not see the channel yet"):
        _asked(UNMET, SEEN_WITHIN - SECOND)


def test_later_it_is_said_that_it_went_on_with_a_back_up():
    with pytest.raises(Absent, match="went on with a back-up") as told:
        _asked(UNMET, SEEN_WITHIN)
    assert "comes back" in told.value.hint


def test_so_it_is_said_at_once_of_an_agreement_that_it_signed():
    with pytest.raises(Absent, match="nothing of the agreement under which you paid in: it went on with a back-up"):
        _asked("unknown-agreement", SECOND)


@pytest.mark.parametrize(("state", "ended"), [(STARTED, 1), (TERMINATED, 0)])
def test_a_transfer_that_it_forgot_is_ended_and_another_one_asked_for(state, ended):
    said = []
    transfers = SimpleNamespace(terminate=lambda _tx, pid, reason, _now: said.append((pid, reason)))
    with pytest.raises(PeerUnreachable, match="another is asked for"):
        _asked(NO_TRANSFER, SECOND, transfers, SimpleNamespace(**vars(ROW), its_transfer="t"), _ended(FORGOTTEN, state))
    assert said == [("t", FORGOTTEN)] * ended


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_channel_that_is_over_by_its_word_alone_is_asked_about_again(code):
    """Its node is ahead of ours, or the close was taken back: the chain says what counts, in a moment."""
    with pytest.raises(PeerUnreachable, match="the chain not yet"):
        _asked(code, SEEN_WITHIN)


def test_another_fault_is_none_of_this():
    _asked("stopped", SEEN_WITHIN)
