"""Asking a buyer for its acknowledgement: what it is told, and what its answer changes."""

from __future__ import annotations

import asyncio

import pytest

from connector.channel import wire
from connector.channel.errors import ChannelFault
from connector.channel.messages import Released
from connector.runtime.errors import Absent, PeerUnreachable
from connector.settlement import acknowledging
from tests.channel.rig import BUYER_DID, CHANNEL_ID
from tests.settlement.ground import Ground


@pytest.fixture
def ground():
    made = Ground()
    made.pair.window()
    return made


def ask(ground):
    asyncio.run(acknowledging.ask(ground.core, ground.view, ground.pair.holder, ground.payments, ground.row()))


def test_a_buyer_is_asked_for_what_was_released_and_its_answer_is_taken(ground):
    account = ground.pair.account("payee")
    ask(ground)
    [(url, body, headers)] = ground.asked
    assert url == f"https://buyer.example/channel/{CHANNEL_ID.hex()}/acknowledgement"
    told = wire.encode(Released(account.seq, account.account_hash))
    assert body == {**told, wire.CHECKPOINT: f"ours for {BUYER_DID}"}
    assert headers == {"for": BUYER_DID}
    assert ground.pair.states("payee") == ["acknowledged", "closing"]
    assert ground.kept == [(BUYER_DID, "theirs")]


def test_who_is_no_member_any_more_is_not_asked(ground):
    ground.space.members.clear()
    with pytest.raises(Absent, match=f"`{BUYER_DID}` is no member of the space any more"):
        ask(ground)
    assert ground.asked == []


def test_a_voucher_that_acknowledges_nothing_is_not_taken(ground):
    request = ground.pair.plan()
    ground.answer = lambda: ground.pair.sign(request, ground.pair.request(request))
    with pytest.raises(ChannelFault):
        ask(ground)
    assert "closing" not in ground.pair.states("payee")


def test_a_buyer_that_is_away_is_told_as_that(ground):
    ground.answer = lambda: None
    with pytest.raises(PeerUnreachable):
        ask(ground)
    assert ground.pair.states("payee") == ["paid"]
