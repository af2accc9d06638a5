"""Memory of processes over time: a curve of resident sizes beside a work, and how far it rose above where it began."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench import report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

PERIOD_SECONDS = 0.1
POINTS = 24  # of a curve that is shown


@dataclass(slots=True)
class Curve:
    """The resident bytes of one process: before the work, its largest (by the kernel), and sampled meanwhile."""

    idle: int
    peak: int = 0
    samples: list[int] = field(default_factory=list)

    @property
    def above(self) -> int:
        """How far the largest size is above idle."""
        return self.peak - self.idle

    @property
    def growth(self) -> float:
        """How much more the last quarter took than the second, in bytes; what is flat grows by nothing."""
        quarter = max(1, len(self.samples) // 4)
        return statistics.mean(self.samples[-quarter:]) - statistics.mean(self.samples[quarter : 2 * quarter])

    def shown(self) -> str:
        """Return some points of it, in MiB."""
        step = max(1, len(self.samples) // POINTS)
        return " ".join(f"{size >> 20}" for size in self.samples[::step])


@contextlib.asynccontextmanager
async def watched(pids: Mapping[str, int]) -> AsyncIterator[Mapping[str, Curve]]:
    """Watch processes by name during a work; their curves are whole at its end."""
    curves = {name: Curve(report.memory_bytes(pid)) for name, pid in pids.items()}
    for pid in pids.values():
        report.forget_peak(pid)
    watching = asyncio.create_task(_watch(pids, curves))
    try:
        yield curves
    finally:
        watching.cancel()
        for name, pid in pids.items():
            curves[name].peak = report.memory_bytes(pid, peak=True)
            curves[name].samples.append(report.memory_bytes(pid))


async def _watch(pids: Mapping[str, int], curves: Mapping[str, Curve]) -> None:
    while True:
        for name, pid in pids.items():
            curves[name].samples.append(report.memory_bytes(pid))
        await asyncio.sleep(PERIOD_SECONDS)
