"""A file that is appended, sold as a stream: how late a line is at its buyer, how many come a second, how soon it ends.

`python -m bench.streams [--lines 300] [--backlog 500000]`

Each line has the time at which it was written. The same file is read by `tail -F`, which decides, counts, seals and
keeps nothing: what it takes is the floor. Then many lines come at once, and last the agreement is revoked.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import time
from typing import TYPE_CHECKING

import uvloop

from bench import report
from bench.space import machine, space, workshop

if TYPE_CHECKING:
    from pathlib import Path

    from bench.space import Space

DELAY, FLOOR = "from the source to the buyer's file, p99", "the same file through `tail -F`, p99"
BACKLOG, ENDED = (
    "messages that come at once, from the source to the buyer's file",
    "from revocation to the last message",
)
TARGETS = {DELAY: {"at_most": 2_000.0}, ENDED: {"at_most": 1.0}}
COMPLETE = frozenset({"complete"})
PAUSE_SECONDS = 0.05
LOOK_SECONDS = 0.001
PADDING = b"x" * 80
WITHIN_SECONDS = 120


def write(source: Path, lines: int) -> None:
    """Append lines one after the other, each with its time."""
    for _ in range(lines):
        with source.open("ab") as file:
            file.write(b"%d %s\n" % (time.time_ns(), PADDING))
        time.sleep(PAUSE_SECONDS)


def late(place: Path, first: int, lines: int) -> list[float]:
    """Return by how many milliseconds each of so many lines behind the `first` came late into a file (blocking)."""
    found, until, rest = list[float](), time.monotonic() + WITHIN_SECONDS, b""
    with place.open("rb") as file:
        file.seek(first)
        while len(found) < lines and time.monotonic() < until:
            whole, _, rest = (rest + file.read()).rpartition(b"\n")
            now = time.time_ns()
            found += [(now - int(line.partition(b" ")[0])) / 1e6 for line in whole.split(b"\n") if line]
            time.sleep(LOOK_SECONDS)
    assert len(found) == lines, f"{len(found)} of {lines} lines came"
    return found


async def sold(made: Space, source: Path, name: str) -> str:
    """Publish a stream and buy it; return the agreement's digest."""
    terms = {"tier": "plain", "unit": "message", "price": "1", "floor": "1", "files": None, "region": None}
    await made.offer(name, [], **terms, stream=str(source))
    mandate = {"limit": "1", "purpose": "Research"}
    await made.call("buyer", "POST", "acquisitions", {"id": name, "product": name, "mandate": mandate})
    return str((await made.reach(name, COMPLETE))["agreement"])


async def follow(made: Space, agreement: str, to: Path) -> None:
    """Begin to follow into a file, and wait for its first line."""
    body = {"to": str(to), "since": None, "purpose": None}
    await made.call("buyer", "POST", f"agreements/{agreement}/stream", body)
    async with asyncio.timeout(WITHIN_SECONDS):
        while not to.exists() or not to.stat().st_size:
            await asyncio.sleep(LOOK_SECONDS)


async def delayed(made: Space, folder: Path, lines: int) -> tuple[list[float], list[float], str]:
    """Return how late lines came to the buyer and through `tail -F`, and the agreement."""
    source, ours, theirs = folder / "rain.log", folder / "ours.log", folder / "theirs.log"
    write(source, 1)
    agreement = await sold(made, source, "rain")
    await follow(made, agreement, ours)
    with theirs.open("wb") as taken, subprocess.Popen(["tail", "-n", "0", "-F", source], stdout=taken) as tail:
        await asyncio.sleep(1)
        begun = ours.stat().st_size
        both = [asyncio.to_thread(late, place, first, lines) for place, first in ((ours, begun), (theirs, 0))]
        own, other, _ = await asyncio.gather(*both, asyncio.to_thread(write, source, lines))
        tail.terminate()
    return own, other, agreement


async def taken(made: Space, folder: Path, lines: int) -> tuple[float, float, float]:
    """Return the seconds that lines written at once take into the buyer's file, and what both connectors compute."""
    source, to = folder / "backlog.log", folder / "backlog.got"
    write(source, 1)
    agreement = await sold(made, source, "backlog")
    await follow(made, agreement, to)
    pids = [made.pid(role) for role in ("provider", "buyer")]
    many = b"".join(b"%d %s\n" % (number, PADDING) for number in range(lines))
    before, begun = [report.cpu_seconds(pid) for pid in pids], time.perf_counter()
    with source.open("ab") as file:
        file.write(many)
    async with asyncio.timeout(WITHIN_SECONDS):
        while to.stat().st_size < source.stat().st_size:
            await asyncio.sleep(LOOK_SECONDS)
    took = time.perf_counter() - begun
    assert to.read_bytes() == source.read_bytes()
    spent = [report.cpu_seconds(pid) - earlier for pid, earlier in zip(pids, before, strict=True)]
    return took, spent[0], spent[1]


async def cut(made: Space, folder: Path, agreement: str) -> float:
    """Return the seconds from the answer to a revocation until the last line that still came was written."""
    writing = asyncio.create_task(asyncio.to_thread(write, folder / "rain.log", 100))
    await asyncio.sleep(1)
    await made.call("provider", "POST", f"agreements/{agreement}/revoke", {"reason": "measured"})
    revoked = time.time_ns()
    await writing
    last = (folder / "ours.log").read_bytes().splitlines()[-1]
    return max(int(last.partition(b" ")[0]) - revoked, 0) / 1e9


async def measured(folder: Path, lines: int, backlog: int) -> dict[str, tuple[float, str]]:
    """Return the figures."""
    async with space(folder) as made:
        own, other, agreement = await delayed(made, folder, lines)
        took, provider, buyer = await taken(made, folder, backlog)
        ended = await cut(made, folder, agreement)
        peak = report.memory_bytes(made.pid("provider"), peak=True)
    return {
        DELAY: (report.percentile(own, 99), "ms"),
        "from the source to the buyer's file, p50": (report.percentile(own, 50), "ms"),
        FLOOR: (report.percentile(other, 99), "ms"),
        BACKLOG: (backlog / took, "messages/s"),
        "the provider's connector, a million messages": (provider / backlog * 1e6, "CPU s"),
        "the buyer's connector, a million messages": (buyer / backlog * 1e6, "CPU s"),
        ENDED: (ended, "s"),
        "the provider's connector, largest resident size": (peak / (1 << 20), "MiB"),
    }


def main() -> None:
    """Measure, print and write the results."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--lines", type=int, default=300)
    told.add_argument("--backlog", type=int, default=500_000)
    asked = told.parse_args()
    print(machine())
    with workshop() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(measured(folder, asked.lines, asked.backlog))
    rows = report.rows(figures, TARGETS)
    print(report.table(rows))
    print(f"written to {report.write('streams', rows)}")


if __name__ == "__main__":
    main()
