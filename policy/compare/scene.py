"""Scenes: a point of the space as a request and the world it is made in, which the engine can decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from policy.compare.cells import Axis, Cell, Place
from policy.compare.clock import USUAL
from policy.compare.kin import STRANGER
from policy.duties import FULFILLED, UNKNOWN
from policy.request import UNIT, Request
from policy.world import Act, World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from policy.world import Counter

_BEFORE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Names:
    """How one policy calls what lies on an axis: the rules that draw on a counter, the ids of duties and remedies."""

    rules: dict[Axis, list[str]] = field(default_factory=dict)
    duties: dict[Axis, list[str]] = field(default_factory=dict)
    remedies: set[str] = field(default_factory=set)

    def merge(self, other: Names) -> None:
        """Take in the names of another policy."""
        for axis, rules in other.rules.items():
            self.rules.setdefault(axis, []).extend(rules)
        for axis, duties in other.duties.items():
            self.duties.setdefault(axis, []).extend(duties)
        self.remedies.update(other.remedies)


def request_of(point: Mapping[Axis, Cell]) -> Request:
    """Make the request of a point; what no axis says is a stranger's use of a strange asset."""
    context: dict[str, object] = {}
    for axis, cell in point.items():
        if axis.place in {Place.CONTEXT, Place.EVENTS} and cell.value is not None:
            context[axis.name] = cell.value
            if axis.unit:
                context[UNIT] = axis.unit
    return Request(
        _text(point, Place.ASSIGNEE, STRANGER), _text(point, Place.ACTION, "use"), _text(point, Place.TARGET, STRANGER),
        context,
    )  # fmt: skip


def world_of(point: Mapping[Axis, Cell], names: Names) -> World:
    """Make the world of a point, in the names of one policy."""
    now: datetime = point.get(Axis(Place.CLOCK), Cell(USUAL)).value
    part_of: dict[str, set[str]] = {}
    for cell in point.values():
        for member, whole in cell.part_of:
            part_of.setdefault(member, set()).add(whole)
    return World(
        now=now,
        part_of={member: frozenset(wholes) for member, wholes in part_of.items()},
        duties={
            duty: _status(point[axis], remedy=duty in names.remedies)
            for axis, ids in names.duties.items()
            if axis in point
            for duty in ids
        },
        counters={
            (rule, axis.name): _counter(point[axis].value, now)
            for axis, rules in names.rules.items()
            if axis in point and point[axis].value is not None
            for rule in rules
        },
        performed=tuple(act for cell in point.values() for act in _acts(cell, now)),
    )


def _status(cell: Cell, *, remedy: bool) -> str:
    """Say where a duty stands; a remedy that is not done is still to be done."""
    return UNKNOWN if remedy and cell.value != FULFILLED else str(cell.value)


def _acts(cell: Cell, now: datetime) -> list[Act]:
    """List the acts a cell speaks of, an hour apart up to an hour ago."""
    times = [now - _BEFORE * back for back in range(len(cell.acts), 0, -1)]
    return [
        Act(deed.action, at, target=deed.target, context={deed.operand: deed.value} if deed.operand else {})
        for deed, at in zip(cell.acts, times, strict=True)
    ]


def _text(point: Mapping[Axis, Cell], place: Place, otherwise: str) -> str:
    cell = point.get(Axis(place))
    return otherwise if cell is None else str(cell.value)


def _counter(value: Any, now: datetime) -> Counter:
    """Give a counter its value; uses that are so long ago become instants."""
    return tuple(now - ago for ago in value) if isinstance(value, tuple) else value
