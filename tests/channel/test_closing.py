"""Closing a channel as its payee: at what, at what not, and what is given up by it."""

from __future__ import annotations

import pytest

from connector.channel import account as accounts
from connector.channel import claims, closing
from connector.channel.closing import Picked
from connector.channel.errors import ChannelFault
from connector.channel.messages import RefusalMessage
from connector.enforcement.counted import Held
from connector.store.rows.channel import ChannelState
from tests.channel.faulty import refused
from tests.channel.rig import CHANNEL_ID, LEASED, Pair, over_the_wire


def begin(pair):
    return pair.payee_db.act(lambda tx: closing.begin(tx, pair.holder, CHANNEL_ID, pair.now))


def claimable(pair):
    return pair.payee_db.act(lambda tx: claims.newest(tx, pair.holder, CHANNEL_ID, pair.now)).voucher.cumulative_amount


def test_a_channel_on_which_nothing_was_released_is_closed_at_nothing():
    pair = Pair()
    assert begin(pair) == Picked(None, 0)
    assert pair.account("payee").state == ChannelState.CLOSING
    refused("channel-closing", pair.payee_db, lambda: pair.request(pair.plan()))


def test_a_channel_is_closed_at_all_that_was_released():
    pair = Pair()
    pair.window()
    picked = begin(pair)
    assert (picked.claim.voucher.cumulative_amount, picked.short) == (70, 0)
    assert begin(pair) == picked


def test_what_can_be_claimed_by_nothing_keeps_the_channel_as_it_is():
    """Its voucher has lapsed: only an acknowledgement brings the money still, and the offer stands."""
    pair = Pair()
    pair.window()
    pair.later(2 * 86_400)
    pair.request(pair.plan(pair.want([1])))
    assert begin(pair) == Picked(None, 70)
    assert pair.account("payee").state == ChannelState.OPEN
    assert pair.states("payee") == ["paid", "offered"]


def test_what_was_offered_is_given_up_with_what_it_held():
    pair = Pair(LEASED)
    pair.judge.held = (Held("permission/0", "count", 1, 3),)
    request = pair.plan(pair.want(use=1, reader=pair.keyring.fresh()))
    voucher = pair.sign(request, pair.request(request))
    begin(pair)
    [row] = pair.payee_db.act(lambda tx: tx.find("windows"))
    assert (row["state"], row["code"], row["secret"]) == ("void", accounts.ENDING, None)
    assert [use["state"] for use in pair.payee_db.act(lambda tx: tx.find("uses"))] == ["returned"]
    answer = pair.pay(voucher)
    assert (type(answer), answer.code) == (RefusalMessage, accounts.ENDING)
    told = {"code": accounts.ENDING, "text": "the channel is being settled: go on in another"}
    assert answer.reasons == (told,)


@pytest.mark.parametrize("state", [ChannelState.STOPPED, ChannelState.OPEN])
def test_a_stopped_channel_stays_stopped(state):
    pair = Pair()
    pair.window()
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, state=state))
    assert begin(pair).claim.voucher.cumulative_amount == 70
    assert pair.account("payee").state == (ChannelState.CLOSING if state == ChannelState.OPEN else state)


def test_from_the_pick_on_nothing_is_offered_taken_or_released():
    pair = Pair()
    pair.window(pair.want([0]))
    due = claimable(pair)
    request = pair.plan(pair.want([1]))
    voucher = pair.sign(request, pair.request(request))
    picked = begin(pair)
    assert (picked.claim.voucher.cumulative_amount, picked.short) == (due, 0)
    answer = pair.pay(voucher)
    assert (type(answer), answer.code) == (RefusalMessage, "channel-closing")
    pair.refuse(over_the_wire(answer))
    assert pair.states("payer")[-1] == "void", "the buyer may sign elsewhere at once"
    with pytest.raises(ChannelFault) as refused:
        pair.request(pair.plan(pair.want([2])))
    assert refused.value.code == "channel-closing"
    assert begin(pair) == picked
    assert pair.payee_db.act(lambda tx: claims.urgent(tx, pair.holder, pair.now))[0][1] == picked.claim


def test_an_acknowledgement_is_taken_while_the_channel_closes():
    pair = Pair()
    pair.window(pair.want([0]))
    begin(pair)
    last = over_the_wire(pair.acknowledge())
    pair.close(last)
    assert begin(pair).claim.voucher == last.voucher
