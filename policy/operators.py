"""The meaning of the operators on values: one comparison a constraint, built when a policy is compiled.

Ordered values compare as numbers do. Every other value lies in a hierarchy, itself included: `l <= r` says that l is
r or lies within r. A near miss is unknown, not False: "research" was declared where transport research is meant, or
`CN-44` where `CN` itself is named.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from policy.verdict import Verdict, all_of, any_of, negate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.hierarchy import Hierarchy
    from policy.model import Constraint, Scalar
    from policy.world import World

Ordered: TypeAlias = "Callable[[Any], bool]"
One: TypeAlias = "Callable[[str, World], Verdict]"
Many: TypeAlias = "Callable[[tuple[str, ...], World], Verdict]"

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
_OPPOSITES: Mapping[str, str] = {"neq": "eq", "isNoneOf": "isAnyOf"}


def ordered(name: str, right: tuple[Scalar, ...]) -> Ordered:
    """Build the comparison of an ordered value with the right operands."""
    if name == "isAnyOf":
        return lambda left: left in right
    if name == "isNoneOf":
        return lambda left: left not in right
    compare, limit = _ORDER[name], right[0]
    return lambda left: compare(left, limit)


class Lying(NamedTuple):
    """The comparison of values in a hierarchy with the right operands: of one, which is the usual case, or many."""

    one: One
    many: Many


def lying(name: str, right: tuple[Scalar, ...], hierarchy: Hierarchy) -> Lying:
    """Build the comparison of values in a hierarchy with the right operands; the values given are at least one."""
    if name in _OPPOSITES:
        one, many = lying(_OPPOSITES[name], right, hierarchy)
        return Lying(lambda left, world: negate(one(left, world)), lambda left, world: negate(many(left, world)))
    return _LYING[name](frozenset(map(str, right)), hierarchy)


def count_limit(constraint: Constraint) -> int:
    """How many executions a count constraint lets through in all."""
    assert isinstance(constraint.right[0], int)
    return constraint.right[0] - (constraint.operator == "lt")


def _same(wanted: frozenset[str], hierarchy: Hierarchy) -> Lying:
    (other,) = wanted

    def one(value: str, world: World) -> Verdict:
        if value == other:
            return True
        near = other in hierarchy.above(value, world) or value in hierarchy.above(other, world)
        return None if near else False

    def many(left: tuple[str, ...], world: World) -> Verdict:
        return one(left[0], world) if len(left) == 1 else frozenset(left) == wanted

    return Lying(one, many)


def _within(wanted: frozenset[str], hierarchy: Hierarchy) -> One:
    """Build the question whether one value lies within any of the wanted ones."""
    line = hierarchy.line
    nearby = frozenset[str]().union(*map(line, wanted))

    def test(value: str, world: World) -> Verdict:
        if not wanted.isdisjoint(hierarchy.above(value, world) if world.part_of else line(value)):
            return True
        if not hierarchy.placed(value, world):
            return None
        broader = nearby if not world.part_of else nearby.union(*(hierarchy.above(one, world) for one in wanted))
        return None if value in broader else False

    return test


def _each_within(wanted: frozenset[str], hierarchy: Hierarchy) -> Lying:
    within = _within(wanted, hierarchy)
    return Lying(within, lambda left, world: all_of([within(value, world) for value in left]))


def _any_within(wanted: frozenset[str], hierarchy: Hierarchy) -> Lying:
    within = _within(wanted, hierarchy)

    def many(left: tuple[str, ...], world: World) -> Verdict:
        # of many values some may be meant and some not: only all or none of them settle it
        found = {within(value, world) for value in left}
        return found.pop() if len(found) == 1 else None

    return Lying(within, many)


def _covering(wanted: frozenset[str], hierarchy: Hierarchy) -> Lying:
    """`isAllOf`: every wanted value has a given one that lies within it."""
    singles = [_within(frozenset((one,)), hierarchy) for one in sorted(wanted)]

    def many(left: tuple[str, ...], world: World) -> Verdict:
        return all_of([any_of([within(value, world) for value in left]) for within in singles])

    return Lying(lambda value, world: many((value,), world), many)


def _containing(wanted: frozenset[str], hierarchy: Hierarchy) -> Lying:
    """`hasPart`: every wanted value lies within a given one."""

    def many(left: tuple[str, ...], world: World) -> Verdict:
        given = frozenset(left)
        known = all(hierarchy.placed(one, world) for one in given)
        verdicts: list[Verdict] = []
        for one in wanted:
            inside = not given.isdisjoint(hierarchy.above(one, world))
            verdicts.append(inside or (False if known and hierarchy.placed(one, world) else None))
        return all_of(verdicts)

    return Lying(lambda value, world: many((value,), world), many)


_LYING: Mapping[str, Callable[[frozenset[str], Hierarchy], Lying]] = {
    "eq": _same,
    "isA": _each_within,
    "isPartOf": _each_within,
    "isAnyOf": _any_within,
    "isAllOf": _covering,
    "hasPart": _containing,
}
