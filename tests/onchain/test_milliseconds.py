"""A chain that counts milliseconds, as FISCO BCOS may: what was signed in seconds still holds to the second."""

from __future__ import annotations

import shutil

import pytest

from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from ledger.embedded.chain import EmbeddedChain

from .stage import DEPOSIT, Clock, Stage


class Moment:
    """Stands in for a datetime whose posix time is in milliseconds."""

    def __init__(self, moment):
        self.moment = moment

    def timestamp(self):
        return self.moment.timestamp() * 1000


@pytest.fixture
async def slow_stage(embedded_file, tmp_path):
    path, deployment = embedded_file
    clock = Clock()
    shutil.copy(path, tmp_path / "chain.sqlite")
    embedded = await EmbeddedChain.open(tmp_path / "chain.sqlite", lambda: Moment(clock()))
    await embedded.tick()
    chain = Chain.local(embedded)

    async def move(seconds):
        clock.move(seconds)
        await embedded.tick()

    yield Stage("milliseconds", chain, Programs(chain, deployment), move)
    await embedded.close()


async def test_expiry_and_vouchers_hold_to_the_second(slow_stage):
    stage = slow_stage
    assert (await stage.chain.newest()).at == Clock().now
    channel = await stage.open(expiry=await stage.now() + 100)
    timely = stage.claim(channel, 10, valid_until=await stage.now() + 50)
    late = stage.claim(channel, 20, seq=2, valid_until=await stage.now() + 50)
    await stage.advance(50)
    await stage.do(timely)
    await stage.advance(1)
    await stage.refuses(late, "channels: voucher lapsed")
    await stage.advance(48)
    await stage.refuses(acts.refund(stage.deployment, channel), "channels: refund too early", "buyer")
    await stage.advance(1)
    await stage.do(acts.refund(stage.deployment, channel), "buyer")
    assert await stage.credits("buyer") == [DEPOSIT - 10]
