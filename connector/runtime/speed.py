"""How fast something comes, from what was seen of it lately; in memory, for people to read."""

from __future__ import annotations

from collections import deque

SPAN_SECONDS = 10.0  # long enough to be steady, short enough to show that something has changed
MIB = 1 << 20
SEEN_MOST = 64  # looks; more of them within a span say nothing new


class Speed:
    """The speed of one transfer, seen when somebody looks."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=SEEN_MOST)

    def saw(self, now: float, size: int) -> float | None:
        """Take note of `size` bytes at `now` (monotonic seconds); return bytes per second, None while unknown."""
        while len(self._seen) > 1 and now - self._seen[0][0] > SPAN_SECONDS:
            self._seen.popleft()
        self._seen.append((now, size))
        first, had = self._seen[0]
        return (size - had) / (now - first) if now > first and size > had else None


class Pace:
    """Says how far a work is, how fast it goes and how long it takes, as far as that is known."""

    def __init__(self, unit: str = "") -> None:
        """Begin; `unit` is what is counted, empty for bytes."""
        self._unit, self._speed = unit, Speed()

    def line(self, now: float, done: int, whole: int) -> str:
        """Return the words at `now` (monotonic seconds), of `done` so far of `whole`, 0 where nobody knows it."""
        said = [f"{100 * min(done, whole) // whole} % of {self._sized(whole)}" if whole else self._sized(done)]
        rate = self._speed.saw(now, done)
        if rate is not None:
            said.append(f"{self._sized(int(rate))}/s")
            if whole > done:
                said.append(f"{int((whole - done) / rate)} s left")
        return ", ".join(said)

    def _sized(self, count: int) -> str:
        return f"{count:,} {self._unit}" if self._unit else f"{count / MIB:.1f} MiB"
