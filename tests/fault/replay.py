"""Histories of the model of money, played on the real program: both end with the same figures."""

from __future__ import annotations

from dataclasses import replace

from eth_hash.auto import keccak

from contracts.split import Split
from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.deployment import deploy
from ledger.chain.programs import Programs
from ledger.embedded.chain import EmbeddedChain
from tests.channel.rig import START
from tests.onchain.stage import Clock, Stage


async def replay_all(path, tales):
    """Play histories on a real chain, one after the other: it ends with the model's figures."""
    clock = Clock()
    embedded = await EmbeddedChain.open(path, clock)
    try:
        chain = Chain.local(embedded)
        stage = Stage("embedded", chain, Programs(chain, await deploy(chain, keccak(b"actor issuer"))), None)
        for number, (_, _, told, coin) in enumerate(tales):
            await Replay(stage, clock, f"tale {number}, ").play(told, coin.newest)
    finally:
        await embedded.close()


class Replay:
    """One history, with accounts of its own; its times begin when it is played."""

    def __init__(self, stage, clock, tale):
        self.stage, self.clock, self.tale = stage, clock, tale
        self.start = int(clock.now.timestamp())
        self.ids, self.payers, self.payees = {}, {}, {}

    def actor(self, account):
        return self.tale + account.decode()

    def then(self, seconds):
        return self.start + seconds - int(START.timestamp())

    async def play(self, told, ends):
        for seconds, name, args in told:
            self.clock.move(max(self.then(seconds) - int(self.clock.now.timestamp()), 0))
            await getattr(self, name)(*args)
        for key, found in ends.channels.items():
            real = await self.stage.programs.channel(self.ids[key])
            assert (real.deposit, real.claimed, real.closed) == (found.deposit, found.claimed, found.closed)
        for account in {*ends.credits, *ends.wallets}:
            address = self.stage.account(self.actor(account))
            assert await self.stage.programs.credit(address) == ends.credits[account]
            assert await self.stage.programs.balance(address) == ends.wallets[account]

    async def mint(self, account, amount):
        stage, address = self.stage, self.stage.account(self.actor(account))
        await stage.do(acts.mint(stage.deployment, address, amount), "issuer")
        await stage.do(acts.approve(stage.deployment, amount), self.actor(account))

    async def open(self, key, payer, split, deposit, expiry):
        stage = self.stage
        parts = tuple((stage.account(self.actor(payee)), bps) for payee, bps in split.parts)
        opening = acts.Opening(
            stage.account(self.actor(payer)), Split(parts), stage.deployment.addresses["token"], bytes(20), 0,
            keccak(key), self.then(expiry),
        )  # fmt: skip
        await stage.do(acts.open_channel(stage.deployment, opening, deposit), self.actor(payer))
        self.ids[key] = acts.channel_id(stage.deployment, stage.account(self.actor(payer)), opening)
        self.payers[key], self.payees[key] = payer, split.parts[0][0]

    async def top_up(self, key, amount):
        await self.stage.do(acts.top_up(self.stage.deployment, self.ids[key], amount), self.actor(self.payers[key]))

    async def claim(self, voucher, preimage):
        key, until = voucher.channel_id, voucher.valid_until
        real = replace(voucher, channel_id=self.ids[key], valid_until=until and self.then(until))
        signed = self.stage.sign(real, self.actor(self.payers[key]))
        await self.stage.do(acts.claim(self.stage.deployment, real, signed, preimage))

    async def close(self, key):
        await self.stage.do(acts.close(self.stage.deployment, self.ids[key]), self.actor(self.payees[key]))

    async def refund(self, key):
        await self.stage.do(acts.refund(self.stage.deployment, self.ids[key]), self.actor(self.payers[key]))

    async def withdraw(self, account):
        await self.stage.do(acts.withdraw(self.stage.deployment), self.actor(account))
