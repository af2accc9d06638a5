"""A reorganisation at each step of a channel, on each chain: in the end the books are as without it (F19).

One row a step. On anvil the node drops its newest blocks; on the embedded chain its operator goes back to a copy of the
file. What notices is what runs in a connector: `Following`, with the outbox that it tells.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from eth_hash.auto import keccak

from connector.chain import chain_watch
from connector.chain.chain_watch import ChainWatch
from connector.runtime.clock import Clock
from connector.settlement.following import Following
from contracts.split import Split
from contracts.typed_data import Final
from ledger.chain import acts
from tests.core import core

from .nodes import CHAINS
from .stage import DAY, DEPOSIT
from .test_several import parted
from .test_transactions import WITHIN_SECONDS, Outbox, impatient

__all__ = ["impatient"]  # a fixture

DEPTHS = (1, 2, 6, 12)
BLOCK_SECONDS = 61
CLAIMED, AGREED, MORE = 40, 70, 50


class Street:
    """One channel on a stage: what may be done to it, and its books."""

    def __init__(self, stage, opening):
        self.stage, self.deployment, self.opening = stage, stage.deployment, opening
        self.channel = acts.channel_id(self.deployment, stage.account("buyer"), opening)

    def open(self):
        return acts.open_channel(self.deployment, self.opening, DEPOSIT)

    def top_up(self):
        return acts.top_up(self.deployment, self.channel, MORE)

    def claim(self):
        return self.stage.claim(self.channel, CLAIMED)

    def freeze(self):
        return acts.freeze(self.deployment, self.channel, DAY)

    def credit(self):
        return acts.mint(self.deployment, self.stage.account("buyer"), MORE)

    def close(self):
        return acts.close(self.deployment, self.channel)

    def withdraw(self):
        return acts.withdraw(self.deployment)

    def final(self):
        value = Final(self.channel, AGREED, keccak(b"account"), 0)
        return acts.finalise(self.deployment, value, self.stage.sign(value), self.stage.sign(value, "provider"))

    async def books(self):
        programs, found = self.stage.programs, await self.stage.programs.channel(self.channel)
        names = ("deposit", "claimed", "expiry", "frozen_for", "closed")
        accounts = {actor: self.stage.account(actor) for actor in ("buyer", "provider", "exchange")}
        return {
            "channel": found and {name: getattr(found, name) for name in names},
            "held": await programs.balance(self.deployment.addresses["channels"]),
            "balances": {actor: await programs.balance(account) for actor, account in accounts.items()},
            "credits": {actor: await programs.credit(account) for actor, account in accounts.items()},
        }


# step → who does it, and what was done before
STEPS = {
    "open": ("buyer", ()),
    "top_up": ("buyer", ("open",)),
    "claim": ("third", ("open",)),
    "freeze": ("arbitrator", ("open",)),
    "credit": ("issuer", ("open",)),
    "close": ("provider", ("open", "claim")),
    "withdraw": ("provider", ("open", "claim")),
    "final": ("third", ("open",)),
}
ALL = [(step, depth) for step in STEPS for depth in DEPTHS]
# each step and each depth; all of it in `make test-ledger`
TRIED = ALL if "anvil" in CHAINS else [(step, DEPTHS[at % len(DEPTHS)]) for at, step in enumerate(STEPS)]


@pytest.fixture
async def reorganise(stage, tmp_path, node_of, absent):
    """Call it before the step with a depth; what it returns takes as many blocks back, and others come instead."""
    others = []

    async def on_anvil(depth):
        node, _ = await asyncio.to_thread(node_of, "anvil")

        async def back():
            await node.asked("anvil_mine", hex(depth - 1))
            await node.asked("anvil_reorg", depth, [])

        return back

    async def on_embedded(depth):
        others.append(await parted(stage, tmp_path / "kept.sqlite"))

        async def back():
            for _ in range(depth - 1):
                await stage.advance(BLOCK_SECONDS)
            stage.chain._transport._embedded = others[0]

        return back

    def elsewhere(_depth):
        absent(f"{stage.engine}: its past cannot be changed", optional=True)

    yield {"anvil": on_anvil, "embedded": on_embedded}.get(stage.engine, elsewhere)
    for other in others:
        await other.close()


@pytest.mark.parametrize(("step", "depth"), TRIED)
async def test_books_are_as_without_the_reorganisation(stage, store, impatient, monkeypatch, reorganise, step, depth):
    actor, before = STEPS[step]
    split = Split(((stage.account("provider"), 9000), (stage.account("exchange"), 1000)))
    await stage.fund(2 * DEPOSIT)
    street = Street(stage, await stage.opening(split=split, salt=keccak(step.encode() + bytes([depth]))))
    for earlier in before:
        await stage.do(getattr(street, earlier)(), STEPS[earlier][0])
    back = await reorganise(depth)
    untouched = await street.books()
    outbox = Outbox(stage, store, actor=actor)
    following = Following(
        core(store=store, settings=SimpleNamespace(chain=SimpleNamespace(confirmations=0))),
        stage.programs,
        outbox.transactions,
        None,
    )
    monkeypatch.setattr(chain_watch, "FRESH_SECONDS", 0)
    watch = ChainWatch(stage.programs, SimpleNamespace(block=None), Clock(), None)
    watch.seen.heard_by(following.seen)
    outbox.transactions.start()
    try:
        await outbox.want(step=getattr(street, step)())
        [row] = await outbox.ended("step")
        done = await street.books()
        assert (row.state, done != untouched) == ("mined", True), row
        await watch.look()
        await back()
        assert await street.books() == untouched
        await stage.do(acts.approve(stage.deployment, 1), "stranger")  # the new past is not the old one
        await watch.look()
        async with asyncio.timeout(WITHIN_SECONDS):
            while await street.books() != done:
                await asyncio.sleep(0.05)
        await outbox.ended("step")
    finally:
        await outbox.transactions.close()
    assert await street.books() == done
    assert len({send["nonce"] for send in await outbox.sends()}) == 1
