"""What masks cost a provider: publishing a table with a masked column, beside publishing it as it is.

`python -m bench.masking [--rounds 3] [--rows 500000]`

A table of telephone numbers that all differ is the dearest case: each is digested under a key. The whole of publishing
is timed, from the request until the exchange has it: measured, masked, sealed, registered on chain, handed in; not its
review, which is the exchange's. All take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import uvloop

from bench import report
from bench.space import TERM_DAYS, machine, space, workshop

if TYPE_CHECKING:
    from pathlib import Path

    from bench.space import Space

ROUNDS, ROWS = 3, 500_000
BARE = "publishing a table as it is"
MASKS = {"hash": "phone=hash", "truncate": "phone=truncate:3", "redact": "phone=redact"}
RATIO = "publishing with `{}` of one column: as it is ÷ masked"
TARGETS = {RATIO.format(name): {"at_least": 0.5} for name in MASKS}


def written(path: Path, rows: int) -> Path:
    """Write a table whose third column is a telephone number, each another one."""
    with path.open("w", encoding="ascii") as lines:
        lines.write("id,height,phone\n")
        lines.writelines(f"{at},{at * 7 % 191},+86139{at:08}\n" for at in range(rows))
    return path


async def published(made: Space, path: Path, name: str, mask: str) -> tuple[float, float]:
    """Return the seconds until a product is handed in, and the provider's CPU seconds."""
    column, _, method = mask.partition("=")
    masks = {column: method} if mask else {"phone": "none"}
    until = datetime.now(UTC) + timedelta(days=TERM_DAYS)
    brief: dict[str, Any] = {"id": name, "title": name, "files": [str(path)], "price": "1", "floor": "1", "mask": masks}
    brief |= {"unit": "MiB", "tier": "kept", "purpose": "Research", "until": until.isoformat(timespec="seconds")}
    pid = made.pid("provider")
    begun, cpu = time.perf_counter(), report.cpu_seconds(pid)
    await made.call("provider", "POST", "products", brief)
    return time.perf_counter() - begun, report.cpu_seconds(pid) - cpu


async def measured(folder: Path, rounds: int, rows: int) -> dict[str, tuple[float, str]]:
    """Return the figures; all take turns, after one round that does not count."""
    path = written(folder / "people.csv", rows)
    ways = {"": "", **MASKS}
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    async with space(folder / "space") as made:
        for number in range(rounds + 1):
            for name, mask in ways.items():
                found = await published(made, path, f"people-{name or 'bare'}-{number}", mask)
                if number:
                    took[name].append(found)
    middle = {name: [report.percentile(each, 50) for each in zip(*found, strict=True)] for name, found in took.items()}
    size = f"{path.stat().st_size >> 20} MiB"
    figures = {f"{BARE}, {size}": (middle[""][0], "s"), f"{BARE}, the provider's": (middle[""][1], "CPU s")}
    for name in MASKS:
        figures[RATIO.format(name)] = (middle[""][0] / middle[name][0], "times")
        figures[f"publishing with `{name}` of one column, the provider's"] = (middle[name][1], "CPU s")
    return figures


def main() -> None:
    """Measure, print, write bench/results/masking.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    print(machine(), flush=True)
    with workshop() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = report.rows(runner.run(measured(folder, given.rounds, given.rows)), TARGETS)
    print(report.table(found))
    print("written to", report.write("masking", found))


if __name__ == "__main__":
    main()
