"""Many at once and many small: sixteen channels beside sixteen curls, ten thousand objects under one agreement."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from bench import nginx, packages, report
from bench.peers import CURL
from bench.purchase import Purchases, market
from bench.rounds import in_turn
from bench.single import EXPOSURE, fill
from bench.space import workshop
from bench.taken import GIB, Taken, figures, level, ratios

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from bench.report import Figures

CHANNELS = 16
OBJECTS, OBJECT_BYTES, OBJECT_PIECE_KIB = 10_000, 16 * 1024, 64
OURS, CURLS = f"{CHANNELS} channels, opened to disk", f"nginx (debian) + {CHANNELS} curl -o"
OBJECTS_RATE = f"{OBJECTS:,} objects, opened to disk"


async def channels(gib: float, rounds: int) -> Figures:
    """Take `gib` GiB in sixteen files at once: as many agreements, channels and transfers, or as many curls."""
    with workshop() as folder:
        size = int(gib * GIB) // CHANNELS
        sources = [folder / "source" / f"data-{number}.bin" for number in range(CHANNELS)]
        for source in sources:
            fill(source, size)
        async with market(folder) as made:
            for source in sources:
                await made.offer(source.stem, [source], exposure=EXPOSURE)
            buy = Purchases(made, CHANNELS * size)
            works: dict[str, Callable[[], Awaitable[Taken]]] = {
                OURS: partial(buy.once, [source.stem for source in sources], "disk")
            }
            if packages.absent(("nginx", "curl")):
                taken = await in_turn(works, rounds)
            else:
                with nginx.serving("debian", folder / "nginx", sources[0].parent) as server:
                    works[CURLS] = partial(asyncio.to_thread, curls, server, sources, folder / "curled")
                    taken = await in_turn(works, rounds)
    return {**figures(taken), **ratios(taken, OURS, [CURLS])}


def curls(server: nginx.Server, sources: Sequence[Path], folder: Path) -> Taken:
    """Fetch every file at once, each with a curl of its own."""
    folder.mkdir(exist_ok=True)
    level(sources)
    server.forget_peak()
    before, begun = server.cpu_seconds(), time.perf_counter()

    def one(source: Path) -> report.Cost:
        return report.run([*CURL, str(folder / source.name), f"{server.url}/{source.name}"], subprocess.DEVNULL)

    with ThreadPoolExecutor(len(sources)) as threads:
        costs = list(threads.map(one, sources))
    seconds, spent = time.perf_counter() - begun, server.cpu_seconds() - before
    assert not any(cost.returncode for cost in costs), "curl failed"
    size = sum((folder / source.name).stat().st_size for source in sources)
    for source in sources:
        (folder / source.name).unlink()
    cpu, peak = sum(cost.cpu_seconds for cost in costs), sum(cost.peak_bytes for cost in costs)
    return Taken(size, seconds, spent, cpu, server.peak_bytes(), peak)


async def objects(_gib: float, rounds: int) -> Figures:
    """Take ten thousand small files, a piece each, that are one product under one agreement."""
    with workshop() as folder:
        source = folder / "source" / "objects"
        source.mkdir(parents=True)
        for number in range(OBJECTS):
            (source / f"{number:05}.bin").write_bytes(os.urandom(OBJECT_BYTES))
        async with market(folder) as made:
            await made.offer("objects", [source], pieceKiB=OBJECT_PIECE_KIB, exposure=EXPOSURE)
            buy = Purchases(made, OBJECTS * OBJECT_BYTES, litters=True)
            works = {OBJECTS_RATE: partial(buy.once, ["objects"], "disk")}
            taken = await in_turn(works, rounds)
    found = figures(taken)
    rate = found[f"{OBJECTS_RATE}: speed"][0] * 2**20 / OBJECT_BYTES
    return {**found, OBJECTS_RATE: (rate, "1/s"), "windows paid in a transfer": (buy.windows, "")}
