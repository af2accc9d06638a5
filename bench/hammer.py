"""A hammer for a log that is served: appends and reads at a given rate, verifies all it reads, says how long it took.

`python -m bench.hammer https://host/log [--log-policy FILE] [--clients 4] [--reads 100] [--seconds 20]`
`python -m bench.hammer --data DIR [--appends 20] …` hammers the participant that runs there, and appends time marks.

Any tlog-tiles log will do for reading. Requests leave on time whether earlier ones were answered or not, so a slow
server is seen as slow. A read is one of three: the newest checkpoint, proven to extend the one before it from the log's
tiles; a bundle against its tile, entry by entry; an entry's audit path, computed from tiles, under the checkpoint.
What does not verify is counted and named, and the hammer ends with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import uvloop

from bench import report
from ledger.log import checkpoint as checkpoints
from ledger.log import merkle, reader
from ledger.log import note as notes
from ledger.log import policy as log_policy
from ledger.log.tiles import ENTRIES, TILE_WIDTH_HASHES, Tile, decode_bundle, decode_tile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ledger.log.checkpoint import Checkpoint
    from ledger.log.policy import LogPolicy

SHOWN_MAX = 10
CHECKPOINT, BUNDLE, PROOF, APPEND = "checkpoint", "bundle", "proof", "append"


class Hammer:
    """What is known of the log, and what was measured."""

    def __init__(self, session: aiohttp.ClientSession, url: str, policy: LogPolicy | None, token: str) -> None:
        self._session = session
        self._url = url
        self._policy = policy
        self._token = token
        self._head: Checkpoint | None = None
        self.times: dict[str, list[float]] = defaultdict(list)
        self.wrong: Counter[str] = Counter()
        self.bytes = 0

    async def fetch(self, path: str) -> bytes:
        """Return a file of the log."""
        async with self._session.get(f"{self._url}/{path}") as answer:
            answer.raise_for_status()
            body = await answer.read()
        self.bytes += len(body)
        return body

    async def once(self, kind: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do one act and note how long it took, or what was wrong."""
        begun = time.perf_counter()
        try:
            await act()
        except (ValueError, aiohttp.ClientError, TimeoutError) as error:
            self.wrong[f"{kind}: {str(error)[:200] or type(error).__name__}"] += 1
        else:
            self.times[kind].append(1000 * (time.perf_counter() - begun))

    async def checkpoint(self) -> None:
        """Read the newest checkpoint; it must be signed, and extend what was seen before."""
        note = notes.parse(await self.fetch("checkpoint"))
        head = self._policy.check(note) if self._policy else checkpoints.parse_text(note.text)
        known = self._head
        if known is not None and known.size <= head.size:
            proof = await reader.consistency(self.fetch, known.size, head.size) if known.size else []
            merkle.verify_consistency(known.size, known.root, head.size, head.root, proof)
        if known is None or (self._head is known and head.size > known.size):
            self._head = head

    async def bundle(self) -> None:
        """Read a bundle and its tile; every entry must hash to its leaf."""
        head = await self._seen()
        index = random.randrange(-(-head.size // TILE_WIDTH_HASHES))
        width = min(TILE_WIDTH_HASHES, head.size - index * TILE_WIDTH_HASHES)
        entries = decode_bundle(await self.fetch(Tile(ENTRIES, index, width).path), width)
        if [merkle.leaf_hash(one) for one in entries] != decode_tile(
            await self.fetch(Tile(0, index, width).path), width
        ):
            raise ValueError(f"the entries of bundle {index} do not hash to their tile")

    async def proof(self) -> None:
        """Prove an entry from the tiles alone."""
        head = await self._seen()
        at = random.randrange(head.size)
        index, offset = divmod(at, TILE_WIDTH_HASHES)
        width = min(TILE_WIDTH_HASHES, head.size - index * TILE_WIDTH_HASHES)
        leaf = decode_tile(await self.fetch(Tile(0, index, width).path), width)[offset]
        path = await reader.inclusion(self.fetch, at, head.size)
        merkle.verify_inclusion(leaf, at, head.size, path, head.root)

    async def append(self) -> None:
        """Have the participant append an event."""
        base, bearer = self._url.removesuffix("/log"), {"Authorization": f"Bearer {self._token}"}
        async with self._session.post(f"{base}/management/log/marks", json={}, headers=bearer) as answer:
            answer.raise_for_status()
            await answer.read()

    async def _seen(self) -> Checkpoint:
        if self._head is None:
            await self.checkpoint()
        if self._head is None or not self._head.size:
            raise ValueError("the log is empty: there is nothing to read")
        return self._head


async def pace(rate: float, seconds: float, clients: int, act: Callable[[], Awaitable[None]]) -> None:
    """Begin `act` at a rate, by at most `clients` at once."""
    free, begun, under_way = asyncio.Semaphore(clients), time.perf_counter(), set()

    async def held() -> None:
        try:
            await act()
        finally:
            free.release()

    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        await free.acquire()
        under_way.add(task := asyncio.create_task(held()))
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)


async def hammer(asked: Any) -> int:
    """Hammer, print, return how many acts went wrong."""
    url, token = asked.url.rstrip("/"), ""
    if asked.data is not None:
        url = orjson.loads((asked.data / "server.json").read_bytes())["url"] + "/log"
        token = (asked.data / "management.token").read_text().strip()
    policy = None if asked.log_policy is None else log_policy.parse(asked.log_policy.read_text())
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=asked.seconds)) as session:
        made = Hammer(session, url, policy, token)
        await made.once(CHECKPOINT, made.checkpoint)
        works = {CHECKPOINT: made.checkpoint, BUNDLE: made.bundle, PROOF: made.proof}
        rates = dict.fromkeys(works, asked.reads / len(works)) | ({APPEND: asked.appends} if token else {})
        acts = works | {APPEND: made.append}
        begun = time.perf_counter()
        paced = [
            pace(rate, asked.seconds, asked.clients, partial(made.once, kind, acts[kind]))
            for kind, rate in rates.items()
            if rate
        ]
        await asyncio.gather(*paced)
        seconds = time.perf_counter() - begun
    for kind, times in made.times.items():
        p50, p99 = (report.percentile(times, percent) for percent in (50, 99))
        print(f"{kind:<10} {len(times) / seconds:8.1f} 1/s   p50 {p50:8.2f} ms   p99 {p99:8.2f} ms")
    print(f"{made.bytes / seconds / 2**20:.2f} MiB/s read and verified, {made.wrong.total()} wrong")
    for what, count in made.wrong.most_common(SHOWN_MAX):
        print(f"{count:6} times {what}")
    return made.wrong.total()


def main() -> None:
    """Read the options and hammer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--log-policy", type=Path)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--reads", type=float, default=100)
    parser.add_argument("--appends", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    if bool(asked.url) == bool(asked.data):
        parser.error("give the URL of a log, or --data")
    sys.exit(1 if uvloop.run(hammer(asked)) else 0)


if __name__ == "__main__":
    main()
