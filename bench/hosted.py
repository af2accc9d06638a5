"""What strangers cost a member on the chain that its exchange hosts: an honest anchor, with and without fifty of them.

`python -m bench.hosted [--rounds 3] [--anchors 30] [--strangers 50]`

A provider has its log's head, one event longer each time, cosigned and anchored, one anchor after the other, while
`strangers` (`bench.strangers`, a process beside) do their worst to the exchange's `/rpc` or, in quiet rounds, nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

import aiohttp

from bench import report
from bench.space import EXCHANGE, Space, machine, space, workshop
from bench.strangers import COUNT, ask, request
from connector.runtime import settings
from connector.runtime.data_folder import CHAIN_DATABASE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ROUNDS, ANCHORS = 3, 30
TARGETS = {
    "honest anchor p99, hostile by quiet": {"at_most": 3.0},
    "honest anchors that failed": {"at_most": 0.0},
    "the chain's file grew by, while strangers wrote": {"at_most": 16.0},
}
MIB = 2**20
WARM_SECONDS = 3.0
NICENESS = 5


@contextlib.asynccontextmanager
async def strangers(rpc: str, count: int) -> AsyncIterator[None]:
    """Let strangers do their worst meanwhile; they are on machines of their own, so ours goes first where it can."""
    command = (sys.executable, "-m", "bench.strangers", rpc, "--count", str(count))
    process = await asyncio.create_subprocess_exec(*command, preexec_fn=lambda: os.nice(NICENESS))
    try:
        await asyncio.sleep(WARM_SECONDS)
        yield
    finally:
        process.kill()
        await process.wait()


async def anchored(made: Space) -> float | None:
    """Return the milliseconds of one honest anchor, None for one that failed."""
    begun = time.perf_counter()
    try:
        await made.call("provider", "POST", "log/anchor", {})
    except Exception as fault:  # noqa: BLE001  # whatever it is, this anchor did not land
        print("an anchor failed:", fault)
        return None
    return 1000 * (time.perf_counter() - begun)


async def looked(rpc: str) -> float:
    """Return the milliseconds in which an honest stranger learns the newest block's number."""
    begun = time.perf_counter()
    async with aiohttp.ClientSession() as session:
        assert "result" in await ask(session, rpc, request("eth_blockNumber"))
    return 1000 * (time.perf_counter() - begun)


async def measure(rounds: int = ROUNDS, anchors: int = ANCHORS, count: int = COUNT) -> list[report.Row]:
    """Alternate quiet and hostile rounds and return the figures."""
    taken: dict[str, list[float | None]] = {"quiet": [], "hostile": []}
    looks: dict[str, list[float]] = {"quiet": [], "hostile": []}
    with workshop() as folder:
        async with space(folder) as made:
            home = made.people[EXCHANGE].data
            rpc = settings.load(home, {}, {}).url + "/rpc"
            await anchored(made)
            before = _size(home)
            for _ in range(rounds):
                for kind, anchors_taken in taken.items():
                    async with strangers(rpc, count) if kind == "hostile" else contextlib.nullcontext():
                        for _ in range(anchors):
                            anchors_taken.append(await anchored(made))
                            looks[kind].append(await looked(rpc))
            grown = (_size(home) - before) / MIB
    times = {kind: [each for each in found if each is not None] for kind, found in taken.items()}
    shown: report.Figures = {
        f"honest anchor, {kind}, p{percent}": (report.percentile(found, percent), "ms")
        for kind, found in times.items()
        for percent in (50, 99)
    }
    shown |= {f"a stranger's look, {kind}, p99": (report.percentile(found, 99), "ms") for kind, found in looks.items()}
    ratio = report.percentile(times["hostile"], 99) / report.percentile(times["quiet"], 99)
    return report.rows(
        shown
        | {
            "honest anchor p99, hostile by quiet": (ratio, "times"),
            "honest anchors that failed": (sum(each is None for found in taken.values() for each in found), "anchors"),
            "the chain's file grew by, while strangers wrote": (grown, "MiB"),
        },
        TARGETS,
    )


def _size(home: Path) -> int:
    return sum(file.stat().st_size for file in home.glob(CHAIN_DATABASE + "*"))


def main() -> None:
    """Measure, print, write bench/results/hosted.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.hosted")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--anchors", type=int, default=ANCHORS)
    parser.add_argument("--strangers", type=int, default=COUNT, dest="count")
    told = parser.parse_args()
    print(machine())
    rows = asyncio.run(measure(**vars(told)))
    print(report.table(rows))
    print("written to", report.write("hosted", rows))


if __name__ == "__main__":
    main()
