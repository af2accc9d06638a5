"""Freezing and dividing a channel, clause by clause of spec 3.4; refusals are tests with their names."""

from __future__ import annotations

from eth_hash.auto import keccak

from contracts.typed_data import Final
from ledger.chain import acts

from .stage import DAY

RULING = keccak(b"ruling")


async def test_freeze_twice_is_refused(stage):
    channel = await stage.open()
    await stage.do(acts.freeze(stage.deployment, channel, DAY), "arbitrator")
    again = acts.freeze(stage.deployment, channel, DAY)
    await stage.refuses(again, "channels: frozen once already", "arbitrator")
    await stage.advance(2 * DAY)
    await stage.refuses(again, "channels: frozen once already", "arbitrator")


async def test_a_freeze_over_the_period_or_by_another_is_refused(stage):
    channel = await stage.open()
    await stage.refuses(
        acts.freeze(stage.deployment, channel, 5 * DAY + 1), "channels: freeze over period", "arbitrator"
    )
    await stage.refuses(acts.freeze(stage.deployment, channel, DAY), "channels: not the arbitrator", "provider")


async def test_a_freeze_after_expiry_is_refused(stage):
    channel = await stage.open(expiry=await stage.now() + 1000)
    await stage.advance(1001)
    await stage.refuses(acts.freeze(stage.deployment, channel, DAY), "channels: past expiry", "arbitrator")


async def test_a_freeze_stops_claim_close_and_refund_and_gives_the_time_back(stage):
    channel = await stage.open(expiry=await stage.now() + 5000)
    short = stage.claim(channel, 1000, valid_until=await stage.now() + 2000)
    expiry = (await stage.programs.channel(channel)).expiry
    await stage.do(acts.freeze(stage.deployment, channel, DAY), "arbitrator")
    assert ((await stage.programs.channel(channel)).expiry - expiry).total_seconds() == DAY
    await stage.advance(6000)
    await stage.refuses(short, "channels: frozen")
    await stage.refuses(acts.close(stage.deployment, channel), "channels: frozen", "provider")
    await stage.refuses(acts.refund(stage.deployment, channel), "channels: refund too early", "buyer")
    await stage.advance(DAY - 6000 + 1000)
    await stage.do(short)
    assert (await stage.programs.channel(channel)).claimed == 1000


async def test_a_voucher_dead_before_the_freeze_stays_dead(stage):
    channel = await stage.open()
    dead = stage.claim(channel, 1000, valid_until=await stage.now() + 100)
    await stage.advance(500)
    await stage.do(acts.freeze(stage.deployment, channel, 1000), "arbitrator")
    await stage.advance(1001)
    await stage.refuses(dead, "channels: voucher lapsed")


async def test_a_final_dead_before_the_freeze_does_not_come_back_in_it(stage):
    channel = await stage.open()
    final = Final(channel, 500, keccak(b"account"), await stage.now() + 100)
    act = acts.finalise(stage.deployment, final, stage.sign(final), stage.sign(final, "provider"))
    await stage.advance(500)
    await stage.do(acts.freeze(stage.deployment, channel, 1000), "arbitrator")
    await stage.refuses(act, "channels: final lapsed")


async def test_arbitrator_outside_the_rest_is_refused(stage):
    channel = await stage.open()
    await stage.do(stage.claim(channel, 4000))
    within = acts.divide(stage.deployment, channel, 6000, RULING)
    await stage.do(acts.freeze(stage.deployment, channel, DAY), "arbitrator")
    outside = acts.divide(stage.deployment, channel, 6001, RULING)
    await stage.refuses(outside, "channels: outside the unclaimed rest", "arbitrator")
    await stage.refuses(within, "channels: not the arbitrator", "provider")
    await stage.do(within, "arbitrator")
    assert await stage.credits("provider", "exchange", "buyer") == [9000, 1000, 0]


async def test_the_arbitrator_divides_the_rest_and_leaves_the_claimed(stage):
    channel = await stage.open()
    await stage.do(stage.claim(channel, 4000))
    await stage.do(acts.freeze(stage.deployment, channel, DAY), "arbitrator")
    await stage.do(acts.divide(stage.deployment, channel, 0, RULING), "arbitrator")
    assert await stage.credits("provider", "exchange", "buyer") == [3600, 400, 6000]
    [divided] = await stage.programs.events("channels", "Divided", channelId=channel)
    assert (divided.fields["toPayees"], divided.fields["toPayer"]) == (0, 6000)


async def test_a_ruling_at_once_is_one_call(stage):
    channel = await stage.open()
    await stage.do(stage.claim(channel, 4000))
    await stage.do(acts.divide(stage.deployment, channel, 1000, RULING), "arbitrator")
    assert await stage.credits("provider", "exchange", "buyer") == [4500, 500, 5000]
    assert (await stage.programs.channel(channel)).closed


async def test_a_division_where_no_freeze_was_agreed_is_refused(stage):
    channel = await stage.open(freeze_seconds=0)
    await stage.refuses(acts.divide(stage.deployment, channel, 1, RULING), "channels: not frozen", "arbitrator")


async def test_a_division_after_expiry_is_refused(stage):
    channel = await stage.open(expiry=await stage.now() + 1000)
    await stage.advance(1001)
    await stage.refuses(acts.divide(stage.deployment, channel, 1, RULING), "channels: not frozen", "arbitrator")


async def test_division_after_the_freeze_has_passed_is_refused(stage):
    channel = await stage.open()
    await stage.do(acts.freeze(stage.deployment, channel, 1000), "arbitrator")
    await stage.advance(1001)
    await stage.refuses(acts.divide(stage.deployment, channel, 1, RULING), "channels: not frozen", "arbitrator")


async def test_both_parties_may_settle_a_frozen_channel(stage):
    channel = await stage.open()
    await stage.do(acts.freeze(stage.deployment, channel, DAY), "arbitrator")
    final = Final(channel, 500, keccak(b"account"), 0)
    await stage.do(acts.finalise(stage.deployment, final, stage.sign(final), stage.sign(final, "provider")))
    assert (await stage.programs.channel(channel)).closed
