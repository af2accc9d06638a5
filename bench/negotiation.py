"""Negotiations between two processes, every step durable: how long one takes, how many a second, beside a bare one.

`python -m bench.negotiation [--count 200] [--concurrent 64] [--rounds 3] [--here | --profile]`

The provider is a real `penstock serve` of an installation without extras (`bench/start.py`); this process is the buyer:
the same composition root on the same HTTP surface, with negotiations started directly in its engine because no
management call starts many at once. Each negotiation is request, agreement, verification and finalisation over HTTP, a
fresh token on each, both EIP-712 signatures made and verified, eight transitions committed with synchronous=FULL on
both sides together. Rounds alternate with those of two processes of `bench/bare.py`. The licences are queued for the
chain in the same transactions; while figures are taken the exchange, which hosts the chain, is down, because it would
share the cores of the two participants. It is started again at the end, and how fast the queue drains is a row, too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import uvloop

from bench import report
from bench.pairs import connectors, prototypes
from bench.rounds import in_turn
from bench.sampling import Sampler, top
from bench.space import Space, machine, space, workshop
from bench.start import installed
from connector.demo.processes import SERVE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.pairs import Connectors, Pair
    from bench.report import Figures

PRODUCT = "bench-negotiation"
PIECE_KIB = 64
DATA_BYTES = MIB = 2**20
COUNT, CONCURRENT, ROUNDS = 200, 64, 3
WARM_UP = 30
EACH_MIN = 10  # negotiations of a round with many at once, for each that is under way
CHAIN_BACK_SECONDS = 1.5  # the provider asks for its chain twice a second
DRAIN_SECONDS = 5.0
ALONE, BARE, OWED = "one after the other", "bare prototype", "bare prototype + what is owed"
LICENCES = "queued licences on chain"
TARGETS = {
    f"{ALONE}, p50 ÷ {BARE}": {"at_most": 2.0},
    f"{CONCURRENT} at once ÷ {BARE}": {"at_least": 0.45},
    f"peak memory of the buyer ÷ {BARE}": {"at_most": 2.5},
    LICENCES: {"at_least": 300.0},
}


@dataclass(frozen=True, slots=True)
class Round:
    """Some negotiations of a pair: how many a second, the milliseconds of each, the CPU milliseconds of one."""

    rate: float
    times: Sequence[float]
    cpu: float


async def one_round(pair: Pair, count: int, concurrent: int) -> Round:
    """Have a pair negotiate."""
    before = pair.cpu_seconds()
    seconds, times = await pair.negotiate(count, concurrent)
    return Round(count / seconds, times, 1000 * (pair.cpu_seconds() - before) / count)


def figures_of(alone: Sequence[Round], many: Sequence[Round], concurrent: int, peaks: Mapping[str, int]) -> Figures:
    """Return the figures of a pair: medians of its rounds, and the peaks of its sides."""
    together = f"{concurrent} at once"
    rate = statistics.median(each.rate for each in many)
    sizes = {f"peak memory of the {side}": (size / MIB, "MiB") for side, size in peaks.items()}
    return {**_of_one(ALONE, alone), together: (rate, "1/s"), **_of_one(together, many), **sizes}


def _of_one(name: str, rounds: Sequence[Round]) -> Figures:
    """Return what one negotiation took."""
    p50, p99 = (statistics.median(report.percentile(each.times, percent) for each in rounds) for percent in (50, 99))
    cpu = statistics.median(each.cpu for each in rounds)
    return {f"{name}, p50": (p50, "ms"), f"{name}, p99": (p99, "ms"), f"{name}, CPU of both sides": (cpu, "ms")}


def rows_of(ours: Figures, bare: Figures) -> list[report.Row]:
    """Return the connectors' rows, those of the bare prototype, and the ratios of the two."""
    theirs = {f"{BARE}, {work}": figure for work, figure in bare.items()}
    ratios = {f"{work} ÷ {BARE}": (value / bare[work][0], "times") for work, (value, _) in ours.items()}
    return report.rows({**ours, **theirs, **ratios}, TARGETS)


def owed_rows(ours: Figures, bare: Figures, owed: Figures) -> list[report.Row]:
    """Return the rows of the prototype that does what is owed, and its ratios: to the bare one, and ours to it."""
    theirs = {f"{OWED}, {work}": figure for work, figure in owed.items()}
    duty = {f"{OWED}, {work} ÷ {BARE}": (value / bare[work][0], "times") for work, (value, _) in owed.items()}
    left = {f"{work} ÷ {OWED}": (value / owed[work][0], "times") for work, (value, _) in ours.items()}
    return report.rows({**theirs, **duty, **left}, {})


