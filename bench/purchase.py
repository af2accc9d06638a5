"""Our side of a transfer: real participants, a product bought anew each time, and what the transfer itself took.

Law: a measurement begins when the transfer has started and ends when what was asked for is there. What comes before
(finding, negotiating, licence, deposit) is no transfer. Every purchase fetches everything again: what the one before
left is removed, and that the provider read all of it for us is asserted.

| sink | what the buyer has at the end |
|---|---|
| sealed | the sealed replica on the disk, every piece verified and synced, every key paid for, checked and stored |
| disk | that, and the plain files beside it, every step of an opening passed |
| null | that, and every piece opened in memory |
"""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import report
from bench.taken import Taken, level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.space import Space

PURPOSE = "AirTrafficResearch"
LIMIT = "1"  # minor units per MiB, as `Space.offer` asks
SINKS = ("sealed", "disk", "null")
RECEIVING = frozenset({"receiving", "complete"})
COMPLETE = frozenset({"complete"})
PARTIES = ("provider", "buyer")


class Purchases:
    """The buyer's purchases of products of `size` plain bytes together."""

    def __init__(self, made: Space, size: int) -> None:
        self._made = made
        self._size = size
        self._number = 0
        self.windows = 0

    async def once(self, products: Sequence[str], sink: str) -> Taken:
        """Buy every product at once; return what it took from the first started transfer until all are there."""
        made = self._made
        self._number += 1
        level((made.people["provider"].data / "sealed").glob("*"))
        for role in PARTIES:
            report.forget_peak(made.pid(role))
        read = _bytes_read(made.pid("provider"))
        keys = {product: f"{product}-{sink}-{self._number}" for product in products}
        for product, key in keys.items():
            mandate = {"bid": None, "limit": LIMIT, "purpose": PURPOSE, "deposit": None}
            await made.call("buyer", "POST", "acquisitions", {"id": key, "product": product, "mandate": mandate})
        await _first(made.reach(key, RECEIVING) for key in keys.values())
        begun = self._clock()
        views = await asyncio.gather(*(self._have(key, sink) for key in keys.values()))
        taken = self._since(begun)
        self.windows = sum(view["progress"]["windows"] for view in views)
        assert _bytes_read(made.pid("provider")) - read >= self._size, "the provider did not send everything"
        self._clear()
        return taken

    async def _have(self, key: str, sink: str) -> Any:
        """Return the view of an acquisition when what `sink` says is there."""
        view = await self._made.reach(key, COMPLETE)
        if sink != "sealed":
            target = str(self._folder / key) if sink == "disk" else None
            await self._open(key, target)
        return view

    async def _open(self, key: str, target: str | None) -> None:
        opening = {"id": f"open-{key}", "acquisition": key, "purpose": PURPOSE, "to": target}
        await self._made.call("buyer", "POST", "openings", opening)

    @property
    def _folder(self) -> Path:
        return self._made.people["buyer"].data.parent / "opened"

    def _clock(self) -> tuple[float, ...]:
        return time.perf_counter(), *(report.cpu_seconds(self._made.pid(role)) for role in PARTIES)

    def _since(self, begun: tuple[float, ...]) -> Taken:
        seconds, provider, buyer = (new - old for new, old in zip(self._clock(), begun, strict=True))
        peaks = [report.memory_bytes(self._made.pid(role), peak=True) for role in PARTIES]
        return Taken(self._size, seconds, provider, buyer, *peaks)

    def _clear(self) -> None:
        """Give the disk back: opened files, which must be whole, and the replicas' bytes (their rows stay)."""
        if self._folder.exists():
            size = sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())
            assert size == self._size, f"{size} bytes were opened"
            shutil.rmtree(self._folder)
        for replica in (self._made.people["buyer"].data / "replicas").iterdir():
            shutil.rmtree(replica) if replica.is_dir() else replica.unlink()


async def _first(waiting: Any) -> None:
    """Return when the first of some is done; raises what it failed with."""
    tasks = [asyncio.ensure_future(one) for one in waiting]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _bytes_read(pid: int) -> int:
    """Return how many bytes a process has read by system calls so far, from files and sockets."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(lines[0].removeprefix("rchar: "))
