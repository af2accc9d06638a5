"""A pull to disk by real participants against nginx and curl on the same bytes, in the same run.

`python -m bench.pull [--mib 256] [--rounds 3]`

Ours: provider, buyer, exchange and regulator are processes; the buyer pulls one sealed edition in pieces of 1 MiB (tier
kept), verifies every piece, pays window by window and holds all keys; `opened` adds what it takes to have plain files
beside the replica. What comes before (finding, negotiating, licence, deposit) is no transfer and is not counted.
Theirs: `curl -o` from nginx, which verifies, decrypts and syncs nothing. Rounds alternate; before each measurement
everything dirty is on the disk and what will be served is in the page cache; what was received is removed after it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import statistics
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import uvloop

from bench import nginx, report
from bench.space import Space, machine, space, workshop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PRODUCT = "bench-pull"
PURPOSE = "AirTrafficResearch"
PIECE_KIB = 1024
MIB, GIB = 2**20, 2**30
RECEIVING = frozenset({"receiving", "complete"})
COMPLETE = frozenset({"complete"})


@dataclass(frozen=True, slots=True)
class Taken:
    """One measurement: wall seconds, CPU seconds and largest resident bytes of both sides."""

    seconds: float
    server_cpu: float
    client_cpu: float
    server_peak: int
    client_peak: int


def fill(path: Path, mib: int) -> None:
    """Write `mib` MiB that do not compress."""
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(MIB))


def prepare(served: Path) -> None:
    """Bring every measurement to the same start: nothing dirty, the served bytes in the page cache."""
    os.sync()
    with served.open("rb", buffering=0) as file:
        while file.read(MIB):
            pass


def curl(server: nginx.Nginx, source: Path, target: Path) -> Taken:
    """Fetch the file once with curl."""
    prepare(source)
    before = server.cpu_seconds()
    cost = report.run(["curl", "-s", "-S", "-f", "-o", str(target), f"{server.url}/{source.name}"])
    assert cost.returncode == 0, "curl failed"
    assert target.stat().st_size == source.stat().st_size
    spent = server.cpu_seconds() - before
    target.unlink()
    return Taken(cost.seconds, spent, cost.cpu_seconds, server.peak_bytes(), cost.peak_bytes)


class Pulls:
    """The buyer's pulls of one product, each a purchase of its own."""

    def __init__(self, made: Space, mib: int) -> None:
        self._made = made
        self._mib = mib
        self._number = 0
        self.windows = 0

    async def once(self) -> tuple[Taken, Taken]:
        """Pull and open once; return what the pull took, and what pull and opening took together."""
        made = self._made
        self._number += 1
        key = f"pull-{self._number}"
        prepare(next((made.people["provider"].data / "sealed").glob("*")))
        mandate = {"bid": None, "limit": "1", "purpose": PURPOSE, "deposit": None}
        begun = self._clock()
        await made.call("buyer", "POST", "acquisitions", {"id": key, "product": PRODUCT, "mandate": mandate})
        if (await made.reach(key, RECEIVING))["state"] == "receiving":
            begun = self._clock()
        view = await made.reach(key, COMPLETE)
        pulled = self._since(begun)
        self.windows = view["progress"]["windows"]
        target = made.people["buyer"].data.parent / "opened"
        opening = {"id": f"open-{key}", "acquisition": key, "purpose": PURPOSE, "to": str(target)}
        await made.call("buyer", "POST", "openings", opening)
        opened = self._since(begun)
        size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
        assert size == self._mib * MIB, f"{size} bytes were opened"
        self._clear(target)
        return pulled, opened

    def _clock(self) -> tuple[float, float, float]:
        provider, buyer = (report.cpu_seconds(self._made.pid(role)) for role in ("provider", "buyer"))
        return time.perf_counter(), provider, buyer

    def _since(self, begun: tuple[float, float, float]) -> Taken:
        now = self._clock()
        seconds, provider, buyer = (new - old for new, old in zip(now, begun, strict=True))
        peaks = [report.memory_bytes(self._made.pid(role), peak=True) for role in ("provider", "buyer")]
        return Taken(seconds, provider, buyer, *peaks)

    def _clear(self, target: Path) -> None:
        """Give the disk back: opened files, and the replica's bytes (its row stays)."""
        shutil.rmtree(target)
        for replica in (self._made.people["buyer"].data / "replicas").iterdir():
            shutil.rmtree(replica) if replica.is_dir() else replica.unlink()


