"""What one negotiation costs: CPU milliseconds, and how often the dear things are done.

`python -m bench.deal [--count 400] [--concurrent 64] [--rounds 3] [--profile]`

Provider and buyer are both in this process, so that its own clock of CPU time knows them and nothing else: figures do
not depend on who else uses the machine, as long as it is not starved. They are connectors on data directories of their
own, with their HTTP surfaces, over loopback; the exchange is down meanwhile. Counts are calls that a profile of the
event loop's thread saw, of both sides together; commits are the stores' own count.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import os
import pstats
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvloop

from bench import report
from bench.pairs import Connectors, connectors
from bench.space import machine, space, workshop
from connector.demo.processes import SERVE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

PRODUCT = "bench-deal"
PIECE_KIB = 64
DATA_BYTES = 2**20
COUNT, CONCURRENT, ROUNDS = 400, 64, 3
WARM_UP = 100
SHOWN = 60
# what is counted → functions as a profile names them (end of the file's name, function)
COUNTED: Mapping[str, frozenset[tuple[str, str]]] = {
    "statements": frozenset({("~", "<method 'execute' of 'sqlite3.Connection' objects>")}),
    "JSON written": frozenset({("~", "<orjson.dumps>")}),
    "JSON read": frozenset({("~", "<orjson.loads>")}),
    "schemas asked": frozenset({("protocol/validation.py", "agrees")}),
    "signatures made": frozenset(
        {("identity/tokens.py", "issue"), ("contracts/signature.py", "sign"), ("log/checkpoint.py", "sign")}
    ),
    "signatures verified": frozenset(
        {("identity/tokens.py", "verify"), ("contracts/signature.py", "recover"), ("log/note.py", "verify")}
    ),
    "events": frozenset({("store/evidence.py", "record")}),
    "heads": frozenset({("log/checkpoint.py", "sign")}),
    "rows decoded": frozenset({("store/statements.py", "decode")}),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides in this process."""

    provider: Connectors
    buyer: Connectors

    def commits(self) -> int:
        """Return how many commits both stores have made."""
        return sum(each.connector.store.counts[1] for each in (self.provider, self.buyer))


@contextlib.asynccontextmanager
async def pair() -> AsyncIterator[Pair]:
    """Make a space, have the provider offer a product, then run provider and buyer here and nobody else."""
    with workshop() as folder:
        source = folder / "data.bin"
        source.write_bytes(os.urandom(DATA_BYTES))
        async with (
            space(folder, hosted=("buyer",), commands={"provider": SERVE}) as made,
            connectors(folder / "buyer", os.getpid()) as buyer,
        ):
            await made.admit("buyer")
            await made.offer(PRODUCT, [source], pieceKiB=PIECE_KIB)
            await made.people["provider"].stop()
            async with connectors(folder / "provider", os.getpid()) as provider:
                await buyer.meet(made.did("provider"), PRODUCT)
                await made.people["exchange"].stop()
                yield Pair(provider, buyer)


async def measure(count: int, concurrent: int, rounds: int) -> tuple[list[report.Row], pstats.Stats]:
    """Return the rows, and the profile that they were counted in."""
    async with pair() as both:
        await both.buyer.negotiate(WARM_UP, 4)
        spent = [await cpu_of(both, count, concurrent) for _ in range(rounds)]
        alone = [await cpu_of(both, max(1, count // 4), 1) for _ in range(rounds)]
        before, profile = both.commits(), cProfile.Profile(time.process_time)
        profile.enable()
        await both.buyer.negotiate(count, concurrent)
        profile.disable()
        commits = both.commits() - before
    stats = pstats.Stats(profile)
    figures = {
        f"CPU, {concurrent} at once": (statistics.median(spent), "ms"),
        "CPU, one after the other": (statistics.median(alone), "ms"),
        "commits": (commits / count, ""),
        **{name: (calls_of(stats, which) / count, "") for name, which in COUNTED.items()},
    }
    return report.rows(figures, {}), stats


async def cpu_of(both: Pair, count: int, concurrent: int) -> float:
    """Return the CPU milliseconds of one negotiation, both sides together."""
    before = time.process_time()
    await both.buyer.negotiate(count, concurrent)
    return 1000 * (time.process_time() - before) / count


def calls_of(stats: pstats.Stats, which: frozenset[tuple[str, str]]) -> int:
    """Return how often functions were called."""
    found = 0
    for (file, _, name), (_, calls, *_) in stats.stats.items():  # type: ignore[attr-defined]
        found += calls if any(file.endswith(end) and name == one for end, one in which) else 0
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.deal")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--concurrent", type=int, default=CONCURRENT)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--profile", help="file for the profile; its largest shares are printed, too")
    told = parser.parse_args()
    print(machine())
    rows, stats = uvloop.run(measure(told.count, told.concurrent, told.rounds))
    print(report.table(rows))
    if told.profile:
        stats.dump_stats(told.profile)
        stats.sort_stats("tottime").print_stats(SHOWN)
        stats.sort_stats("cumulative").print_stats(SHOWN)


if __name__ == "__main__":
    main()
