"""How fast something comes, from what was seen of it lately; in memory, for people to read."""

from __future__ import annotations

from collections import deque

SPAN_SECONDS = 10.0  # long enough to be steady, short enough to show that something has changed
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