async def measure(mib: int, rounds: int) -> tuple[dict[str, list[Taken]], int]:
    """Return the measurements of every kind of work, and how many windows were paid in one pull."""
    taken: dict[str, list[Taken]] = {}
    with workshop() as folder, contextlib.ExitStack() as stack:
        source = folder / "source" / "data.bin"
        source.parent.mkdir()
        fill(source, mib)
        works: dict[str, Callable[[], Taken]] = {}
        if nginx.found() and shutil.which("curl"):
            for flavour in nginx.FLAVOURS:
                server = stack.enter_context(nginx.serving(flavour, folder / flavour, source.parent))
                works[f"nginx ({flavour}) + curl -o"] = partial(curl, server, source, folder / "curled")
        async with space(folder) as made:
            await made.offer(PRODUCT, [source], PIECE_KIB)
            pulls = Pulls(made, mib)
            for _ in range(rounds):
                for name, work in works.items():
                    taken.setdefault(name, []).append(await asyncio.to_thread(work))
                pulled, opened = await pulls.once()
                taken.setdefault("pull, sealed", []).append(pulled)
                taken.setdefault("pull, opened", []).append(opened)
    return taken, pulls.windows


def rows_of(taken: dict[str, list[Taken]], mib: int, windows: int) -> list[report.Row]:
    """Return the medians as rows."""
    rows = []
    for name, each in taken.items():

        def middle(of: Callable[[Taken], float], each: list[Taken] = each) -> float:
            return statistics.median(of(one) for one in each)

        rows += [
            report.row(f"{name}: speed", mib / middle(lambda one: one.seconds), "MiB/s"),
            report.row(f"{name}: CPU of the server", middle(lambda one: one.server_cpu) * GIB / (mib * MIB), "s/GiB"),
            report.row(f"{name}: CPU of the client", middle(lambda one: one.client_cpu) * GIB / (mib * MIB), "s/GiB"),
            report.row(f"{name}: peak memory of the server", middle(lambda one: one.server_peak) / MIB, "MiB"),
            report.row(f"{name}: peak memory of the client", middle(lambda one: one.client_peak) / MIB, "MiB"),
        ]
    speed = {name: mib / statistics.median(one.seconds for one in each) for name, each in taken.items()}
    for flavour in nginx.FLAVOURS:
        base = f"nginx ({flavour}) + curl -o"
        if base not in speed:
            rows.append(report.absent(base))
            continue
        rows += [
            report.row(f"{name} ÷ {base}", speed[name] / speed[base], "times")
            for name in ("pull, sealed", "pull, opened")
        ]
    return [*rows, report.row("windows paid in a pull", windows, "")]


def main() -> None:
    """Measure, print, write bench/results/pull.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.pull")
    parser.add_argument("--mib", type=int, default=256, help="size of the file")
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    print(machine())
    for flavour, lines in nginx.FLAVOURS.items():
        print(f"nginx ({flavour}): worker_processes auto; {' '.join(lines)}")
    print(f"ours: {told.mib} MiB in pieces of {PIECE_KIB} KiB, default exposure (eight pieces a window), plain http")
    taken, windows = uvloop.run(measure(told.mib, told.rounds))
    rows = rows_of(taken, told.mib, windows)
    print(report.table(rows))
    print("written to", report.write("pull", rows))


if __name__ == "__main__":
    main()
