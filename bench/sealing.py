"""Sealing a file beside copying it: what making an edition costs before anybody asks for it.

`python -m bench.sealing DATA FILE` seals one file in a process of its own and prints wall and CPU seconds; the start of
the interpreter is not in them, the sync of the edition is. What cat wrote is not synced; dd writes past the cache and
syncs, so it is what the disk gives.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench import report
from bench.taken import GIB, MIB, level
from connector.custody.blobs import Blobs
from connector.custody.seal import Brief, seal
from connector.custody.secrets import Keys
from connector.custody.sources import source_of
from connector.runtime.data_folder import SEALED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.report import Figures
    from connector.custody.sealed import Sealed

PIECE_BYTES = 1 << 20
SEALING, CAT, DISK = "sealing", "cat FILE > COPY", "dd oflag=direct conv=fsync"
RATIO = f"{SEALING} ÷ {CAT}"
DD = ("bs=4M", "oflag=direct", "conv=fsync", "status=none")


def sealed_edition(data: Path, source: Path) -> Sealed:
    """Seal one file in a data directory that nobody serves yet."""
    run = Keys.of(data, "").draw_run()
    brief = Brief(series=os.urandom(32), number=1, key_holder="did:web:bench", piece_bytes=PIECE_BYTES)
    return seal(source_of([source]), run, Blobs(data / SEALED), brief, sealed_at=datetime.now(UTC))


def seal_once(source: Path, folder: Path) -> report.Cost:
    """Seal in a process of its own; return what it says of itself, with the largest size of the process."""
    level([source])
    with tempfile.TemporaryFile(dir=folder) as said:
        cost = report.run([sys.executable, "-m", "bench.sealing", str(folder / "vault"), str(source)], said.fileno())
        said.seek(0)
        assert cost.returncode == 0, "sealing failed"
        seconds, cpu = map(float, said.read().split())
    shutil.rmtree(folder / "vault")
    return replace(cost, seconds=seconds, cpu_seconds=cpu)


def cat_once(source: Path, folder: Path) -> report.Cost:
    """Copy with cat."""
    level([source])
    copy = folder / "copy"
    with copy.open("wb") as file:
        cost = report.run(["cat", str(source)], file.fileno())
    assert copy.stat().st_size == source.stat().st_size
    copy.unlink()
    return cost


def disk_once(source: Path, folder: Path) -> report.Cost:
    """Copy with dd, past the cache and synced."""
    level([source])
    copy = folder / "copy"
    cost = report.run(["dd", f"if={source}", f"of={copy}", *DD])
    assert copy.stat().st_size == source.stat().st_size
    copy.unlink()
    return cost


def figures_of(taken: Mapping[str, list[report.Cost]], size: int) -> Figures:
    """Return the medians and how fast sealing is beside each."""
    wall = {name: statistics.median(cost.seconds for cost in each) for name, each in taken.items()}
    found = {}
    for name, each in taken.items():
        found |= {
            f"{name}: speed": (size / MIB / wall[name], "MiB/s"),
            f"{name}: CPU": (statistics.median(cost.cpu_seconds for cost in each) * GIB / size, "s/GiB"),
            f"{name}: peak memory": (statistics.median(cost.peak_bytes for cost in each) / MIB, "MiB"),
        }
    return found | {
        f"{SEALING} ÷ {peer}": (wall[peer] / wall[SEALING], "times") for peer in (CAT, DISK) if peer in wall
    }


async def measure(gib: float, rounds: int) -> Figures:
    """Seal and copy in turn."""
    from bench.single import fill  # here, so that the process that seals has only what sealing needs
    from bench.space import workshop

    works: dict[str, Callable[[Path, Path], report.Cost]] = {SEALING: seal_once, CAT: cat_once, DISK: disk_once}
    taken: dict[str, list[report.Cost]] = {name: [] for name in works}
    with workshop() as folder:
        source, size = folder / "data.bin", int(gib * GIB)
        fill(source, size)
        for _ in range(rounds):
            for name, work in works.items():
                taken[name].append(work(source, folder))
    return figures_of(taken, size)


def main() -> None:
    """Seal one file."""
    data, source = Path(sys.argv[1]), Path(sys.argv[2])
    begun, cpu = time.perf_counter(), time.process_time()
    sealed_edition(data, source)
    print(time.perf_counter() - begun, time.process_time() - cpu)


if __name__ == "__main__":
    main()
