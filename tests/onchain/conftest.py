"""One stage for all program tests, on two engines: the embedded chain, and anvil as the stranger that must agree."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from eth_account import Account
from eth_hash.auto import keccak

from contracts import signature, typed_data
from contracts.split import Split
from contracts.typed_data import Voucher
from ledger import abi, acts
from ledger.chain import Chain
from ledger.chain_error import ChainError, ChainRefused
from ledger.deployment import deploy
from ledger.embedded.chain import EmbeddedChain
from ledger.programs import Programs

ANVIL_PACKAGE = "@foundry-rs/anvil@1.7.1"
ANVIL_FOLDER = Path(tempfile.gettempdir()) / "penstock-anvil-1.7.1"
ACTORS = ("issuer", "provider", "buyer", "signer", "exchange", "third", "arbitrator", "stranger", "w1", "w2", "w3")
FORGED_GAS = 3_000_000
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
        receipt = await self.chain.wait(await self.chain.send(await self.force(act, nonce, key)), 5)
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
                    **await self.chain._fees(),
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


# --- engines ---


async def _deployed(chain):
    return await deploy(chain, keccak(b"actor issuer"), anchor_delay_seconds=ANCHOR_DELAY)


@pytest.fixture(scope="session")
def embedded_file(tmp_path_factory):
    """A chain with all programs on it, to be copied for each test."""
    path = tmp_path_factory.mktemp("chain") / "chain.sqlite"

    async def prepare():
        embedded = await EmbeddedChain.open(path, Clock())
        deployment = await _deployed(Chain.local(embedded))
        await embedded.close()
        return deployment

    return path, asyncio.run(prepare())


@pytest.fixture(scope="session")
def anvil_command(absent):
    """The anvil binary, from npm, kept in the temporary folder between runs."""
    npm = shutil.which("npm")
    if npm is None:
        absent("npm is not installed, so anvil cannot be had")
    if not list(ANVIL_FOLDER.glob("node_modules/@foundry-rs/anvil-*/bin/anvil*")):
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(ANVIL_FOLDER), ANVIL_PACKAGE]
        installed = subprocess.run(command, capture_output=True, text=True, check=False)
        if installed.returncode != 0:
            absent(f"npm could not install {ANVIL_PACKAGE}: {installed.stderr[-200:]}")
    found = sorted(ANVIL_FOLDER.glob("node_modules/@foundry-rs/anvil-*/bin/anvil*"))
    if not found:
        absent("the anvil package has no binary for this machine")
    return found[0]


@pytest.fixture(scope="session")
def anvil(anvil_command):
    """A running anvil with all programs on it: (url, deployment). Its base fee is not zero, unlike the embedded one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    chain_id = secrets.randbelow(2**31) + 1
    command = [anvil_command, "--silent", "--port", str(port), "--chain-id", str(chain_id), "--accounts", "1"]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"

    async def prepare():
        chain = Chain.connect(url)
        await _answering(chain)
        for actor in ACTORS:
            account = "0x" + signature.address(keccak(b"actor " + actor.encode())).hex()
            await _ask(chain, "anvil_setBalance", account, hex(10**21))
        deployment = await _deployed(chain)
        await chain.close()
        return deployment

    try:
        yield url, asyncio.run(prepare())
    finally:
        process.terminate()
        process.wait(10)


async def _answering(chain):
    give_up = time.monotonic() + 20
    while True:
        try:
            return await chain.chain_id()
        except ChainError:
            assert time.monotonic() < give_up, "anvil does not answer"
            await asyncio.sleep(0.02)


async def _ask(chain, method, *params):
    answer = await chain._transport.make_request(method, list(params))
    assert "error" not in answer, answer
    return answer["result"]


@pytest.fixture
async def embedded_stage(embedded_file, tmp_path):
    path, deployment = embedded_file
    clock = Clock()
    shutil.copy(path, tmp_path / "chain.sqlite")
    embedded = await EmbeddedChain.open(tmp_path / "chain.sqlite", clock)
    chain = Chain.local(embedded)

    async def move(seconds):
        clock.move(seconds)
        await embedded.tick()

    yield Stage("embedded", chain, Programs(chain, deployment), move)
    await embedded.close()


@pytest.fixture
async def anvil_stage(anvil):
    url, deployment = anvil
    chain = Chain.connect(url)
    snapshot = await _ask(chain, "evm_snapshot")

    async def move(seconds):
        await _ask(chain, "evm_increaseTime", seconds)
        await _ask(chain, "evm_mine")

    yield Stage("anvil", chain, Programs(chain, deployment), move)
    await _ask(chain, "evm_revert", snapshot)
    await chain.close()


@pytest.fixture(params=["embedded", "anvil"])
def stage(request):
    """The programs on one of the engines; each test begins with fresh ones."""
    return request.getfixturevalue(f"{request.param}_stage")
