"""F12: every voucher attack before both judges; a refusal changes nothing, and the honest voucher counts afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import pytest_asyncio

from connector.channel import wire
from connector.channel.messages import ReleaseMessage
from contracts import signature
from contracts.split import Split
from contracts.typed_data import Final
from ledger.chain import acts
from ledger.chain.errors import ChainRefused
from ledger.edition.mask import lock
from tests.fault import extent
from tests.fault.attacks import ATTACKS, PAYS, Shot
from tests.fault.extent import drawn
from tests.fault.stall import DAY, DEPOSIT, FREEZE_SECONDS, key_of, stall

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="module")]

LEAST = 40  # F12
DRAWN = 12
assert len([attack for attack in ATTACKS.values() if PAYS not in attack.on]) >= LEAST, "both judges refuse so many"


@dataclass
class Scene:
    """A channel with one window paid and claimed on the chain, and an offer whose honest voucher is not yet sent."""

    stall: object
    channel: bytes
    other: bytes
    deposit: int
    paid: object
    honest: Shot

    @property
    def now(self):
        return int(self.stall.clock.now().timestamp())

    @property
    def chain_id(self):
        return self.stall.deployment.chain_id


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory):
    async with stall(tmp_path_factory.mktemp("stall") / "provider") as made:
        yield made


async def set_up(shop):
    """Return a `Scene` on a fresh channel."""
    channel, other = await shop.open(), await shop.open()
    paid = await shop.buy(channel, set_up.rows)
    await shop.buy(other, set_up.rows + 1)
    await shop.do(acts.claim(shop.deployment, paid.voucher, paid.signature, paid.preimage), "anyone")
    offer = await shop.offer(channel, set_up.rows + 2)
    set_up.rows += 3
    voucher = shop.voucher(offer)
    honest = Shot(voucher, shop.sign(voucher), await shop.preimage(offer))
    return Scene(shop, channel, other, DEPOSIT, paid, honest)


set_up.rows = 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(shop):
    return await set_up(shop)


async def refused_off_chain(scene, shot, code):
    """Send it over HTTP: the code, and nothing is stored."""
    before = await scene.stall.kept()
    channel = scene.other if shot.voucher.channel_id == scene.other else scene.channel
    status, body = await scene.stall.send(channel, shot.voucher, shot.signature, shot.what)
    if code == "given before":
        assert body["t"] == scene.paid.preimage.hex()
    else:
        assert 400 <= status < 500, body
        assert body["code"].startswith(code), body
        assert "t" not in body
    assert await scene.stall.kept() == before


@pytest.mark.parametrize("name", drawn(ATTACKS, DRAWN))
async def test_an_attack(scene, name, record_property):
    record_property(extent.ATTACKS, 1)
    attack = ATTACKS[name]
    shot = attack.forge(scene)
    if shot.what != "claim":
        await refused_off_chain(scene, shot, attack.off)
    said = await scene.stall.program_says(shot.voucher, shot.signature, shot.preimage)
    assert (PAYS if said is None else said) in attack.on


async def test_the_honest_voucher_still_counts_once(scene):
    shop, honest = scene.stall, scene.honest
    for _ in range(2):
        status, body = await shop.send(scene.channel, honest.voucher, honest.signature)
        assert status == 200
        body.pop(wire.CHECKPOINT)
        assert lock(wire.decode(ReleaseMessage, body).preimage) == honest.voucher.lock
    await shop.do(acts.claim(shop.deployment, honest.voucher, honest.signature, honest.preimage), "anyone")
    shop.bought |= {2}
    found = await shop.programs.channel(scene.channel)
    assert found.claimed == honest.voucher.cumulative_amount


async def test_two_vouchers_of_one_seq_stop_the_channel(shop, scene):
    """Both are kept; the program takes the newer amount, whichever is shown first, and nothing on top of it."""
    more = scene.honest.voucher
    other = shop.voucher(scene.paid.offer, seq=more.seq, cumulative_amount=more.cumulative_amount - 1)
    status, body = await shop.send(scene.channel, other, shop.sign(other))
    assert (status, body["code"]) == (409, "stopped")
    kept = (await shop.kept())["bundles"]
    assert [row["code"] for row in kept] == ["equivocation"]
    said = await shop.program_says(other, shop.sign(other), scene.paid.preimage)
    assert said == "channels: stale voucher"


# ---- a channel that is over, or held; each on a channel of its own


async def both_refuse(scene, off, on):
    await refused_off_chain(scene, scene.honest, off)
    honest = scene.honest
    assert await scene.stall.program_says(honest.voucher, honest.signature, honest.preimage) == on


async def test_after_the_payee_closed(shop):
    scene = await set_up(shop)
    await shop.do(acts.close(shop.deployment, scene.channel), "provider")
    await shop.later(60)
    await both_refuse(scene, "channel-closed", "channels: closed")


async def test_a_zero_signer_has_no_channel(shop):
    nobody = bytes(20)
    with pytest.raises(ChainRefused, match="zero address"):
        await shop.open(signer=nobody)


async def test_a_channel_that_others_are_paid_by_is_not_taken(shop):
    """The buyer as payee of its own channel: its vouchers would pay itself."""
    channel = await shop.open(split=Split(((signature.address(key_of("buyer")), 10_000),)))
    status, body = await shop.post(channel, "request", wire.encode(shop.request(channel, 7)))
    assert (status, body["code"]) == (409, "wrong-channel")


async def test_while_it_is_frozen_and_after_the_division(shop):
    scene = await set_up(shop)
    await shop.do(acts.freeze(shop.deployment, scene.channel, FREEZE_SECONDS), "arbitrator")
    await shop.later(60)
    await both_refuse(scene, "channel-closed", "channels: frozen")
    await shop.do(acts.divide(shop.deployment, scene.channel, 0, bytes(32)), "arbitrator")
    await shop.later(60)
    await both_refuse(scene, "channel-closed", "channels: closed")


async def test_after_both_settled_it(shop):
    """What both signed counts, also when the provider's own connector did not send it."""
    scene = await set_up(shop)
    final = Final(scene.channel, scene.paid.voucher.cumulative_amount, bytes(32), 0)
    both = shop.sign(final), shop.sign(final, "provider")
    await shop.do(acts.finalise(shop.deployment, final, *both), "anyone")
    await shop.later(60)
    await both_refuse(scene, "channel-closed", "channels: closed")


async def test_a_clock_that_is_turned_back_brings_nothing_back(shop):
    """The newest block counts when the provider's own clock lies; the program has no other clock anyway."""
    scene = await set_up(shop)
    await shop.later(2 * DAY)
    shop.clock.move(-2 * DAY)
    await both_refuse(scene, "valid-until-past", "channels: voucher lapsed")
    shop.clock.move(2 * DAY)


async def test_after_expiry_and_after_the_refund(shop):
    scene = await set_up(shop)
    await shop.later(30 * DAY)
    await both_refuse(scene, "valid-until-past", "channels: voucher lapsed")
    await shop.do(acts.refund(shop.deployment, scene.channel))
    await both_refuse(scene, "valid-until-past", "channels: closed")
