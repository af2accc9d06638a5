"""One participant served by several processes behind one address: asked, killed and begun again as if it were one.

An exchange's processes have copies of its folder; everybody else's share theirs.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from contextlib import suppress

import aiohttp

from connector.client.server import ADDRESS_FILE
from connector.demo.processes import SERVE, Participant, free_ports
from tests.fault.pair import Balancer

READY_SECONDS, LOOK_SECONDS = 120, 0.1


class Several:
    """So many processes of the participant in `data`, whose public address is at `port`; of a `copied` one two."""

    def __init__(self, data, port, chance=None, *, copied=False, count=2):
        self.data, self._port, self._chance = data, port, chance or random.Random(port)
        self._ports = free_ports(count)
        folders = (data, data.with_name(data.name + "-copy")) if copied else [data] * count
        self.processes = [Participant(folder) for folder in folders]
        self._balancer = None
        self.command = SERVE

    @property
    def running(self):
        return any(each.running for each in self.processes)

    @property
    def pid(self):
        return next((each.pid for each in self.processes if each.running), 0)

    @property
    def passed(self):
        """Return how many connections each process was given."""
        return list(self._balancer.passed.values())

    async def start(self, environment=None):
        """Start whichever does not run, and return when all answer."""
        if self._balancer is None:
            self._balancer = await Balancer(self._port, self._ports, self._chance).__aenter__()
        if (copy := self.processes[-1].data) != self.data and not copy.exists():
            shutil.copytree(self.data, copy)
        due = [pair for pair in zip(self.processes, self._ports, strict=True) if not pair[0].running]
        for process, port in due:
            await self._begin(process, port, environment or {})
        for process, port in due:
            await _answers(process, port)

    async def _begin(self, process, port, environment):
        told = {"PENSTOCK_SERVER_PUBLIC_URL": f"http://localhost:{self._port}", "PENSTOCK_SERVER_PORT": str(port)}
        process.command = self.command
        with (self.data / "serve.log").open("ab") as output:
            process._process = await asyncio.create_subprocess_exec(
                *self.command,
                "--data",
                str(process.data),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **environment, **told},
            )

    def last_words(self):
        return self.processes[0].last_words()

    async def kill(self):
        """SIGKILL one of them: one that runs otherwise than as ever, or any."""
        running = [each for each in self.processes if each.running]
        strange = [each for each in running if each.command != SERVE]
        if running:
            await self._chance.choice(strange or running).kill()

    async def stop(self):
        await asyncio.gather(*(each.stop() for each in self.processes))
        if self._balancer is not None:
            await self._balancer.__aexit__(None, None, None)
            self._balancer = None

    async def wait(self):
        """Return when all have ended."""
        for each in self.processes:
            await each.wait()


async def _answers(process, port):
    """Return when a process is ready, and commands on its folder find whoever serves it, which is said just after."""
    async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
        while True:
            assert process.running, f"the process at {port} ended: {process.last_words()}"
            with suppress(aiohttp.ClientError, OSError):
                async with session.get(f"http://127.0.0.1:{port}/health/ready") as answer:
                    if answer.status == 200 and (process.data / ADDRESS_FILE).exists():
                        return
            await asyncio.sleep(LOOK_SECONDS)
