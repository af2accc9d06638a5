"""One stage for all program tests, whichever chain is below it: actors with keys, a clock that is moved, refusals."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from eth_account import Account
from eth_hash.auto import keccak

from contracts import signature, typed_data
from contracts.split import Split
from contracts.typed_data import Voucher
from ledger.chain import abi, acts
from ledger.chain.errors import ChainRefused

if TYPE_CHECKING:
    from ledger.chain.client import Chain
    from ledger.chain.programs import Programs

ACTORS = ("issuer", "provider", "buyer", "signer", "exchange", "third", "arbitrator", "stranger", "w1", "w2", "w3")
FORGED_GAS = 3_000_000
MINED_SECONDS = 20
DEPOSIT = 10_000
DAY = 86_400
ANCHOR_DELAY = 1000


class Clock:
    """Stands still until told to move."""

    def __init__(self):
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self):
        return self.now

    def move(self, seconds):
        self.now += timedelta(seconds=seconds)


@dataclass
class Stage:
    engine: str
    chain: Chain
    programs: Programs
    move: object

    @property
    def deployment(self):
        return self.programs.deployment

    def key(self, actor):
        return keccak(b"actor " + actor.encode())

    def account(self, actor):
        return signature.address(self.key(actor))

    async def now(self):
        return int((await self.chain.newest()).at.timestamp())

    async def advance(self, seconds):
        await self.move(seconds)

    async def do(self, act, actor="stranger"):
        return await self.programs.perform(act, self.key(actor))

    async def refuses(self, act, reason, actor="stranger"):
        """The program says why beforehand; mined all the same, it fails and changes nothing but the sender's nonce."""
        key = self.key(actor)
        nonce = await self.chain.nonce(self.account(actor))
        with pytest.raises(ChainRefused) as refusal:
            await self.chain.sign_transaction(act, nonce=nonce, key=key)
        assert refusal.value.reason.removeprefix("execution reverted: ") == reason
        before = [await self._state(name) for name in self.deployment.addresses]
        receipt = await self.chain.wait(await self.chain.send(await self.force(act, nonce, key)), MINED_SECONDS)
        assert not receipt.succeeded
        assert [await self._state(name) for name in self.deployment.addresses] == before

    async def force(self, act, nonce, key):
        """Sign without asking the program first."""
        return bytes(
            Account.sign_transaction(
                {
                    "to": act.program.address,
                    "data": abi.encode_call(act.program.name, act.function, act.args),
                    "gas": FORGED_GAS,
                    "nonce": nonce,
                    "value": 0,
                    "chainId": await self.chain.chain_id(),
                    **(await self.chain.fees()).fields(),
                },
                key,
            ).raw_transaction
        )

    async def _state(self, program):
        block = await self.chain.newest()
        return (await self.chain.proof(self.deployment.addresses[program], [], block.number)).storage_root

    # --- channels ---

    async def opening(self, **changes):
        split = Split(((self.account("provider"), 9000), (self.account("exchange"), 1000)))
        fields = {
            "signer": self.account("signer"),
            "split": split,
            "token": self.deployment.addresses["token"],
            "arbitrator": self.account("arbitrator"),
            "freeze_seconds": 5 * DAY,
            "salt": secrets.token_bytes(32),
            "expiry": await self.now() + 30 * DAY,
        }
        return acts.Opening(**(fields | changes))

    async def fund(self, amount=DEPOSIT, actor="buyer"):
        await self.do(acts.mint(self.deployment, self.account(actor), amount), "issuer")
        await self.do(acts.approve(self.deployment, amount), actor)

    async def open(self, **changes):
        await self.fund()
        opening = await self.opening(**changes)
        await self.do(acts.open_channel(self.deployment, opening, DEPOSIT), "buyer")
        return acts.channel_id(self.deployment, self.account("buyer"), opening)

    def voucher(self, channel, amount, *, seq=1, lock=bytes(32), valid_until=0):
        return Voucher(channel, seq, amount, keccak(b"account"), lock, valid_until)

    def sign(self, value, actor="signer", program="channels", deployment=None):
        domain = (deployment or self.deployment).domain(program)
        return signature.sign(typed_data.digest(domain, value), self.key(actor))

    def claim(self, channel, amount, **fields):
        voucher = self.voucher(channel, amount, **fields)
        return acts.claim(self.deployment, voucher, self.sign(voucher))

    async def credits(self, *actors):
        return [await self.programs.credit(self.account(actor)) for actor in actors]
