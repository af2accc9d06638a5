"""Trade with a stock Eclipse Dataspace Connector, which Maven brings, in both directions.

    python -m tests.interop.edc [--count N] [--loop default|tuned]… [--record]

`EDC_VERSION` says which release (0.14.0). `--record` writes docs/edc.json, of which the table in docs/edc.md is made.
Prints each journey and what came of it, last `N passed, M failed`; exit code 0 only when all passed. Of one that failed
both connectors' last words are shown. Every process ends with this one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from docs.generate import pages, stock
from tests.interop.edc import buying, counterpart, selling
from tests.interop.edc.space import Ours, sink

PRODUCTS = {"one": {}, "two": {"onward": True}, "three": {"openings": 1_000}, "far": {"region": "US"}}
LOG_LINES = 40
# of the stock connector's log, which is mostly traces
TELLING = re.compile(r"SEVERE|Exception|Caused by")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def play(journeys, side, prefix: str, ours: Ours, log: Path) -> dict[str, bool]:
    """Play journeys one after the other; return what came of each."""
    results: dict[str, bool] = {}
    for journey in journeys:
        name, begun = f"{prefix}: {journey.__name__.replace('_', ' ')}", time.monotonic()
        try:
            async with asyncio.timeout(side.count * 3 + 120):
                await journey(side)
        except Exception as fault:  # whatever it raises is the journey's end, and is told
            say(f"{name} FAILED: {type(fault).__name__}: {fault}"[:4_000])
            said = [line for line in log.read_text(errors="replace").splitlines() if TELLING.search(line)]
            say("\n".join(line[:1_000] for line in said[-LOG_LINES:]))
            say(ours.last_words())
            results[name] = False
        else:
            say(f"{name} passed ({time.monotonic() - begun:.1f} s)")
            results[name] = True
    return results


def record(count: int, results: dict[str, bool]) -> None:
    """Write what came of a whole run, and the table of it in docs/edc.md."""
    order = [journey.__name__.replace("_", " ") for journey in (*buying.JOURNEYS, *selling.JOURNEYS)]
    told = {"release": counterpart.VERSION, "date": datetime.now(UTC).date().isoformat(), "count": count}
    told |= {"gets": min(count, selling.GETS_MAX), "order": order, "results": results}
    kept = stock.records() | {counterpart.VERSION: told}
    stock.RECORD.write_text(json.dumps(kept, indent=2) + "\n")
    pages.write()


async def main(arguments) -> int:
    results: dict[str, bool] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        classpath = await counterpart.resolve(folder)
        say(f"the counterpart is Eclipse EDC {counterpart.VERSION}, stock, from Maven Central")
        for loop in arguments.loop or counterpart.LOOPS:
            at = folder / loop
            at.mkdir()
            ours = Ours(at)
            async with counterpart.running(at, classpath, ours.did, ours.url, loop) as edc, sink() as taking:
                try:
                    await ours.start(edc.authorization)
                    for product, more in PRODUCTS.items():
                        await ours.publish(at, product, **more)
                    buyer = buying.Buyer(edc, ours, taking, arguments.count)
                    seller = selling.Seller(edc, ours, taking, arguments.count, at)
                    results |= await play(selling.JOURNEYS, seller, f"{loop} loop, it sells", ours, at / f"{loop}.log")
                    results |= await play(buying.JOURNEYS, buyer, f"{loop} loop, it buys", ours, at / f"{loop}.log")
                finally:
                    await ours.stop()
    if arguments.record:
        record(arguments.count, results)
    passed = sum(results.values())
    say(f"{passed} passed, {len(results) - passed} failed")
    return 0 if results and passed == len(results) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--loop", action="append", choices=tuple(counterpart.LOOPS))
    sys.exit(asyncio.run(main(parser.parse_args())))
