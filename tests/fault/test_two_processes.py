"""Two processes on one database: whoever dies where, a peer never gets two different contents for one step.

One `penstock serve` works, the next one waits for its lease; the first is killed (SIGKILL) at a durable step, or at any
moment, drawn by a seed (`PENSTOCK_TEST_SEED` repeats it), then the second, at a step or where it is when nothing is
left to do; the third finishes what they began.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from contextlib import suppress

import pytest
import pytest_asyncio

from connector.client.server import Server
from connector.demo.processes import SERVE, free_ports
from connector.negotiation.envelope import message_digest
from connector.negotiation.protocol import offers
from connector.net.outbound import Outbound
from connector.operation.initialise import initialise
from connector.runtime.data_folder import DATABASE
from connector.runtime.errors import PenstockError
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.fault import extent
from tests.fault.recorder import Recorder
from tests.journey.harness import armed
from tests.negotiation.world import edition, product, product_terms

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]

SEED = int(os.environ.get("PENSTOCK_TEST_SEED") or random.SystemRandom().getrandbits(32))
STEPS = ("row.outbox", "row.negotiations", "row.received", "negotiation.moved")
NEGOTIATIONS = 6  # begun by the peer, and as many by us
SEEDS = range(SEED, SEED + (-(-extent.FIGURES[extent.HANDED] // (2 * NEGOTIATIONS)) if extent.ALL else 1))
AT_ONCE_SHARE, AT_ONCE_SECONDS = 0.3, 1.5  # of first deaths at any moment; so long after the work began at most
READY_SECONDS = 60
DONE_SECONDS = 90
PEER, HEADER = "RECORDER", "static-for-the-recorder"


def faults(seed):
    """Return where the first and the second process die: at a step, or the first one after some seconds."""
    chance = random.Random(seed)
    moments = ("before", "after")
    steps = [f"{chance.choice(STEPS)}:{chance.choice(moments)}:{chance.randint(1, most)}" for most in (6, 2)]
    return [chance.uniform(0, AT_ONCE_SECONDS), steps[1]] if chance.random() < AT_ONCE_SHARE else steps


class Shift:
    """The processes of one data directory, one after the other; each waits while the one before it lives."""

    def __init__(self, data):
        self.data, self.processes = data, []
        self._log = (data / "serve.log").open("ab")
        static = {"PENSTOCK_DEVELOPMENT_STATIC_TOKEN": HEADER, "PENSTOCK_DEVELOPMENT_STATIC_PEER": PEER}
        self._environment = {**os.environ, **static}

    async def begin(self, command):
        """Start one more process."""
        output = {"stdout": self._log, "stderr": self._log, "stdin": asyncio.subprocess.DEVNULL}
        process = await asyncio.create_subprocess_exec(
            *command, "--data", str(self.data), env=self._environment, **output
        )
        self.processes.append(process)
        return process

    async def answers(self, process):
        """Return when `process` serves; its `server.json` says so."""
        async with asyncio.timeout(READY_SECONDS):
            while True:
                with suppress(FileNotFoundError, json.JSONDecodeError):
                    if json.loads((self.data / "server.json").read_bytes())["pid"] == process.pid:
                        return
                assert process.returncode is None, (self.data / "serve.log").read_text()[-2000:]
                await asyncio.sleep(0.02)

    async def dies(self, process, work, within=DONE_SECONDS):
        """Return when `process` has killed itself; kill it when the `work` is done before, or the time is over."""
        death = asyncio.create_task(process.wait())
        await asyncio.wait({death, work}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        if process.returncode is None:
            process.kill()
        assert await death == -signal.SIGKILL, (self.data / "serve.log").read_text()[-2000:]

    async def waits(self, times):
        """Return when so many processes have said that they wait for another to end."""
        async with asyncio.timeout(READY_SECONDS):
            while (self.data / "serve.log").read_text().count("waiting for it to end") < times:
                await asyncio.sleep(0.02)

    async def end(self):
        for process in self.processes:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()
        self._log.close()


async def seed(data):
    """Put a product on offer that a peer without signatures may negotiate about."""
    row = product(tier="plain", terms=product_terms(tier="plain"))

    def act(tx):
        tx.insert("products", **row)
        tx.insert("editions", **edition())

    store = await Store.open(data / DATABASE, TABLES)
    await store.write(act)
    await store.close()
    asked = offers.asked(row, target=row["id"])
    return offers.foreign(asked)


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path):
    recorder = Recorder(HEADER)
    await recorder.start()
    port = free_ports(1)[0]
    data = tmp_path / "connector"
    roles = ("provider", "buyer")
    recorder.us = initialise(
        data, name="Two", roles=roles, region="US-NY", port=port, exchange=None, development=True
    ).did
    recorder.url = f"http://localhost:{port}/dsp"
    shift = Shift(data)
    async with Outbound(development=True) as outbound:
        yield shift, recorder, Server(data, outbound), await seed(data)
    await shift.end()
    await recorder.stop()


async def ask(door, method, path, body=None):
    """Ask whoever serves now, until somebody does."""
    while True:
        with suppress(PenstockError):
            return await door.call(method, path, body)
        await asyncio.sleep(0.1)


async def finished(recorder, door):
    """Return all negotiations once all of them are at their end, and every last word was answered."""
    async with asyncio.timeout(DONE_SECONDS):
        while True:
            found = (await ask(door, "GET", "processes?kind=negotiation"))["processes"]
            ended = len(found) >= 2 * NEGOTIATIONS and all(one["turn"] == "nobody" for one in found)
            if ended and not recorder.owed:
                return found
            await asyncio.sleep(0.1)


async def work(recorder, door, offer):
    """Begin negotiations from both sides, a few at a time; return them when all are at their end."""
    bought = {**offer, "@id": "urn:theirs", "target": "urn:their:product"}
    mandate = {"bid": 1, "limit": 2, "rounds": 4, "tier": "plain"}
    for number in range(NEGOTIATIONS):
        recorder.begin(number, offer)
        asked = {"provider": PEER, "base": recorder.base, "offer": bought, "mandate": mandate}
        await ask(door, "POST", "negotiations", asked)
        await asyncio.sleep(0.05)
    return await finished(recorder, door)


def one_content(recorder):
    """Every step was one message, however often it was sent."""
    for (pid, kind), bodies in recorder.heard.items():
        assert len({body["@id"] for body in bodies}) == 1, (pid, kind)
        assert len({message_digest(body) for body in bodies}) == 1, (pid, kind)
    assert sum(map(len, recorder.heard.values())) > len(recorder.heard), "nothing was ever sent twice"


@pytest.mark.parametrize("number", SEEDS)
async def test_the_next_process_goes_on_with_the_same_words(stage, number, record_property):
    shift, recorder, door, offer = stage
    deaths = faults(number)
    recorder.chance.seed(number)
    sys.stdout.write(f"PENSTOCK_TEST_SEED={number}: {deaths}\n")  # shown when the test fails
    any_moment = isinstance(deaths[0], float)
    first = await shift.begin(SERVE if any_moment else armed(deaths[0]))
    await shift.answers(first)
    impatient, second = await shift.begin(SERVE), await shift.begin(armed(deaths[1]))
    await shift.waits(2)
    impatient.send_signal(signal.SIGTERM)  # who waits can be told to end
    assert await asyncio.wait_for(impatient.wait(), READY_SECONDS) == 130
    working = asyncio.create_task(work(recorder, door, offer))
    await shift.dies(first, working, *deaths[:any_moment])
    third = await shift.begin(SERVE)
    await shift.dies(second, working)
    await shift.answers(third)
    for one in await working:
        assert one["state"] == "FINALIZED", one["reason"]
    one_content(recorder)
    kinds = {kind for _, kind in recorder.heard}
    assert kinds == {"request", "verification", "agreement", "finalize"}
    assert "database is locked" not in (shift.data / "serve.log").read_text()
    record_property(extent.HANDED, 2 * NEGOTIATIONS)
