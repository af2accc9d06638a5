"""Strangers at the chain of an exchange: endless programs, abandoned bodies, its disk; members act meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing, suppress

import aiohttp
import pytest
import pytest_asyncio

from bench.strangers import CALL, PAIRINGS, ask, large, request, worst
from connector.runtime.clock import Clock
from connector.runtime.data_folder import CHAIN_DATABASE
from ledger.embedded.caller import CHAIN_STRANGERS_DAILY_BYTES_MAX
from tests.api.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROLES = ("exchange", "provider", "buyer")
STRANGERS = 50
# of what costs most; the disk has a test of its own
KINDS = ("endless call", "endless calls, in a batch", "endless estimate", "endless transaction", "pairings")
WITHIN_SECONDS = 180
LIMIT, PROGRAM_FAILED = -32005, -32000
ANCHORS = 3
# what the pages of the tables add to what was written
SLACK_BYTES = 2 << 20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    made = Space(tmp_path_factory.mktemp("space"), Clock().now)
    made.prepare(ROLES)
    try:
        await made.start()
        await made.doors["provider"].call("POST", "log/anchor", {})
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def someone(place):
    """A stranger who calls from a loopback address of its own."""
    connector = aiohttp.TCPConnector(local_addr=(place, 0))
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


@asynccontextmanager
async def attacked(rpc):
    """Fifty strangers do their worst meanwhile."""
    task = asyncio.create_task(worst(rpc, STRANGERS, KINDS))
    try:
        await asyncio.sleep(1)  # their first bodies are there
        yield
        assert not task.done(), "they are still at it"
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_members_act_while_strangers_do_their_worst(space):
    rpc = space.url("exchange") + "/rpc"
    async with attacked(rpc), someone("127.0.0.9") as honest, asyncio.timeout(WITHIN_SECONDS):
        for _ in range(ANCHORS):
            await space.doors["provider"].call("POST", "log/anchor", {})
            # and whoever looks something up is answered, also without a token
            assert "result" in await ask(honest, rpc, request("eth_blockNumber"))
        await space.publish("provider", "tides", (70_000,), price=1000)
        await space.get("tides")
        await space.complete("tides", within=WITHIN_SECONDS)
        await space.doors["provider"].call("POST", "settlements", {})


# a host begun in a busy moment takes its machine for slower, and allows more time than the gas of pairings lasts
@pytest.mark.parametrize(
    ("program", "ends"), [(CALL, {LIMIT}), (PAIRINGS, {LIMIT, PROGRAM_FAILED})], ids=["endless", "pairings"]
)
async def test_an_endless_program_is_ended_by_its_time(space, program, ends):
    rpc = space.url("exchange") + "/rpc"
    async with someone("127.0.0.10") as stranger, asyncio.timeout(WITHIN_SECONDS):
        told = await ask(stranger, rpc, request("eth_call", program))
        assert told["error"]["code"] in ends, "measured time ended it, not its gas"
        many = await ask(stranger, rpc, [request("eth_call", program)] * 10)
        assert {each["error"]["code"] for each in many} <= ends


async def test_abandoned_bodies_hold_up_nobody(space):
    rpc = space.url("exchange") + "/rpc"
    async with someone("127.0.0.11") as rude, someone("127.0.0.12") as honest, asyncio.timeout(WITHIN_SECONDS):
        for _ in range(8):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await ask(rude, rpc, [request("eth_call", PAIRINGS)] * 10)
        assert "result" in await ask(honest, rpc, request("eth_blockNumber"))
        assert (await ask(honest, rpc, request("eth_call", {"to": "0x" + "11" * 20})))["result"] == "0x"


def size(home):
    """Return the bytes of the chain, its write-ahead log folded in: its length depends on who reads just then."""
    with closing(sqlite3.connect(home / CHAIN_DATABASE, timeout=WITHIN_SECONDS)) as chain:
        assert chain.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "it is read all the time"
    return sum(file.stat().st_size for file in home.glob(CHAIN_DATABASE + "*"))


async def test_strangers_cannot_fill_the_disk(space):
    """Each signs with fresh accounts, at gas price 0; then a member's anchor lands, and one stranger still looks."""
    rpc, home = space.url("exchange") + "/rpc", space.people["exchange"].data
    async with someone("127.0.0.13") as session, asyncio.timeout(WITHIN_SECONDS):
        chain_id = int((await ask(session, rpc, request("eth_chainId")))["result"], 16)
        before = size(home)

        async def fill(number):
            async with someone(f"127.0.2.{number + 1}") as stranger:
                return [await ask(stranger, rpc, large(chain_id)) for _ in range(12)]

        told = [each for some in await asyncio.gather(*(fill(number) for number in range(8))) for each in some]
        mined = [each for each in told if "result" in each]
        assert 0 < len(mined) * 120_000 <= CHAIN_STRANGERS_DAILY_BYTES_MAX < len(told) * 120_000
        refused = [each["error"]["message"] for each in told if "error" in each]
        assert any("no member of the space owns" in words for words in refused), refused
        await space.doors["provider"].call("POST", "log/anchor", {})
        assert size(home) - before < CHAIN_STRANGERS_DAILY_BYTES_MAX + SLACK_BYTES
