"""Fifty statements at once over data that stay at their provider: are they fair to each other, and how much memory.

`python -m bench.jobs [--rows 1000000] [--asks 50]`

Five agreements ask ten statements each, all at the same moment, over five sealed editions of one size; each is answered
by a process of its own, so many at once as the provider lets. Meanwhile it is looked which processes it has, and how
much memory is theirs. Fair is that no agreement waits much longer for its last answer than another; and that who asks
once, while another asks as often as it may, waits for few of these.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import uvloop

from bench import report
from bench.space import machine, space, workshop
from connector.provider.computing.room import COMPUTATIONS_AT_ONCE, WAITING_MAX

if TYPE_CHECKING:
    from bench.space import Space

ROWS, ASKS, AGREEMENTS = 1_000_000, 50, 5
GATE = {"subject": "firm", "least": "10"}
READER = b"connector.compute.reader_process"
STATEMENT = "select district, count(*) as firms, sum(revenue) as revenue from {} where revenue > 5000 group by district"
PROCESSES = "reader processes at once, the one that waits among them"
SPREAD = "the last answer of who waited longest ÷ of who waited least"
# those that compute, the one that waits, and one that is being ended
TARGETS = {PROCESSES: {"at_most": float(COMPUTATIONS_AT_ONCE + 2)}, SPREAD: {"at_most": 1.5}}
LOOK_SECONDS = 0.02


class Watched:
    """The reader processes of a connector, looked at while something runs."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.most, self.bytes = 0, 0

    async def look(self) -> None:
        """Look until cancelled."""
        while True:
            found = [pid for pid in _children(self._pid) if READER in _command(pid)]
            sizes = [report.memory_bytes(pid) for pid in found if _command(pid)]
            self.most, self.bytes = max(self.most, len(found)), max(self.bytes, sum(sizes))
            await asyncio.sleep(LOOK_SECONDS)


def _children(pid: int) -> list[int]:
    try:
        found = [task.read_text().split() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [int(one) for pids in found for one in pids]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


async def ask(made: Space, product: str) -> float:
    """Ask one statement, the same each time and each time computed; return when it was answered."""
    statement = STATEMENT.format(product)
    told = await made.call("buyer", "POST", "queries", {"what": product, "statement": statement})
    if len(told["rows"]) != len("ABCD"):
        raise SystemExit(f"{product}: {told['rows']}")
    return time.perf_counter()


async def offered(made: Space, folder: Path, product: str, rows: int) -> None:
    """Publish a table, and have the buyer agree on it."""
    path = folder / f"{product}.parquet"
    firms = [f"F{at % (rows // 4):07}" for at in range(rows)]
    cells = {"district": ["ABCD"[at % 4] for at in range(rows)], "revenue": [at * 31 % 99_991 for at in range(rows)]}
    pq.write_table(pa.table({"firm": firms, **cells}), path)
    await made.offer(product, [path], tier="computed", unit="query", gate=GATE, columns=["district", "revenue"])
    await made.agree(product)


async def measured(folder: Path, rows: int, asks: int) -> dict[str, tuple[float, str]]:
    """Return the figures."""
    products = [f"firms{at}" for at in range(AGREEMENTS)]
    async with space(folder / "space") as made:
        for product in products:
            await offered(made, folder, product, rows)
            await ask(made, product)
        begun = time.perf_counter()
        for _ in range(5):
            await ask(made, products[0])
        alone = (time.perf_counter() - begun) / 5
        watched = Watched(made.pid("provider"))
        looking = asyncio.create_task(watched.look())
        begun, each = time.perf_counter(), asks // AGREEMENTS
        ended = await asyncio.gather(*(
            ask(made, product) for _ in range(each) for product in products
        ))  # fmt: skip
        lasts = [max(ended[at::AGREEMENTS]) - begun for at in range(AGREEMENTS)]
        flood = [asyncio.create_task(ask(made, products[0])) for _ in range(WAITING_MAX)]
        await asyncio.sleep(alone)
        begun = time.perf_counter()
        beside = await ask(made, products[1]) - begun
        await asyncio.gather(*flood)
        looking.cancel()
        size = report.memory_bytes(made.pid("provider"), peak=True)
    return {
        "one statement alone": (alone, "s"),
        f"{asks} at once, {AGREEMENTS} agreements: all answered after": (max(lasts), "s"),
        "the same, for each statement": (max(lasts) / asks, "s"),
        SPREAD: (max(lasts) / min(lasts), "times"),
        f"one statement, while another agreement asks {WAITING_MAX}": (beside, "s"),
        PROCESSES: (float(watched.most), "processes"),
        "their memory together, at most": (watched.bytes / (1 << 20), "MiB"),
        "the provider's connector, largest resident size": (size / (1 << 20), "MiB"),
    }


def main() -> None:
    """Measure, print, write bench/results/jobs.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.jobs")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--asks", type=int, default=ASKS)
    given = parser.parse_args()
    print(machine(), flush=True)
    with workshop() as folder:
        found = report.rows(uvloop.run(measured(folder, given.rows, given.asks)), TARGETS)
    print(report.table(found))
    print("written to", report.write("jobs", found))


if __name__ == "__main__":
    main()
