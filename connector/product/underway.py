"""How far the publishing of each product is, for who waits for it: in memory, as a crash begins a sealing anew."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connector.speed import Speed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.clock import Clock


class Underway:
    """What one provider is publishing; `sealed` is called in threads that seal, the rest on the event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sealed: dict[str, tuple[int, int]] = {}  # product → plain bytes sealed, of how many
        self._speeds: dict[str, Speed] = {}

    @contextmanager
    def seen(self, key: str) -> Iterator[None]:
        """Keep what is told of a product while it is on its way."""
        self._speeds[key] = Speed()
        try:
            yield
        finally:
            del self._speeds[key]
            self._sealed.pop(key, None)

    def sealed(self, key: str, done: int, of: int) -> None:
        """Take note of how many plain bytes are sealed (`connector.vault.seal`)."""
        self._sealed[key] = (done, of)

    def view(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return where a product stands and how much of it is sealed, how fast, and the seconds left."""
        done, of = self._sealed.get(row["id"], (0, 0))
        speed = self._speeds[row["id"]].saw(self._clock.monotonic(), done) if of else None
        progress = {
            "bytesSealed": str(done),
            "bytes": str(of),
            "bytesPerSecond": None if speed is None else str(round(speed)),
            "secondsLeft": None if speed is None else str(round((of - done) / speed)),
        }
        return {"id": row["id"], "state": row["state"], "progress": progress}
