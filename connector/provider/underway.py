"""How far the publishing of each product is, and what came of it, for who waits: in memory.

Law: a crash begins a sealing anew, and so is told anew.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.runtime.speed import Speed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.runtime.clock import Clock
    from connector.store.rows.product import ProductRow


@dataclass(slots=True)
class Sealing:
    """How many plain bytes of a product are sealed, of how many (0: not known yet), and how fast that goes."""

    done: int = 0
    of: int = 0
    speed: Speed = field(default_factory=Speed)

    def note(self, done: int, of: int) -> None:
        """Take note of a sealed piece (`connector.custody.seal`), in whichever thread seals."""
        self.done, self.of = done, of


class Underway:
    """What one provider is publishing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, Sealing] = {}
        # by product: was it published as it was before, and the state of its listing when it was handed in last
        self.unchanged: dict[str, bool] = {}
        self.listings: dict[str, str] = {}

    @contextmanager
    def seen(self, key: str) -> Iterator[None]:
        """Keep what is told of a product while it is on its way."""
        self._seen[key] = Sealing()
        try:
            yield
        finally:
            del self._seen[key]

    def sealing(self, key: str) -> Sealing:
        """Return what is told of a product, nothing yet where it is not on its way."""
        return self._seen.get(key) or Sealing()

    def view(self, row: ProductRow) -> dict[str, Any]:
        """Return where a product stands and how much of it is sealed, how fast, and the seconds left."""
        told = self.sealing(row.id)
        done, of = told.done, told.of
        speed = told.speed.saw(self._clock.monotonic(), done) if of else None
        progress = {
            "bytesSealed": str(done),
            "bytes": str(of),
            "bytesPerSecond": None if speed is None else str(round(speed)),
            "secondsLeft": None if speed is None else str(round((of - done) / speed)),
        }
        return {"id": row.id, "state": row.state, "progress": progress}
