"""The meaning of a constraint: one test a constraint, built when a policy is compiled, three-valued when asked.

True: holds. False: does not. None: cannot be said, because a value is missing or unreadable, or because the value
given is broader than the one asked for ("research" was declared, "transport research" is meant). Unknown counts
against the asker on both sides: a permission needs True, a prohibition is only out of the way on False.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from policy import purposes
from policy.regions import country, is_code
from policy.request import Request
from policy.values import is_iri
from policy.vocabulary import OPERANDS, ValueType
from policy.world import World

if TYPE_CHECKING:
    from policy.model import Constraint

Verdict: TypeAlias = bool | None
Test: TypeAlias = Callable[[Request, World], Verdict]
# What a value lies in, itself included; None for a value that means nothing to us.
Line: TypeAlias = Callable[[str, World], frozenset[str] | None]

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def build_test(rule: str, constraint: Constraint) -> Test:
    """Build the test of one constraint; `rule` is the id that its counters go by."""
    return _BUILDERS[OPERANDS[constraint.left].type](rule, constraint)


def all_of(verdicts: tuple[Verdict, ...]) -> Verdict:
    """Combine by `and`: one False settles it, else one unknown leaves it open."""
    if False in verdicts:
        return False
    return None if None in verdicts else True


def any_of(verdicts: tuple[Verdict, ...]) -> Verdict:
    """Combine by `or`: one True settles it, else one unknown leaves it open."""
    if True in verdicts:
        return True
    return None if None in verdicts else False


def one_of(verdicts: tuple[Verdict, ...]) -> Verdict:
    """Combine by `xone`: two True settle it, else one unknown leaves it open."""
    certain = verdicts.count(True)
    if certain > 1:
        return False
    return None if None in verdicts else certain == 1


COMBINE: Mapping[str, Callable[[tuple[Verdict, ...]], Verdict]] = {"and": all_of, "or": any_of, "xone": one_of}


def count_limit(constraint: Constraint) -> int:
    """How many executions a count constraint lets through in all."""
    assert isinstance(constraint.right, int)
    return constraint.right - 1 if constraint.operator == "lt" else constraint.right


def _instant(_rule: str, constraint: Constraint) -> Test:
    compare, limit = _ORDER[constraint.operator], constraint.right
    assert isinstance(limit, datetime)
    return lambda _request, world: compare(world.now, limit)


def _count(rule: str, constraint: Constraint) -> Test:
    key, limit = (rule, constraint.left), count_limit(constraint)

    def test(_request: Request, world: World) -> Verdict:
        if world.counters is None:
            return None
        return world.counters.get(key, 0) + 1 <= limit

    return test


def _tree(line: Line) -> Callable[[str, Constraint], Test]:
    """Make the builder for values that lie in one another: purposes, regions, parties."""

    def build(_rule: str, constraint: Constraint) -> Test:
        right = constraint.right if isinstance(constraint.right, tuple) else (constraint.right,)
        wanted = frozenset(str(value) for value in right)
        exact = constraint.operator == "eq"
        opposite = constraint.operator == "isNoneOf"
        left = constraint.left

        def test(request: Request, world: World) -> Verdict:
            value = request.value(left)
            upward = None if value is None else line(value, world)
            if value is None or upward is None:
                return None
            if value in wanted or (not exact and not wanted.isdisjoint(upward)):
                return not opposite
            # near misses: a value above a wanted one may mean it, and one below it is not exactly it
            if not wanted.isdisjoint(upward) or any(value in (line(other, world) or ()) for other in wanted):
                return None
            return opposite

        return test

    return build


def _purpose_line(value: str, _world: World) -> frozenset[str] | None:
    return purposes.ancestors(value) if value in purposes.SCHEME else None


def _region_line(value: str, world: World) -> frozenset[str] | None:
    if not is_code(value) and value not in world.part_of:
        return None
    found = world.collections(value)
    for whole in {country(part) for part in found} - {None}:
        found |= world.collections(str(whole))
    return found


def _party_line(value: str, world: World) -> frozenset[str] | None:
    return world.collections(value) if is_iri(value) else None


def _never(_rule: str, constraint: Constraint) -> Test:
    raise AssertionError(f"`{constraint.left}` has no test of its own; the duty's status decides")


_BUILDERS: Mapping[ValueType, Callable[[str, Constraint], Test]] = {
    ValueType.INSTANT: _instant,
    ValueType.COUNT: _count,
    ValueType.PURPOSE: _tree(_purpose_line),
    ValueType.REGION: _tree(_region_line),
    ValueType.PARTY: _tree(_party_line),
    ValueType.MONEY: _never,
}
assert set(_BUILDERS) == set(ValueType)
