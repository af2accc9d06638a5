"""docs/side-by-side.md, typed: two processes of a provider; the one that works is killed, the other answers for it."""

from __future__ import annotations

import asyncio
import json
import random
import re
from contextlib import suppress

import aiohttp
import pytest

from connector.client.server import ADDRESS_FILE
from connector.demo.processes import free_ports
from tests.fault.pair import Balancer
from tests.newcomer.pages import commands
from tests.newcomer.walk import LOOK_SECONDS, WITHIN_SECONDS, Walk
from tests.postgres import durable, new_schema

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRITTEN_PORTS = ("8100", "8200", "8201", "8202")
EXCHANGE = "init --role exchange --name Harbour --development --data exchange --port"
ADMITTED = "exchange admit {} --data exchange"


@pytest.fixture(scope="module")
def database(absent):
    with durable(absent) as base:
        yield new_schema(base)


async def answers(process, port):
    """Return when a process does."""
    async with asyncio.timeout(WITHIN_SECONDS), aiohttp.ClientSession() as session:
        while True:
            assert process.returncode is None, await process.stdout.read()
            with suppress(aiohttp.ClientError):
                async with session.get(f"http://127.0.0.1:{port}/health/ready") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(LOOK_SECONDS)


def works(folder):
    """Return the process that commands find."""
    return json.loads((folder / ADDRESS_FILE).read_bytes())["pid"]


async def test_two_processes_serve_and_the_second_takes_over(tmp_path, database):
    ports = dict(zip(WRITTEN_PORTS, map(str, free_ports(len(WRITTEN_PORTS))), strict=True))
    space, public, *own = map(int, ports.values())
    walk = Walk(tmp_path)
    office = Walk(tmp_path, {"PENSTOCK_STORE_DATABASE": database})
    processes = []
    await walk.type(["penstock", *EXCHANGE.split(), str(space)])
    await walk.serve(["penstock", "serve", "--data", "exchange"])
    balancer = Balancer(public, own, random.Random(public))
    try:
        async with balancer:
            for typed in commands("side-by-side.md"):
                words = [re.sub("|".join(ports), lambda found: ports[found[0]], word) for word in typed]
                if words[1] == "serve":
                    processes.append(await office.begin(*words))
                    await answers(processes[-1], int(words[-1]))
                elif words[1] == "join":
                    await office.type(words)
                    await walk.type(["penstock", *ADMITTED.format(f"did:web:localhost%3A{public}").split()])
                else:
                    await office.type(words)
            first = works(tmp_path / "office")
            assert first == processes[0].pid
            processes[0].kill()
            said = await office.type(["penstock", "admin", "heartbeat", "--data", "office"])
            assert said
            async with asyncio.timeout(WITHIN_SECONDS):
                while works(tmp_path / "office") == first:
                    await asyncio.sleep(LOOK_SECONDS)
            assert works(tmp_path / "office") == processes[1].pid
    finally:
        for process in processes:
            if process.returncode is None:
                process.terminate()
            await process.communicate()
        await walk.stop()
