"""Whose turn it is to bring sealed pieces in: a few pulls at a time, for the processors are few, too.

Law: quick pulls side by side that all go on a little buy keys in small windows and get in each other's way; one after
the other they take what they need. A turn ends with the fetching, or after TURN_SECONDS if others wait. Who waits for a
slow source needs no turn: it keeps nobody from working.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

# pulls that fetch at a time: while one waits for keys or for its source, the other works
TURNS = 2
TURN_SECONDS = 5.0

T = TypeVar("T")


def _nobody() -> None:
    """Tell nobody."""


class Turns(Generic[T]):
    """A line; not safe to use from several threads at a time. `passed` is called when somebody else's turn has come."""

    def __init__(self, passed: Callable[[], object] = _nobody) -> None:
        self._passed = passed
        self._line: list[T] = []
        self._since: dict[T, float] = {}

    def join(self, one: T) -> None:
        """Line up; who stands in line keeps its place."""
        if one not in self._line:
            self._line.append(one)

    def leave(self, one: T) -> None:
        """Let others have the place; harmless when it was left before."""
        if one in self._line:
            self._line.remove(one)
            self._since.pop(one, None)
            self._passed()

    def has(self, one: T) -> bool:
        """Say whether it is the turn of `one`, or it needs none; the turns that are over pass on first."""
        now = time.monotonic()  # a span of this process, no time of day
        for other in self._line[:TURNS]:
            if now - self._since.setdefault(other, now) > TURN_SECONDS and len(self._line) > TURNS:
                self.leave(other)
                self.join(other)
        return one in self._line[:TURNS] or one not in self._line
