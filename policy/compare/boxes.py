"""Boxes: sets of points as unions of products, one bitmask of cells a dimension.

Three rules. A box is the product of its masks, so one empty mask empties it. A region is the union of its boxes, which
may overlap; it is empty when it has none, since an empty box is never kept. Taking a box away from another leaves at
most one piece a dimension, disjoint by construction; everything else follows from that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from policy.errors import UntoldError

# Two policies of a data space need some ten.
MAX_BOXES = 1024
# Pairs of boxes that one step may look at: a tenth of a second.
MAX_MEETINGS = 32_768

Box: TypeAlias = tuple[int, ...]


class TooManyBoxesError(UntoldError):
    """A region fell into more than MAX_BOXES pieces; what it was needed for cannot be told."""

    def __init__(self) -> None:
        super().__init__(f"what is allowed falls into more than {MAX_BOXES} parts")


@dataclass(frozen=True, slots=True)
class Region:
    """A union of boxes over one space; regions of different spaces must not meet."""

    boxes: tuple[Box, ...]

    def __post_init__(self) -> None:
        if len(self.boxes) > MAX_BOXES:
            raise TooManyBoxesError
        assert all(all(box) for box in self.boxes), "an empty box was kept"

    def __bool__(self) -> bool:
        return bool(self.boxes)

    def __and__(self, other: Region) -> Region:
        if len(self.boxes) * len(other.boxes) > MAX_MEETINGS:
            raise TooManyBoxesError
        return Region(_largest([both for one in self.boxes for two in other.boxes if (both := _meet(one, two))]))

    def __or__(self, other: Region) -> Region:
        return Region(_largest([*self.boxes, *other.boxes]))

    def __sub__(self, other: Region) -> Region:
        left, meetings = list(self.boxes), 0
        for taken in other.boxes:
            meetings += len(left)
            left = [piece for box in left for piece in _without(box, taken)]
            if len(left) > MAX_BOXES or meetings > MAX_MEETINGS:
                raise TooManyBoxesError
        return Region(tuple(left))


NOWHERE = Region(())


def _meet(one: Box, two: Box) -> Box:
    """Intersect two boxes; the empty tuple when they do not meet."""
    both = tuple([left & right for left, right in zip(one, two, strict=True)])
    return both if all(both) else ()


def _without(box: Box, taken: Box) -> list[Box]:
    """Cut what is left of `box`, dimension by dimension: outside `taken` here, inside it in all dimensions before."""
    if not _meet(box, taken):
        return [box]
    pieces = []
    inside = list(box)
    for place, (mask, away) in enumerate(zip(box, taken, strict=True)):
        if rest := mask & ~away:
            pieces.append((*inside[:place], rest, *box[place + 1 :]))
        inside[place] = mask & away
    return pieces


def _largest(boxes: list[Box]) -> tuple[Box, ...]:
    """Leave out every box that lies within another one."""
    if len(boxes) > MAX_BOXES:
        raise TooManyBoxesError
    kept: list[Box] = []
    for box in sorted(set(boxes), key=_width, reverse=True):
        if not any(_within(box, other) for other in kept):
            kept.append(box)
    return tuple(kept)


def _within(box: Box, other: Box) -> bool:
    return all(not mask & ~around for mask, around in zip(box, other, strict=True))


def _width(box: Box) -> tuple[int, Box]:
    return sum(mask.bit_count() for mask in box), box
