"""How a column's values spread, for a drawing: what few different values make up, or how many lie in which twelfth.

A category is counted whole. Of what is ordered some values are picked, every so many over the whole table, so that what
is kept does not grow with the rows; its drawing is an estimate from these.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from catalog.profile import BAR_CHARACTERS_MAX, BARS_MAX
from contracts.split import WHOLE_BPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# a column with more different values than these is no category
CATEGORY_VALUES_MAX = 20
# of what is ordered; twice as many are held at most
PICKED = 512


class Spread:
    """What is kept of one column while its table is read."""

    def __init__(self) -> None:
        self.counts: dict[str, int] | None = {}
        self.picked: list[Any] = []
        self._every, self._skip = 1, 0

    def count(self, pairs: Iterable[tuple[str, int]]) -> None:
        """Add a block's different values, each with how often it is there; too many, and it is no category."""
        if self.counts is None:
            return
        for value, times in pairs:
            self.counts[value] = self.counts.get(value, 0) + times
            if len(self.counts) > CATEGORY_VALUES_MAX:
                self.counts = None
                return

    def places(self, size: int) -> range:
        """Return which of a block's values are to be picked; of one large block no more than are kept of all."""
        self._every = max(self._every, -(-size // PICKED))
        found = range(self._skip, size, self._every)
        self._skip = (self._skip - size) % self._every
        return found

    def pick(self, values: Sequence[Any]) -> None:
        """Keep picked values; with too many of them every second is let go, and half as many are picked from now on."""
        self.picked += values
        while len(self.picked) > 2 * PICKED:
            self.picked = self.picked[::2]
            self._every *= 2

    def category(self) -> tuple[tuple[str, int], ...]:
        """Return the commonest values, each with its share in basis points; nothing where it is no category.

        A value that is there once is one row's: whoever reads it has what is sold.
        """
        if not self.counts:
            return ()
        whole = sum(self.counts.values())
        common = sorted(self.counts.items(), key=lambda one: (-one[1], one[0]))[:BARS_MAX]
        return tuple((value[:BAR_CHARACTERS_MAX], times * WHOLE_BPS // whole) for value, times in common if times > 1)


def histogram(values: Sequence[Any], least: Any, most: Any, shown: Callable[[Any], str]) -> tuple[tuple[str, int], ...]:
    """Return equal steps from least to most, each with where it begins and what share of the values lies in it."""
    if not values or least is None or not least < most:
        return ()
    step = (most - least) / BARS_MAX
    begins = [least + step * number for number in range(BARS_MAX)]
    held = [0] * BARS_MAX
    for value in values:
        held[max(0, bisect_right(begins, value) - 1)] += 1
    return tuple(
        (shown(begin)[:BAR_CHARACTERS_MAX], count * WHOLE_BPS // len(values))
        for begin, count in zip(begins, held, strict=True)
    )
