"""A space of real `penstock serve` processes in which a journey is played while faults strike at system calls.

A journey is all that makes durable calls: a product is published, reviewed, bought, opened, settled and anchored. Who
dies of a fault is started again, without it; nobody else does anything but ask again for what failed.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

from connector.cli.log import checked
from connector.core.driver import RETRYABLE_EXITS
from connector.demo.inspection import AUDIT
from connector.demo.processes import SERVE
from connector.runtime.clock import Clock
from connector.runtime.errors import PenstockError, ServerAbsent, explain_failure
from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from tests.api.space import Space
from tests.fault import served_points
from tests.fault.roles import DISK
from tests.journey.harness import Patient

ROLES = ("exchange", "regulator", "provider", "buyer")
STRUCK = ("provider", "buyer", "exchange", "regulator")
SIZES, PRICE = (150_000, 70_000), 16_000  # bytes, and minor units a MiB
MIB = 2**20
TRACED = (sys.executable, str(Path(__file__).with_name("traced_serve.py")))
DONE_SECONDS, AGAIN_SECONDS = 90, 0.1


class Persistent(Patient):
    """A patient caller who asks again, too, when a disk failed or the chain did not answer."""

    async def call(self, method, path, body=None):
        while True:
            try:
                return await super().call(method, path, body)
            except PenstockError as error:
                if explain_failure(error).exit_code not in {DISK, *RETRYABLE_EXITS}:
                    raise
            await asyncio.sleep(AGAIN_SECONDS)


class Watch:
    """One process that a fault strikes once, and how it ended: `code` is None as long as it lives."""

    def __init__(self, person, point, log):
        self.point, self.code, self._person = point, None, person
        self._said_before = len(self._said())
        self.tracer = served_points.armed(person.pid, point, log)
        self._task = asyncio.create_task(self._attend())

    async def _attend(self):
        """Mend the disk as soon as it has failed; start again who dies."""
        death, mended = asyncio.create_task(self._person.wait()), False
        try:
            while not (await asyncio.wait({death}, timeout=AGAIN_SECONDS))[0]:
                if served_points.has_ended(self._person.pid):
                    self.tracer.leave()
                elif not mended and (mended := self._struck()):
                    self._mend()
        finally:
            death.cancel()
        self.code = self._person._process.returncode
        self.tracer.leave()
        await self._person.start()

    def _struck(self):
        return served_points.struck(self.point, self.tracer.text())

    def _mend(self):
        served_points.mend(self._person.pid, self.point, self.tracer)

    def _said(self):
        return (self._person.data / "serve.log").read_text()

    async def end(self):
        """Return whether the fault struck; whoever died is there again, for the right reason."""
        if self.code is None and self._person.running:
            self._task.cancel()
            self._mend()
        await asyncio.gather(self._task, return_exceptions=True)
        if not self._task.cancelled():
            self._task.result()
        elif not self._person.running:  # it died just now
            await self._attend()
        killed = self.point.fault == "kill"
        struck = self.code == -signal.SIGKILL if killed else self._struck()
        assert self.code in ((None, -signal.SIGKILL) if killed else (None, DISK)), (
            f"{self.point}: it ended with {self.code}: {self._person.last_words()}"
        )
        assert self.code is None or struck, f"{self.point}: it died of something else"
        if self.code == DISK and self.point.fault != served_points.SHORT:  # its own words may be what did not fit
            assert "disk" in self._said()[self._said_before :]
        return struck


class Served:
    """The space, its journeys, and what must be right after each."""

    def __init__(self, folder):
        self.folder, self._numbers = folder, count()
        self._space = Space(folder, Clock().now)
        self._space.prepare(ROLES)

    async def __aenter__(self):
        await self._space.start()
        self._space.doors = {
            role: Persistent(person.data, self._space.outbound) for role, person in self._space.people.items()
        }
        self._chain = Chain.connect(self._space.url("exchange") + "/rpc")
        self._programs = Programs(self._chain, self._space.deployment)
        await self._journey()
        return self

    async def __aexit__(self, *_):
        await self._chain.close()
        await self._space.stop()

    async def counted(self):
        """Return every point of each role: of a start, and of a journey, without faults."""
        logs = {role: self.folder / f"calls of the {role}" for role in STRUCK}
        found = {role: [] for role in STRUCK}
        for moment in served_points.MOMENTS:
            tracers = []
            for role, log in logs.items():
                async with self._begun(role, moment) as process:
                    tracers.append(served_points.counting(process, log))
            await self._journey() if moment == served_points.JOURNEY else None
            for tracer in tracers:
                tracer.leave()
            for role, log in logs.items():
                found[role] += served_points.points(role, moment, log)
        return found

    async def survived(self, points):
        """Play a journey while a fault strikes at a point of each of some roles; return the points that were struck."""
        watches = []
        try:
            for point in sorted(points, key=lambda point: served_points.MOMENTS.index(point.moment)):
                async with self._begun(point.role, point.moment):
                    person = self._space.people[point.role]
                    watches.append(Watch(person, point, self.folder / f"strikes at the {point.role}"))
            await self._journey()
        finally:
            ended = await asyncio.gather(*(watch.end() for watch in watches), return_exceptions=True)
        for each in ended:
            if isinstance(each, BaseException):
                raise each
        for point in points:
            await self._whole(point.role)
        return [watch for watch, struck in zip(watches, ended, strict=True) if struck]

    @asynccontextmanager
    async def _begun(self, role, moment):
        """Yield the process to trace; one that is started waits for that, and is ready, or dead, afterwards."""
        person = self._space.people[role]
        if moment == served_points.JOURNEY:
            yield person.pid
            return
        await person.kill()
        person.command = TRACED
        starting = asyncio.create_task(person.start())
        while not person.running:
            await asyncio.sleep(AGAIN_SECONDS / 10)
        person.command = SERVE
        try:
            yield person.pid
        finally:
            with suppress(ServerAbsent):  # it died: whoever watches it starts it again
                await starting

    async def audited(self):
        """The regulator, who is given URLs only, finds nothing."""
        command = (*AUDIT, "--data", self._space.people["regulator"].data, "--exchange", self._space.url("exchange"))
        process = await asyncio.create_subprocess_exec(
            *map(str, command), "--development", "--json", stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        found = json.loads(said)
        assert (process.returncode, found["audit"], found["bytes_paid_twice"]) == (0, "clean", 0), found

    async def _journey(self):
        space, product = self._space, f"product-{next(self._numbers)}"
        async with asyncio.timeout(DONE_SECONDS):
            files = await space.publish("provider", product, SIZES, price=PRICE)
            await space.get(product, limit=PRICE)
            view = await space.complete(product, within=DONE_SECONDS)
            assert await space.opened(product) == [path.read_bytes() for path in files]
            await space.doors["provider"].call("POST", "settlements", {"agreement": view["agreement"]})
            for role in ("exchange", "buyer"):
                await space.doors[role].call("POST", "settlements", {"agreement": None})
            for role in STRUCK:
                await space.doors[role].call("POST", "log/anchor", {})
            await self._paid_once(view)
        for path in files:
            path.unlink()
        shutil.rmtree(space.folder / "opened" / product)

    async def _paid_once(self, view):
        """The bill stands in both books and on the chain, once, and nobody has shown anything against anybody."""
        bill, channel = -(-int(view["progress"]["bytes"]) * PRICE // MIB), view["channel"]
        assert int(view["progress"]["paid"]) == bill
        for role in ("buyer", "provider"):
            [kept] = [row for row in self._space.rows(role, "channels") if row["id"] == channel]
            assert int(kept["cumulative"]) == bill
            assert self._space.rows(role, "bundles") == []
            assert not [row for row in self._space.rows(role, "facts") if row["name"].startswith("fork/")]
        settled = await self._programs.channel(bytes.fromhex(channel))
        assert (settled.claimed, settled.closed) == (bill, True)
        acquired = [row for row in self._space.rows("buyer", "acquisitions") if row["product"] == view["product"]]
        assert len(acquired) == 1

    async def _whole(self, role):
        report = await checked(self._space.people[role].data, None, folder=None, url="", trust=None, development=True)
        assert report["whole"], report
