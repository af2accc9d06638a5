"""Whether one constraint holds: a builder for each kind of source of a left value, a test for each constraint.

A test is a pure function of request and world, three-valued. What the clock and the counters know is never taken from
the request's context; what nobody can know but the asker (its purpose) never from anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeAlias

from policy import values
from policy.calendar import Duration, Rate, WeekWindow
from policy.hierarchy import HIERARCHIES
from policy.operators import lying, ordered
from policy.request import UNIT
from policy.request import given as texts
from policy.vocabulary.names import action_name, term_name
from policy.vocabulary.operands import BUILT_IN, OPERANDS, Source, State
from policy.world import Act, since

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from policy.model import Constraint, Scalar
    from policy.request import Request
    from policy.verdict import Verdict
    from policy.world import Counter, World

Test: TypeAlias = "Callable[[Request, World], Verdict]"
REMEMBERED = 512  # texts of one operand; requests name the same values over and over
# left operand -> what reads its texts
_READERS: Mapping[str, Callable[[str], Scalar | None]] = {
    left: lru_cache(maxsize=REMEMBERED)(partial(values.scalar, left)) for left in BUILT_IN
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a constraint belongs to: the id its counters go by, and the acts of the past that count as its uses."""

    rule: str
    uses: Callable[[Request, World], Sequence[Act]]

    def counter(self, world: World, operand: str) -> Counter | None:
        """Read the rule's counter; None when it has none."""
        return None if world.counters is None else world.counters.get((self.rule, operand))


def build_test(scope: Scope, constraint: Constraint) -> Test:
    """Build the test of one constraint."""
    operand = OPERANDS[constraint.left]
    if constraint.left == "unitOfCount":
        return lambda _request, _world: True  # it says how the count beside it is kept
    if operand.source is Source.COUNTER:
        return _COUNTED[operand.state](scope, constraint)
    if operand.source is Source.CLOCK:
        return _clock(constraint)
    if operand.source is Source.EVENTS and constraint.operator in _HAPPENED:
        return _event(constraint)
    return _context(constraint)


def amount(context: Mapping[str, object], constraint: Constraint) -> Fraction | None:
    """Read what a context says of an amount, from 0, in the constraint's unit; None when it does not say that."""
    told, unit = texts(context.get(constraint.left)), texts(context.get(UNIT))
    if len(told) != 1:
        return None
    if constraint.unit and OPERANDS[constraint.left].state is State.PAID and not unit:
        return None
    if constraint.unit and unit and term_name(unit[0]) != constraint.unit:
        return None
    named = values.number(told[0])
    return named if named is not None and named >= 0 else None


def read_given(context: Mapping[str, object], operand: str) -> tuple[Scalar, ...]:
    """Read an operand's values from a context, typed; empty when absent or when one of them cannot be read."""
    reader = _reader(operand)
    read = tuple([reader(text) for text in texts(context.get(operand))])
    return () if None in read else read  # type: ignore[return-value]  # no None is left


def _reader(operand: str) -> Callable[[str], Scalar | None]:
    """Return what reads the texts of an operand; nothing is remembered of one whose profile may be taken back."""
    return _READERS.get(operand) or partial(values.scalar, operand)


def happened(event: Scalar, world: World) -> bool:
    """Whether an event has taken place: an act of that name, or one that names it, was performed."""
    return any(
        act.at <= world.now and (action_name(act.action) == event or event in read_given(act.context, "event"))
        for act in world.performed
    )


# ---- the clock


def _clock(constraint: Constraint) -> Test:
    if constraint.left == "timeWindow":
        return _window(constraint)
    compare = ordered(constraint.operator, constraint.right)
    return lambda _request, world: compare(world.now)


def _window(constraint: Constraint) -> Test:
    windows = [window for window in constraint.right if isinstance(window, WeekWindow)]
    outside = constraint.operator in {"neq", "isNoneOf"}
    return lambda _request, world: any(window.contains(world.now) for window in windows) is not outside


# ---- the request's context


def _context(constraint: Constraint) -> Test:
    left, kind = constraint.left, OPERANDS[constraint.left].type
    if kind not in HIERARCHIES:
        return _number(constraint)
    one, many = lying(constraint.operator, constraint.right, HIERARCHIES[kind])
    reader = _reader(left)

    def test(request: Request, world: World) -> Verdict:
        raw = request.context.get(left)
        if type(raw) is str:  # the usual case, and the fast one
            value = reader(raw)
            return None if value is None else one(value, world)  # type: ignore[arg-type]  # a hierarchy holds text
        given = read_given(request.context, left)
        return many(given, world) if given else None  # type: ignore[arg-type]  # as above

    return test


def _number(constraint: Constraint) -> Test:
    left, unit = constraint.left, constraint.unit
    compare = ordered(constraint.operator, constraint.right)

    def test(request: Request, _world: World) -> Verdict:
        given = read_given(request.context, left)
        named = texts(request.context.get(UNIT)) if unit else ()
        if len(given) != 1 or (named and term_name(named[0]) != unit):
            return None
        if isinstance(given[0], Duration) and given[0].months:
            return None  # a month has no length to compare
        return compare(given[0])

    return test


# ---- events


_HAPPENED: Mapping[str, bool] = {"gt": True, "gteq": True, "lt": False, "lteq": False}


def _event(constraint: Constraint) -> Test:
    event, after = constraint.right[0], _HAPPENED[constraint.operator]
    return lambda _request, world: happened(event, world) is after


