"""Settling a channel: what is asked, claimed and closed, in which order, and what is told of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.settlement import settlement
from connector.store.rows.channel import ChannelState, Side
from contracts import price_words
from contracts.address import show
from ledger.chain import batch
from tests.channel.rig import CHANNEL_ID, EXCHANGE, PAYEE, START, over_the_wire
from tests.settlement.ground import DEPOSIT, LATER, Payee

KEY = CHANNEL_ID.hex()
CLAIM, CLOSE, REFUND = f"claim:{KEY}:1", f"close:{KEY}", f"refund:{KEY}"
PAID = 70  # by the first window
SHARES = {show(PAYEE): "63", show(EXCHANGE): "7"}
NOTHING = {show(PAYEE): "0", show(EXCHANGE): "0"}
MINED = "ab" * 32


@pytest.fixture
def world():
    return Payee()


def told(settled=PAID, shares=SHARES, **more):
    return {"channel": KEY, "settled": str(settled), "bill": "", "shares": shares, **more}


# ---- before it


def test_a_preview_says_what_is_claimed_and_what_can_be(world):
    world.chain.credits[PAYEE] = 12
    line = {
        "channel": KEY, "agreement": world.pair.deal.hex(), "claimed": "0", "newest": "70", "short": "0", "bill": ""
    }  # fmt: skip
    assert world.preview() == {"channels": [line], "withdrawable": "12", "currency": "CNY"}
    assert world.chain.looked == 1
    world.put(claimed=PAID)
    assert world.preview()["channels"] == [{**line, "claimed": "70"}]
    world.put(claimed=0)
    world.pair.later(world.pair.terms.lock_ttl + 1)
    assert world.preview()["channels"] == [{**line, "newest": "0", "short": "70"}]
    assert world.chain.sent == []


def test_a_preview_is_of_channels_on_which_we_are_paid_and_that_are_not_closed(world):
    second = world.second()
    assert [one["channel"] for one in world.preview()["channels"]] == [KEY, second.hex()]
    assert [one["channel"] for one in world.preview(world.pair.deal.hex())["channels"]] == [KEY, second.hex()]
    assert world.preview("00" * 32)["channels"] == []
    world.put(state=ChannelState.CLOSED)
    world.put(second, role=Side.PAYER)
    assert world.preview()["channels"] == []


def test_a_bill_is_a_quantity_and_its_price_where_something_was_paid(world):
    bill = lambda: world.preview()["channels"][0]["bill"]  # noqa: E731
    assert bill() == ""  # of an agreement that we do not keep
    world.agree()
    assert bill() == "1000 bytes at 0.07 CNY per 100 bytes: 0.70 CNY"
    world.store.act(lambda tx: tx.update("agreements", {"digest": world.pair.deal.hex()}, terms={}))
    assert bill() == ""
    nothing = Payee(paid=False)
    nothing.agree()
    assert nothing.preview()["channels"][0]["bill"] == ""


# ---- a payee's end


def test_a_payee_asks_claims_closes_and_withdraws(world):
    world.chain.past = {100: None}  # without agreed confirmations nobody asks about a block
    world.chain.meanwhile["close"] = lambda: world.chain.credits.update({PAYEE: 63})
    deal = world.pair.deal.hex()
    assert world.settle() == {"channels": [told(agreement=deal)], "withdrawn": "63", "currency": "CNY"}
    assert [url.rsplit("/", 1)[1] for url, _, _ in world.asked] == ["acknowledgement"]
    claim = f"claim:{KEY}:2"  # with the acknowledgement, which publishes no preimage
    assert world.chain.names() == [claim, CLOSE, "withdraw:100"]
    assert world.chain.anew == {claim, CLOSE}  # what stood against them before may be over
    assert world.chain.sent[0][2][2] == bytes(32)
    row = world.row()
    assert (row.state, row.claimed, row.close_tx) == (ChannelState.CLOSED, PAID, "5c" * 32)
    claimed = {"cumulative": "70", "tx": MINED, "shares": SHARES}
    closed = {"cumulative": "70", "tx": "5c" * 32, "shares": SHARES, "refund": str(DEPOSIT - PAID)}
    assert world.recorded == [("channel.claimed", KEY, claimed), ("channel.closed", KEY, closed)]


def test_one_channel_is_closed_alone(world):
    second = world.second()
    asyncio.run(world.settlements.close(world.row()))
    assert (world.row().state, world.row(second).state) == (ChannelState.CLOSED, ChannelState.OPEN)


def test_settling_twice_settles_once(world):
    assert (world.settle("00" * 32)["channels"], world.chain.sent) == ([], [])  # none of another agreement
    first = world.settle(world.pair.deal.hex())
    sent, recorded = list(world.chain.names()), list(world.recorded)
    assert world.settle() == first
    assert (world.chain.names(), world.recorded, len(world.asked)) == (sent, recorded, 1)
    assert world.chain.looked == 3


def test_however_many_channels_there_are_the_oldest_is_told_first(monkeypatch):
    world = Payee()
    others = [world.second(bytes([0xC2 + at]) * 32) for at in range(4)]
    monkeypatch.setattr(batch, "CALLS_MAX", 2)
    assert [one["channel"] for one in world.settle()["channels"]] == [one.hex() for one in (CHANNEL_ID, *others)]
    assert all(found.closed for found in world.chain.channels.values())


def test_a_channel_on_which_nothing_was_sold_is_closed_for_nothing():
    world = Payee(paid=False)
    world.silent()
    assert world.settle()["channels"] == [told(settled=0, shares=NOTHING, agreement=world.pair.deal.hex())]
    assert world.chain.names() == [CLOSE]
    assert world.kinds() == ["channel.closed"]


def test_a_buyer_that_has_acknowledged_is_not_asked_again(world):
    world.pair.close(over_the_wire(world.pair.acknowledge()))
    world.settle()
    assert world.asked == []
    assert world.chain.names() == [f"claim:{KEY}:2", CLOSE]


def test_what_an_arbitrator_holds_is_left_out_until_that_is_over(world):
    del world.chain.channels[world.second()]  # as one is that the chain does not know
    world.chain.set(frozen_until=START + timedelta(seconds=1))
    assert world.settle() == {"channels": [], "withdrawn": "0", "currency": "CNY"}
    assert (world.asked, world.chain.sent, world.row().state) == ([], [], ChannelState.OPEN)
    world.chain.block.at += timedelta(seconds=1)
    assert len(world.settle()["channels"]) == 1


def test_what_an_arbitrator_has_ended_is_noted_and_not_sent(world):
    world.chain.set(closed=True, claimed=30, frozen_until=START + timedelta(days=1))
    [one] = world.settle()["channels"]
    assert (one["settled"], one["shares"]) == ("30", {show(PAYEE): "27", show(EXCHANGE): "3"})
    assert (world.chain.sent, world.row().state, world.row().claimed) == ([], ChannelState.CLOSED, 30)


# ---- what cannot be settled


def test_what_nothing_can_claim_keeps_its_channel_open_and_stops_no_other(world):
    second = world.second()
    world.pair.later(world.pair.terms.lock_ttl + 1)
    world.pair.window(channel=second)
    world.silent()
    first, other = world.settle()["channels"]
    assert (first["fault"]["code"], first["fault"]["text"]) == ("payment", (
        "0.70 CNY of what was released can be claimed by no voucher that is here, and the buyer did not "
        "acknowledge them (the buyer does not answer); the channel stays open"
    ))  # fmt: skip
    assert first["fault"]["hint"] == "settle again when the buyer answers; what could be claimed is claimed"
    assert first == told(settled=0, shares=NOTHING, agreement=world.pair.deal.hex(), fault=first["fault"])
    assert ("fault" in other, world.row(second).state, world.row().state) == (False, "closed", "open")
    assert not world.chain.channels[CHANNEL_ID].closed


def test_what_can_be_claimed_of_it_is_claimed(world):
    world.lose_preimage()
    world.silent()
    [one] = world.settle()["channels"]
    assert world.chain.names() == [CLAIM]
    assert (one["settled"], one["shares"]) == ("70", SHARES)
    assert one["fault"]["text"].startswith(
        f"{price_words.money(world.row().cumulative - PAID, 'CNY')} of what was released"
    )


def test_an_acknowledgement_of_less_leaves_it_open(world, monkeypatch):
    world.pair.later(world.pair.terms.lock_ttl + 1)

    async def asked(*_):
        pass

    monkeypatch.setattr(settlement.acknowledging, "ask", asked)
    [one] = world.settle()["channels"]
    assert "did not acknowledge them (its acknowledgement is for less)" in one["fault"]["text"]


def test_an_acknowledgement_that_comes_while_the_chain_is_slow_is_claimed_too(world):
    world.lose_preimage()
    world.silent()
    world.chain.meanwhile["claim"] = lambda: world.pair.close(over_the_wire(world.pair.acknowledge()))
    released = world.row().cumulative
    assert [(one["settled"], "fault" in one) for one in world.settle()["channels"]] == [(str(released), False)]
    assert world.chain.names() == [CLAIM, f"claim:{KEY}:3", CLOSE]
    assert world.kinds() == ["channel.claimed", "channel.claimed", "channel.closed"]


@pytest.mark.parametrize("brought", [PAID, PAID + 1])
def test_a_claim_that_another_overtook_is_as_good(world, brought):
    world.silent()
    world.chain.refused.add("claim")
    world.chain.meanwhile["claim"] = lambda: world.chain.set(claimed=brought)
    [one] = world.settle()["channels"]
    assert (one["settled"], "fault" in one) == (str(brought), False)
    assert world.kinds() == ["channel.closed"]


@pytest.mark.parametrize("found", [PAID - 1, None])
def test_a_claim_that_the_chain_refuses_is_told(world, found):
    world.silent()
    world.chain.refused.add("claim")
    drop = world.chain.channels.clear if found is None else lambda: world.chain.set(claimed=found)
    world.chain.meanwhile["claim"] = drop
    [one] = world.settle()["channels"]
    assert one["fault"]["text"] == "the chain refused `channels.claim`"
    assert one["settled"] == "0"
    assert world.chain.names() == [CLAIM]


def test_what_the_chain_has_paid_already_is_noted_and_not_claimed(world):
    world.silent()
    for claimed in (PAID, PAID + 1):
        world.put(claimed=0, state=ChannelState.OPEN)
        world.chain.set(claimed=claimed)
        asyncio.run(world.settlements.claim(world.row()))
        assert world.row().claimed == claimed
    assert (world.chain.sent, world.recorded) == ([], [])


def test_a_greater_claim_that_was_noted_meanwhile_is_not_lowered(world):
    world.chain.meanwhile["claim"] = lambda: world.put(claimed=PAID)
    asyncio.run(world.settlements.claim(world.row()))
    assert (world.chain.names(), world.kinds(), world.row().claimed) == ([CLAIM], [], PAID)


# ---- claiming without an end


def test_a_claim_leaves_the_channel_open(world):
    asyncio.run(world.settlements.claim(world.row()))
    assert (world.chain.names(), world.chain.anew) == ([CLAIM], {CLAIM})
    assert (world.row().state, world.row().claimed) == (ChannelState.OPEN, PAID)
    assert world.kinds() == ["channel.claimed"]


@pytest.mark.parametrize("changes", [None, {"closed": True}, {"frozen_until": START + timedelta(seconds=1)}])
def test_nothing_is_claimed_where_the_chain_would_not_take_it(world, changes):
    if changes is None:
        world.chain.channels.clear()
    else:
        world.chain.set(**changes)
    asyncio.run(world.settlements.claim(world.row()))
    assert world.chain.sent == []


def test_where_nothing_was_sold_nothing_is_claimed():
    world = Payee(paid=False)
    asyncio.run(world.settlements.claim(world.row()))
    assert (world.chain.sent, world.row().claimed) == ([], 0)


# ---- confirmations


def test_a_claim_is_confirmed_before_its_channel_is_closed(monkeypatch):
    world = Payee(confirmations=3)
    monkeypatch.setattr(settlement, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(settlement, "CONFIRMED_SECONDS", 2.0)
    asked, channel = [], world.chain.channel

    async def at(key, at=None):
        if at is not None:
            asked.append((at, list(world.chain.names())))
            return [None, SimpleNamespace(claimed=PAID - 1), SimpleNamespace(claimed=PAID)][len(asked) - 1]
        return await channel(key)

    world.chain.channel = at
    world.settle()
    claimed = [f"claim:{KEY}:2"]
    assert asked == [(97, claimed)] * 3
    assert world.row().state == ChannelState.CLOSED


@pytest.mark.parametrize(("number", "first"), [(4, 1), (3, 0), (2, 0)])
def test_a_young_chain_is_looked_at_from_its_first_block_on(number, first, monkeypatch):
    monkeypatch.setattr(settlement, "CONFIRMED_SECONDS", 2.0)
    world = Payee(confirmations=3)
    world.chain.block.number = number
    world.chain.past = {first: SimpleNamespace(claimed=PAID)}
    assert "fault" not in world.settle()["channels"][0]


def test_a_claim_that_is_never_confirmed_leaves_its_channel_closing(monkeypatch):
    world = Payee(confirmations=3)
    monkeypatch.setattr(settlement, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(settlement, "CONFIRMED_SECONDS", 0.02)
    world.chain.past = {97: SimpleNamespace(claimed=0)}
    [one] = world.settle()["channels"]
    assert one["fault"]["text"] == "the claim waits for its confirmations before the channel is closed"
    assert one["fault"]["hint"] == "settle again later"
    assert (one["settled"], world.row().state) == ("70", ChannelState.CLOSING)
    assert CLOSE not in world.chain.names()


# ---- a payer's end


@pytest.mark.parametrize(("late", "sent"), [(-1, []), (0, [REFUND]), (1, [REFUND])])
def test_a_payer_takes_back_the_rest_from_the_expiry_on(world, late, sent):
    world.put(role=Side.PAYER)
    world.chain.block.at = LATER + timedelta(seconds=late)
    assert world.settle()["channels"] == []
    assert (world.chain.names(), world.row().state) == (sent, ChannelState.CLOSED if sent else ChannelState.OPEN)
    assert world.kinds() == ["channel.closed"] * len(sent)
    world.settle()
    assert (world.chain.names(), len(world.recorded)) == (sent, len(sent))


def test_a_payer_notes_what_its_payee_closed_and_sends_nothing(world):
    world.put(role=Side.PAYER)
    world.chain.block.at = LATER
    world.chain.set(closed=True, claimed=30)
    world.settle()
    assert (world.chain.sent, world.row().state, world.row().claimed) == ([], ChannelState.CLOSED, 30)
    assert world.recorded[0][2]["refund"] == str(DEPOSIT - 30)
    gone = Payee()
    gone.put(role=Side.PAYER)
    gone.chain.block.at = LATER
    gone.chain.channels.clear()
    assert (gone.settle()["channels"], gone.chain.sent, gone.row().state) == ([], [], ChannelState.OPEN)


def test_a_refund_that_failed_is_told_with_its_channel(world):
    world.put(role=Side.PAYER)
    world.chain.block.at = LATER
    world.chain.refused.add("refund")
    [one] = world.settle()["channels"]
    assert (one["channel"], one["fault"]["code"]) == (KEY, "chain-reverted")
    world.put(state=ChannelState.CLOSED)
    world.chain.channels = None  # it is not asked about what is over
    assert world.settle()["channels"] == []


# ---- what the chain closed


def test_a_closed_channel_is_noted_once_and_an_open_one_is_not(world):
    note = lambda row: asyncio.run(world.settlements.note_closed(row))  # noqa: E731
    before = world.row()
    world.chain.set(claimed=5)
    assert (note(before), world.row().state, world.recorded) == (5, ChannelState.OPEN, [])
    world.chain.set(closed=True)
    assert note(before) == note(before) == note(world.row()) == 5
    assert (world.kinds(), world.row().claimed) == (["channel.closed"], 5)
    world.chain.channels.clear()
    assert note(world.row()) == 5


def test_what_was_offered_on_a_channel_that_the_chain_has_closed_waits_for_nobody():
    """A back-up may have it as offered: it would count as unreleased on every other channel of the agreement."""
    world, forgotten = Payee(paid=False), []
    world.core.topics.release_forgotten.heard_by(forgotten.append)
    world.pair.request(world.pair.plan(world.pair.want([0])))
    assert world.pair.states("payee") == ["offered"]
    world.chain.set(closed=True)
    assert asyncio.run(world.settlements.note_closed(world.row())) == 0
    assert (world.pair.states("payee"), forgotten) == (["void"], [])


def test_a_channel_closed_at_more_than_is_known_is_told():
    world, forgotten = Payee(paid=False), []
    world.core.topics.release_forgotten.heard_by(forgotten.append)
    world.chain.set(closed=True, claimed=PAID)
    asyncio.run(world.settlements.note_closed(world.row()))
    assert forgotten == [KEY]
