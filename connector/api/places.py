"""How many requests of one caller wait or run at a time; beyond that a caller is asked to come later.

Law: a place is counted by whoever answers for the request: a proven peer by its DID, a stranger by the address that it
calls from. So nobody takes the places of others, and what everybody together can hold is bounded for each of them.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.runtime.errors import RequestRefused

if TYPE_CHECKING:
    from collections.abc import Iterator


class Places:
    """So many places for each caller."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()

    @contextmanager
    def one(self, whose: str, count: int = 1) -> Iterator[None]:
        """Hold `count` places of `whose` meanwhile; raises `RequestRefused` when there are not so many left."""
        if self._taken[whose] + count > self._most:
            raise RequestRefused("too-many", f"{self._most} requests of yours are waiting or running here")
        self._taken[whose] += count
        try:
            yield
        finally:
            self._taken[whose] -= count
            if not self._taken[whose]:
                del self._taken[whose]
