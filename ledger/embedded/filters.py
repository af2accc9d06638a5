"""Filters that callers leave here and ask again: what is new since they last asked.

Law: a filter is a number drawn at random, kept in memory, and forgotten after `IDLE_SECONDS` or when there are too
many; who asks for one that is forgotten is told so and makes another, as with any node.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.embedded.errors import InvalidParamsError

if TYPE_CHECKING:
    from ledger.embedded.index import Filter

MAX_FILTERS = 256
IDLE_SECONDS = 300
_ID_BITS = 128


@dataclass(slots=True)
class Kept:
    """A filter: `wanted` is None for one that tells of blocks; `next` is the first block not told of yet."""

    wanted: Filter | None
    next: int
    asked: int


class Filters:
    """The filters of one engine, the one that was asked longest ago first; `now` is posix seconds."""

    def __init__(self) -> None:
        self._kept: dict[int, Kept] = {}

    def keep(self, wanted: Filter | None, following: int, now: int) -> int:
        """Keep a filter that tells of blocks from `following` on; return its id."""
        self._forget(now)
        number = secrets.randbits(_ID_BITS)
        self._kept[number] = Kept(wanted, following, now)
        return number

    def ask(self, number: int, now: int) -> Kept:
        """Return a filter that is to be read now; `InvalidParamsError` if it is not kept any more."""
        self._forget(now)
        kept = self._kept.pop(number, None)
        if kept is None:
            raise InvalidParamsError("filter not found; make another")
        kept.asked = now
        self._kept[number] = kept
        return kept

    def drop(self, number: int) -> bool:
        """Forget a filter; say whether there was one."""
        return self._kept.pop(number, None) is not None

    def _forget(self, now: int) -> None:
        for number, kept in list(self._kept.items()):
            if kept.asked + IDLE_SECONDS > now and len(self._kept) < MAX_FILTERS:
                return
            del self._kept[number]
