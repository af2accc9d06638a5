"""The space two policies share, and the region of it that each allows.

A request with its world is a point. A policy allows a point when a permission covers it, every condition of that
permission holds and every duty is fulfilled, and no prohibition that covers it might hold (unless permissions win).
For a condition two regions say all: where it holds, and where it is not known to fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING

from policy.compare.boxes import NOWHERE, Region
from policy.compare.cells import Axis, Cell, Effort, Key, Mask, Place
from policy.compare.cuts import deal
from policy.compare.questions import is_counted
from policy.model import Conflict, Logical

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.compare.boxes import Box
    from policy.compare.cells import Probe
    from policy.compare.questions import Side
    from policy.compile import Check, CompiledRule
    from policy.duties import CompiledDuty

_ROLES = (Place.ACTION, Place.TARGET, Place.ASSIGNEE)


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a condition holds, and where it is not known to fail."""

    holds: Region
    possible: Region


class Space:
    """The axes of some policies, cut into cells, and the masks of their questions."""

    def __init__(self, sides: Sequence[Side], effort: Effort | None = None) -> None:
        asked: dict[Axis, list[Probe]] = {}
        for side in sides:
            for probe in side.probes:
                asked.setdefault(probe.axis, []).append(probe)
        left = effort or Effort()
        decks = {axis: deal(axis, probes, left) for axis, probes in asked.items()}
        self.axes = tuple(decks)
        self.cells: dict[Axis, tuple[Cell, ...]] = {axis: deck.cells for axis, deck in decks.items()}
        self._places = {axis: place for place, axis in enumerate(self.axes)}
        self._masks: dict[Key, tuple[Axis, Mask]] = {
            key: (axis, mask) for axis, deck in decks.items() for key, mask in deck.masks().items()
        }
        self._full: Box = tuple((1 << len(cells)) - 1 for cells in self.cells.values())
        self.everywhere = Region((self._full,))

    def allowed(self, side: Side) -> Region:
        """Find where a policy allows, once every duty it names is done."""
        compiled = side.compiled
        permitted = _any(self.granted(side, rule) for rule in compiled.permissions)
        if side.policy.conflict is not Conflict.PERM:
            permitted = permitted - self.forbidden(side)
        remedied = [self._remedied(side, rule) for rule in compiled.prohibitions if rule.remedies]
        return reduce(and_, (*remedied, *(self._obliged(side, duty) for duty in compiled.obligations)), permitted)

    def where(self, side: Side, checks: Iterable[Check]) -> Region:
        """Find where some conditions hold together."""
        return reduce(and_, (self.answer(side, check).holds for check in checks), self.everywhere)

    def granted(self, side: Side, rule: CompiledRule) -> Region:
        """Find where one permission covers and holds, its duties done."""
        duties = (self._done(side, duty) for duty in rule.duties)
        return reduce(and_, duties, self.covered(side, rule) & self.where(side, rule.checks))

    def forbidden(self, side: Side) -> Region:
        """Find where any prohibition covers and might hold."""
        return _any(self.barred(side, rule) for rule in side.compiled.prohibitions)

    def barred(self, side: Side, rule: CompiledRule) -> Region:
        """Find where one prohibition covers and might hold."""
        possible = (self.answer(side, check).possible for check in rule.checks)
        return reduce(and_, possible, self.covered(side, rule))

    def covered(self, side: Side, rule: CompiledRule) -> Region:
        """Find what one rule speaks about, whatever its conditions say; a prohibition, what it may speak about."""
        told = [self.told(side.key(rule.rule.id, role)) for role in _ROLES]
        masks = (one.possible if rule.reach.prohibits else one.holds for one in told)
        return reduce(and_, masks, self.everywhere)

    def answer(self, side: Side, check: Check) -> Answer:
        """Find where one condition holds, and where it is not known to fail."""
        if not isinstance(check.condition, Logical):
            return self.told(side.key(check.id))
        parts = [self.answer(side, part) for part in check.parts]
        if check.condition.operator == "andSequence":
            return self._in_sequence(side, check, parts)
        if check.condition.operator == "and":
            return self._together(parts)
        if check.condition.operator == "or":
            return Answer(_any(p.holds for p in parts), _any(p.possible for p in parts))
        return self._exactly_one(parts)

    def points(self, region: Region, tries: int) -> Iterable[dict[Axis, Cell]]:
        """Go through some points of a region: the first of every box, then others of each."""
        for turn in range(tries):
            for box in region.boxes:
                choices = [_bits(mask) for mask in box]
                yield self._point([cells[turn * (place + 1) % len(cells)] for place, cells in enumerate(choices)])

    def _point(self, chosen: Sequence[int]) -> dict[Axis, Cell]:
        return {axis: self.cells[axis][number] for axis, number in zip(self.axes, chosen, strict=True)}

    def _obliged(self, side: Side, duty: CompiledDuty) -> Region:
        done = self._done(side, duty)
        if duty.duty.assignee is None:
            return done
        return done | (self.everywhere - self.told(side.key(duty.duty.id, Place.ASSIGNEE)).possible)

    def _remedied(self, side: Side, rule: CompiledRule) -> Region:
        """Find where a prohibition was never infringed, or what was to be done for it is done."""
        done = _all(self, [self._done(side, duty) for duty in rule.remedies])
        return self.told(side.key(rule.rule.id, Place.REMEDY)).holds | done

    def _done(self, side: Side, duty: CompiledDuty) -> Region:
        return self.told(side.key(duty.duty.id)).holds

    def told(self, key: Key) -> Answer:
        """Find where one question is answered by yes, and where not by no."""
        axis, mask = self._masks[key]
        return Answer(self.slab(axis, mask.holds), self.slab(axis, mask.possible))

    @property
    def plain(self) -> Region:
        """Find where assets and parties are those that are named, whatever the world might say of them besides."""
        found = self.everywhere
        for place in (Place.TARGET, Place.ASSIGNEE):
            cells = self.cells.get(Axis(place), ())
            if not cells:
                continue
            found &= self.slab(Axis(place), sum(1 << number for number, cell in enumerate(cells) if cell.is_plain))
        return found

    def asks(self, key: Key) -> bool:
        """Whether a question was put."""
        return key in self._masks

    def slab(self, axis: Axis, mask: int) -> Region:
        """Make the region in which one axis is in the cells of a mask."""
        place = self._places[axis]
        return Region(((*self._full[:place], mask, *self._full[place + 1 :]),)) if mask else NOWHERE

    def _together(self, parts: Sequence[Answer]) -> Answer:
        return Answer(_all(self, [part.holds for part in parts]), _all(self, [part.possible for part in parts]))

    def _in_sequence(self, side: Side, check: Check, parts: Sequence[Answer]) -> Answer:
        """All parts hold now, or they did in their order before; what is counted can only hold now."""
        now = self._together(parts)
        counted = self._together([answer for answer, part in zip(parts, check.parts, strict=True) if is_counted(part)])
        before = self.told(side.key(check.id, Place.SEQUENCE)).holds
        return Answer(now.holds | (before & counted.holds), now.possible | (before & counted.possible))

    def _exactly_one(self, parts: Sequence[Answer]) -> Answer:
        fails = [self.everywhere - part.possible for part in parts]
        holds = _any(_all(self, [part.holds, *fails[:place], *fails[place + 1 :]]) for place, part in enumerate(parts))
        twice = _any(one.holds & other.holds for place, one in enumerate(parts) for other in parts[place + 1 :])
        return Answer(holds, _any(part.possible for part in parts) - twice)


def _all(space: Space, regions: Iterable[Region]) -> Region:
    return reduce(and_, regions, space.everywhere)


def _any(regions: Iterable[Region]) -> Region:
    return reduce(or_, regions, NOWHERE)


def _bits(mask: int) -> list[int]:
    return [place for place in range(mask.bit_length()) if mask >> place & 1]