async def compared(
    ours: Connectors, bare: Pair, count: int, concurrent: int, rounds: int, owed: Pair | None = None
) -> list[report.Row]:
    """Take the figures of the pairs in turn."""
    pairs: tuple[Pair, ...] = (ours, bare) if owed is None else (ours, bare, owed)
    many = max(count, EACH_MIN * concurrent)
    works = {
        (pair, at_once): partial(one_round, pair, times, at_once)
        for times, at_once in ((count, 1), (many, concurrent))
        for pair in pairs
    }
    taken = await in_turn(works, rounds)
    found = [figures_of(taken[pair, 1], taken[pair, concurrent], concurrent, pair.peak_bytes()) for pair in pairs]
    return rows_of(*found[:2]) + (owed_rows(*found) if owed is not None else [])


async def licences_per_second(made: Space, buyer: Connectors) -> float:
    """Start the exchange again and return how many of the queued licences come on chain in a second."""

    async def granted() -> int:
        return len(await buyer.connector.programs.events("licences", "LicenceGranted", 0))

    await made.people["exchange"].start()
    await asyncio.sleep(CHAIN_BACK_SECONDS)
    begun, before = time.perf_counter(), await granted()
    await asyncio.sleep(DRAIN_SECONDS)
    return (await granted() - before) / (time.perf_counter() - begun)


async def measure(
    command: Sequence[str] | None,
    count: int = COUNT,
    concurrent: int = CONCURRENT,
    rounds: int = ROUNDS,
    *,
    duty: bool = False,
) -> tuple[list[report.Row], dict[str, Any]]:
    """Set up, warm up, take the figures; `command` starts a participant.

    Without one the provider is these sources under a sampler; then the profiles of both sides are returned, too. With
    `duty` a second prototype takes part, which does what is owed (`bench/owed.py`).
    """
    with workshop() as folder:
        source = folder / "data.bin"
        source.write_bytes(os.urandom(DATA_BYTES))
        sampler, out, profiled = Sampler(), folder / "profile.json", command is None
        command = command or (sys.executable, "-m", "bench.sampling", str(out))
        async with space(folder, hosted=("buyer",), commands={"provider": (*command, "serve")}) as made:
            provider = made.pid("provider")
            async with AsyncExitStack() as stack:
                ours = await stack.enter_async_context(connectors(folder / "buyer", provider))
                bare = await stack.enter_async_context(prototypes(folder / "bare"))
                owed = await stack.enter_async_context(prototypes(folder / "owed", "bench.owed")) if duty else None
                await made.admit("buyer")
                await made.offer(PRODUCT, [source], pieceKiB=PIECE_KIB)
                await ours.meet(made.did("provider"), PRODUCT)
                for pair in filter(None, (ours, bare, owed)):
                    await pair.negotiate(WARM_UP, 4)
                await made.people["exchange"].stop()
                if profiled:
                    os.kill(provider, signal.SIGUSR1)
                    sampler.start()
                rows = await compared(ours, bare, count, concurrent, rounds, owed)
                sampler.stop()
                rows.append(report.row(LICENCES, await licences_per_second(made, ours), "1/s", **TARGETS[LICENCES]))
        profiles = {}
        if profiled:
            profiles = {"buyer": sampler.document(), "provider": json.loads(out.read_text())}
    return rows, profiles


def main() -> None:
    """Measure, print, write bench/results/negotiation.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.negotiation")
    parser.add_argument("--count", type=int, default=COUNT, help="negotiations one after the other, in a round")
    parser.add_argument("--concurrent", type=int, default=CONCURRENT)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--profile", action="store_true", help="say where the time goes; write no figures")
    parser.add_argument("--here", action="store_true", help="run these sources, and what is owed; write no figures")
    told = parser.parse_args()
    command = None if told.profile else SERVE[:-1] if told.here else [str(installed())]
    print(machine())
    rows, profiles = uvloop.run(measure(command, told.count, told.concurrent, told.rounds, duty=told.here))
    print(report.table(rows))
    for side, profile in profiles.items():
        print(f"\n{side}: {top(profile)}")
    if not (told.profile or told.here):
        print("written to", report.write("negotiation", rows))


if __name__ == "__main__":
    main()
