"""What a provider, a buyer and an exchange do in a running space, each time with another name, and what they take."""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import time
from typing import TYPE_CHECKING, Any

from bench import history, report
from bench.space import EXCHANGE, Space
from bench.works import DEAL, DEAL_CPU
from connector.demo.processes import SERVE
from connector.runtime.data_folder import KEYS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

PURPOSE = "AirTrafficResearch"
COMPLETE = frozenset({"complete"})
# of a question, whose median is told
QUESTIONS = 40
# an edition of many windows: each is of a MiB, which costs what may be unpaid
LONG, LONG_MIB, LONG_EXPOSURE = "bench-long", 32, "1"


class Trader:
    """What is done in one space, each time with another name."""

    def __init__(self, made: Space, product: str = history.PRODUCT, name: str = "grown") -> None:
        self._made, self._product, self._prefix, self._number = made, product, name, 0

    async def deal(self) -> Any:
        """Buy the product: find, negotiate, sign, pay, fetch and verify; return the acquisition."""
        self._number += 1
        name, mandate = self._name, {"limit": "1", "purpose": PURPOSE}
        body = {"id": name, "product": self._product, "mandate": mandate}
        await self._made.call("buyer", "POST", "acquisitions", body)
        return await self._made.reach(name, COMPLETE)

    async def opening(self) -> None:
        """Open what was bought last."""
        to = str(self._made.people["buyer"].data.parent / "opened" / f"{self._name}-{time.monotonic_ns()}")
        body = {"id": f"open-{time.monotonic_ns()}", "acquisition": self._name, "purpose": PURPOSE, "to": to}
        await self._made.call("buyer", "POST", "openings", body)

    async def page(self) -> None:
        """Read the newest negotiations and transfers."""
        await self._made.call("provider", "GET", "processes")

    async def question(self) -> None:
        """Ask the exchange for products by two words."""
        await self._made.call(EXCHANGE, "GET", "find?q=bench%20history")

    async def window(self, rounds: int, short: float) -> float:
        """Return the seconds of a window: by how much a deal of many takes longer than a `short` one, by their number.

        `short` are the seconds of a deal of this trader.
        """
        provider, long = self._made.people["provider"].data, Trader(self._made, LONG, f"{self._name}-long")
        source = provider.parent / "long.bin"
        if not source.exists():
            source.write_bytes(os.urandom(LONG_MIB * report.KIB**2))
            await self._made.offer(LONG, [source], pieceKiB=report.KIB, exposure=LONG_EXPOSURE)
        few, many = [(await one.deal())["progress"]["windows"] for one in (self, long)]
        return (await timed(rounds, long.deal) - short) / float(many - few)

    async def backup(self) -> None:
        """Back the provider up while it serves, and throw that away."""
        shutil.rmtree(await self._backed_up())

    async def restore(self) -> float:
        """Put the provider's back-up in its place; return the seconds until it answers, and see that it deals."""
        provider, source = self._made.people["provider"], await self._backed_up()
        former = provider.data.with_name("former")
        await provider.stop()
        provider.data.rename(former)
        begun = time.perf_counter()
        await _admin("restore", source, "--data", provider.data, "--keys", former / KEYS)
        await provider.start()
        took = time.perf_counter() - begun
        await self.deal()
        for each in (source, former):
            shutil.rmtree(each)
        return took

    async def _backed_up(self) -> Path:
        data = self._made.people["provider"].data
        to = data.with_name(f"backup-{time.monotonic_ns()}")
        await _admin("backup", to, "--data", data)
        return to

    async def deals(self, rounds: int) -> dict[str, float]:
        """Return the seconds of a deal, and the CPU of both sides."""
        await self.deal()
        before = self._cpu_seconds()
        seconds = await timed(rounds, self.deal)
        return {DEAL.name: seconds, DEAL_CPU.name: (self._cpu_seconds() - before) / (rounds + 1)}

    @property
    def _name(self) -> str:
        return f"{self._prefix}-{self._number}"

    def _cpu_seconds(self) -> float:
        return sum(report.cpu_seconds(self._made.pid(role)) for role in history.ROLES)


async def _admin(*words: object) -> None:
    command = [*SERVE[:-1], "admin", *map(str, words)]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)


async def timed(rounds: int, do: Callable[[], Awaitable[Any]]) -> float:
    """Return the median seconds of so many rounds, after one that warms up."""
    took = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        await do()
        took.append(time.perf_counter() - begun)
    return statistics.median(took[1:])


def memory(run: Space, role: str) -> float:
    """Return the MiB that a participant has."""
    return report.memory_bytes(run.pid(role)) / report.KIB**2


def tables(data: Path) -> float:
    """Return the MiB of a participant's tables, after it has ended."""
    return sum(path.stat().st_size for path in data.glob(f"{history.DATABASE}*")) / report.KIB**2
