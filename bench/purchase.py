"""Our side of a transfer: real participants, a product bought anew each time, and what the transfer itself took.

Law: a measurement begins when every transfer has been started by the provider and its pull is let go (`gated`), and
ends when what was asked for is there. What comes before (finding, negotiating, licence, deposit) is no transfer. Every
purchase fetches everything again: what the one before left is removed, and that the provider read all of it for us is
asserted.

| sink | what the buyer has at the end |
|---|---|
| sealed | the sealed replica on the disk, every piece verified and synced, every key paid for, checked and stored |
| both | that, and the plain files beside it, every step of an opening passed |
| disk | the plain files, every piece verified, paid for and opened; no replica is kept |
| null | nothing, after every piece was verified, paid for and opened |
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import report
from bench.gated import GATE, TURNS
from bench.space import space
from bench.taken import Taken, level
from connector.consumer.mandate import NOWHERE
from connector.demo.processes import SERVE
from connector.runtime.data_folder import SEALED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bench.certificate import Certificate
    from bench.space import Space

PURPOSE = "AirTrafficResearch"
LIMIT = "1"  # minor units per MiB, as `Space.offer` asks
RECEIVING = frozenset({"receiving", "complete"})
COMPLETE = frozenset({"complete"})
PARTIES = ("provider", "buyer")


@contextlib.asynccontextmanager
async def market(
    folder: Path, certificate: Certificate | None = None, provider: Sequence[str] = SERVE
) -> AsyncIterator[Space]:
    """Make a space whose buyer holds its pulls at the gate of `folder`; `provider` starts the provider."""
    buyer = (sys.executable, "-m", "bench.gated", str(folder / GATE), "serve")
    async with space(folder, commands={"buyer": buyer, "provider": provider}, certificate=certificate) as made:
        yield made


class Purchases:
    """The buyer's purchases of products of `size` plain bytes together, in a `market`.

    With `litters` what was opened stays there: ext4 without a journal passes over the places of files that were removed
    within the last minutes, one by one, so that who removes thousands makes thousands more slowly.
    """

    def __init__(self, made: Space, size: int, *, litters: bool = False) -> None:
        self._made = made
        self._size = size
        self._litters = litters
        self._number = 0
        self._data = made.people["buyer"].data
        self._gate = self._data.parent / GATE
        self._opened = self._data.parent / "opened"
        self.windows = 0

    async def once(self, products: Sequence[str], sink: str) -> Taken:
        """Buy every product at once; return what it took from their common start until all are there."""
        made = self._made
        self._number += 1
        keys = {product: f"{product}-{sink}-{self._number}" for product in products}
        await asyncio.gather(*(self._ready(product, key, sink) for product, key in keys.items()))
        level((made.people["provider"].data / SEALED).glob("*"))
        begun = self._begin()
        self._gate.touch()
        views = await asyncio.gather(*(made.reach(key, COMPLETE) for key in keys.values()))
        taken = replace(self._end(begun), turns=int(self._gate.with_name(TURNS).read_text()))
        self._gate.unlink()
        self.windows = sum(view["progress"]["windows"] for view in views)
        self._clear(expected=self._size if sink in ("disk", "both") else 0)
        return taken

    async def _ready(self, product: str, key: str, sink: str) -> None:
        """Return when the provider has started the transfer."""
        mandate = {"limit": LIMIT, "purpose": PURPOSE, **self._wanted(key, sink)}
        await self._made.call("buyer", "POST", "acquisitions", {"id": key, "product": product, "mandate": mandate})
        await self._made.reach(key, RECEIVING)

    @property
    def _folder(self) -> Path:
        """Where what is bought now is opened."""
        return self._opened / str(self._number)

    def _wanted(self, key: str, sink: str) -> dict[str, Any]:
        """Return the members of a mandate that say what is to be there at the end."""
        folder = str(self._folder / key)
        sinks: dict[str, dict[str, Any]] = {
            "sealed": {},
            "both": {"to": folder},
            "disk": {"to": folder, "keep": False},
            "null": {"to": NOWHERE, "keep": False},
        }
        return sinks[sink]

    def _begin(self) -> tuple[float, ...]:
        """Return where the clocks stand, and how much the provider has read so far."""
        for role in PARTIES:
            report.forget_peak(self._made.pid(role))
        return self._clocks()

    def _clocks(self) -> tuple[float, ...]:
        pids = [self._made.pid(role) for role in PARTIES]
        return _bytes_read(pids[0]), time.perf_counter(), *map(report.cpu_seconds, pids)

    def _end(self, begun: tuple[float, ...]) -> Taken:
        """Return what it took since `begun`, and make sure that the provider sent everything."""
        read, seconds, provider, buyer = (new - old for new, old in zip(self._clocks(), begun, strict=True))
        assert read >= self._size, "the provider did not send everything"
        peaks = [report.memory_bytes(self._made.pid(role), peak=True) for role in PARTIES]
        return Taken(self._size, seconds, provider, buyer, *peaks)

    def _clear(self, expected: int) -> None:
        """Give the disk back: opened files, which must be whole, and the replicas' bytes (their rows stay)."""
        size = sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())
        assert size == expected, f"{size} bytes were opened"
        if not self._litters:
            shutil.rmtree(self._folder, ignore_errors=True)
        for replica in (self._data / SEALED).glob("*"):
            shutil.rmtree(replica) if replica.is_dir() else replica.unlink()


def _bytes_read(pid: int) -> int:
    """Return how many bytes a process has read by system calls so far, from files and sockets."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(lines[0].removeprefix("rchar: "))
