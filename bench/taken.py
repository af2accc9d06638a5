"""What one transfer took, and the figures of many: wall seconds, CPU seconds and peak memory of both sides.

Law: speed is said in MiB/s, CPU in seconds per GiB, and a row with ÷ is the peer's wall time by ours, so above 1 is
faster than the peer. Medians of rounds that alternate, each from the same start (`level`).
"""

from __future__ import annotations

import os
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from bench import report

MIB, GIB = 2**20, 2**30
# the largest piece, and what pieces of a large product are
SLAB_BYTES = 4 * MIB
BOTH = "CPU of both sides"
READ_BYTES = MIB
BLOCK_BYTES = 512  # of which `st_blocks` counts, on any file system


@dataclass(frozen=True, slots=True)
class Taken:
    """One measurement of `size` bytes: wall seconds, CPU seconds and largest resident bytes of both sides.

    `turns`: how often a thread of the client gave its processor up (for a lock, the interpreter, bytes or the disk).
    """

    size: int
    seconds: float
    server_cpu: float
    client_cpu: float
    server_peak: int
    client_peak: int
    turns: int = 0


def level(served: Iterable[Path]) -> None:
    """Bring every measurement to the same start: nothing dirty, what will be served (and is no hole) in the cache."""
    os.sync()
    for path in (path for path in served if path.stat().st_blocks * BLOCK_BYTES >= path.stat().st_size // 2):
        with path.open("rb", buffering=0) as file:
            while file.read(READ_BYTES):
                pass


def figures(taken: Mapping[str, Sequence[Taken]]) -> report.Figures:
    """Return the medians of everybody by row."""
    found = {}
    for name, each in taken.items():
        gib = each[0].size / GIB
        found |= {
            f"{name}: speed": (statistics.median(one.size / MIB / one.seconds for one in each), "MiB/s"),
            f"{name}: CPU of the server": (statistics.median(one.server_cpu for one in each) / gib, "s/GiB"),
            f"{name}: CPU of the client": (statistics.median(one.client_cpu for one in each) / gib, "s/GiB"),
            f"{name}: {BOTH}": (statistics.median(one.server_cpu + one.client_cpu for one in each) / gib, "s/GiB"),
            f"{name}: peak memory of the server": (statistics.median(one.server_peak for one in each) / MIB, "MiB"),
            f"{name}: peak memory of the client": (statistics.median(one.client_peak for one in each) / MIB, "MiB"),
        }
    return found


def ratios(taken: Mapping[str, Sequence[Taken]], ours: str, peers: Iterable[str]) -> report.Figures:
    """Return how many times as fast as each peer that was measured we are."""
    wall = {name: statistics.median(one.seconds / one.size for one in each) for name, each in taken.items()}
    return {f"{ours} ÷ {peer}": (wall[peer] / wall[ours], "times") for peer in peers if peer in wall}


def cpu_ratios(taken: Mapping[str, Sequence[Taken]], ours: str, peers: Iterable[str]) -> report.Figures:
    """Return how many times as much CPU we take as each peer that was measured."""
    spent = {
        name: statistics.median((one.server_cpu + one.client_cpu) / one.size for one in each)
        for name, each in taken.items()
    }
    return {f"{ours}: {BOTH} ÷ {peer}": (spent[ours] / spent[peer], "times") for peer in peers if peer in spent}


def turns(taken: Mapping[str, Sequence[Taken]], ours: str) -> report.Figures:
    """Return how many turns of its threads our client takes for each slab."""
    each = statistics.median(one.turns * SLAB_BYTES / one.size for one in taken[ours])
    return {f"{ours}: turns of the client's threads for a slab": (each, "")}
