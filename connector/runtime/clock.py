"""The one clock: nothing else in the program asks what time it is.

Law: time is an aware UTC datetime; durations are measured by `monotonic`; the time that policy decisions see never goes
backwards, so that turning a clock back reopens nothing that has ended.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only grow, for durations and deadlines within this process."""
        return time.monotonic()


class SetClock(Clock):
    """A clock that stands still until it is moved, for tests and replays."""

    def __init__(self, now: datetime) -> None:
        assert now.tzinfo is not None, "a time without a zone is no time"
        self._now = now.astimezone(UTC)
        self._elapsed = timedelta()

    def now(self) -> datetime:
        """Return the time that was set."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds moved forward so far."""
        return self._elapsed.total_seconds()

    def move(self, seconds: float) -> None:
        """Move the clock; a negative number turns it back, and `monotonic` takes no notice of that."""
        step = timedelta(seconds=seconds)
        self._now += step
        self._elapsed += max(step, timedelta())


class PolicyClock:
    """The time that decisions are made at: max(newest time decided at, own clock, newest block's time)."""

    def __init__(self, clock: Clock, decided: datetime | None = None) -> None:
        self._clock = clock
        self._decided = decided

    def now(self, block: datetime | None = None) -> datetime:
        """Return the time for one decision; store it with the decision, and give it back after a restart."""
        candidates = [time for time in (self._decided, self._clock.now(), block) if time is not None]
        self._decided = max(candidates)
        return self._decided
