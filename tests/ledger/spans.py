"""Leaf hashes in memory, ready to prove from: the simplest span there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.log import merkle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.log.merkle import Span


def span_of(leaves: Sequence[bytes]) -> Span:
    """Make a list of leaf hashes provable; the roots of all perfect subtrees are made once, spans joined of them."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        level = levels[-1]
        levels.append([merkle.node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)])

    def span(start: int, end: int) -> bytes:
        peaks: list[bytes] = []
        while start < end:
            height = (end - start).bit_length() - 1
            assert start % (1 << height) == 0, "a proof asks only for aligned spans"
            peaks.append(levels[height][start >> height])
            start += 1 << height
        return merkle.fold(peaks)

    return span
