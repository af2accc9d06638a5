"""Rounds of work: the same by several in turn, so that a noisy minute hits all alike, and many at once."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

K = TypeVar("K")
T = TypeVar("T")


async def in_turn(works: Mapping[K, Callable[[], Awaitable[T]]], rounds: int) -> dict[K, list[T]]:
    """Do each of `works` once a round, one after the other; return what each returned in every round."""
    assert rounds > 0
    taken: dict[K, list[T]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(await work())
    return taken


async def side_by_side(work: Callable[[], Awaitable[object]], count: int, concurrent: int) -> tuple[float, list[float]]:
    """Do `work` so often, `concurrent` under way at any time; return the seconds of all, the milliseconds of each."""
    left = count
    taken: list[float] = []

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            begun = time.perf_counter()
            await work()
            taken.append(1000 * (time.perf_counter() - begun))

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrent)))
    return time.perf_counter() - begun, taken