# ---- counters


def _uses(scope: Scope, constraint: Constraint) -> Test:
    compare = ordered(constraint.operator, constraint.right)

    def test(request: Request, world: World) -> Verdict:
        if world.counters is None:
            return None
        taken = scope.counter(world, constraint.left)
        if taken is None:
            taken = len(scope.uses(request, world))
        return compare(taken + 1) if isinstance(taken, (int, Fraction)) else None

    return test


def _sum(scope: Scope, constraint: Constraint) -> Test:
    compare = ordered(constraint.operator, constraint.right)

    def test(request: Request, world: World) -> Verdict:
        taken, more = scope.counter(world, constraint.left), amount(request.context, constraint)
        unclear = more is None and (taken is None or constraint.left in request.context)
        if world.counters is None or unclear:
            return None
        return compare((taken or 0) + (more or 0)) if taken is None or isinstance(taken, (int, Fraction)) else None

    return test


def _paid(scope: Scope, constraint: Constraint) -> Test:
    compare = ordered(constraint.operator, constraint.right)

    def test(request: Request, world: World) -> Verdict:
        if world.counters is None:
            return None
        taken = scope.counter(world, constraint.left)
        paid = amount(request.context, constraint) if taken is None else taken
        return compare(paid) if isinstance(paid, (int, Fraction)) else None

    return test


def _session(scope: Scope, constraint: Constraint) -> Test:
    limit = constraint.right[0]
    assert isinstance(limit, Duration)
    compare = ordered(_AT_MOST.get(constraint.operator, constraint.operator), (limit.seconds,))

    def test(_request: Request, world: World) -> Verdict:
        taken = scope.counter(world, constraint.left) or 0
        if isinstance(taken, Duration) and not taken.months:
            taken = taken.seconds
        readable = world.counters is not None and isinstance(taken, (int, Fraction))
        return compare(taken) if readable else None

    return test


def _first_use(scope: Scope, constraint: Constraint) -> Test:
    """Time since the first use: never used, no time has passed."""
    compare = _elapsed(constraint, _AT_MOST)

    def test(request: Request, world: World) -> Verdict:
        if world.counters is None:
            return None
        known = scope.counter(world, constraint.left)
        if known is None:
            return compare(min((act.at for act in scope.uses(request, world)), default=world.now), world.now)
        anchor = _anchor(known, world.now)
        return None if anchor is None else compare(anchor, world.now)

    return test


def _last_use(scope: Scope, constraint: Constraint) -> Test:
    """Time since the last use: never used, any wait is over."""
    compare = _elapsed(constraint, _AT_LEAST)
    waits = constraint.operator in {"gt", "gteq", "eq"}

    def test(request: Request, world: World) -> Verdict:
        if world.counters is None:
            return None
        known = scope.counter(world, constraint.left)
        if known is None:
            uses = scope.uses(request, world)
            return compare(max(act.at for act in uses), world.now) if uses else waits
        anchor = _anchor(known, world.now)
        return None if anchor is None else compare(anchor, world.now)

    return test


def _trigger(scope: Scope, constraint: Constraint) -> Test:
    """Time since the trigger: nobody knows it but the counter."""
    compare = _elapsed(constraint, _AT_LEAST)

    def test(_request: Request, world: World) -> Verdict:
        known = scope.counter(world, constraint.left)
        anchor = None if known is None else _anchor(known, world.now)
        return None if anchor is None else compare(anchor, world.now)

    return test


def _recent(scope: Scope, constraint: Constraint) -> Test:
    rate = constraint.right[0]
    assert isinstance(rate, Rate)
    compare = ordered(_AT_MOST.get(constraint.operator, constraint.operator), (rate.count,))

    def test(request: Request, world: World) -> Verdict:
        if world.counters is None:
            return None
        taken = scope.counter(world, constraint.left)
        if taken is None:
            taken = tuple(act.at for act in scope.uses(request, world))
        if isinstance(taken, tuple):
            taken = rate.within(taken, world.now)
        return compare(taken + 1) if isinstance(taken, (int, Fraction)) else None

    return test


# A limit on time that says `eq` means: until then; a wait that says `eq` means: from then on.
_AT_MOST: Mapping[str, str] = {"eq": "lteq"}
_AT_LEAST: Mapping[str, str] = {"eq": "gteq"}


def _elapsed(constraint: Constraint, reading: Mapping[str, str]) -> Callable[[datetime, datetime], bool]:
    """Build the comparison of the time since an anchor with a duration, as steps in the calendar from the anchor."""
    span = constraint.right[0]
    assert isinstance(span, Duration)
    name = reading.get(constraint.operator, constraint.operator)
    return lambda anchor, now: ordered(name, (span.after(anchor),))(now)


def _anchor(known: Counter, now: datetime) -> datetime | None:
    if isinstance(known, datetime):
        return known
    if isinstance(known, (int, Fraction)):
        known = Duration(0, Fraction(known))
    return since(now, known) if isinstance(known, Duration) else None


_COUNTED: Mapping[State, Callable[[Scope, Constraint], Test]] = {
    State.USES: _uses,
    State.SUM: _sum,
    State.PAID: _paid,
    State.SESSION: _session,
    State.FIRST_USE: _first_use,
    State.LAST_USE: _last_use,
    State.TRIGGER: _trigger,
    State.RECENT: _recent,
}
