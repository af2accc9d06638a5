"""How much of a policy is asked where: before an order, what only the order can say is not known yet.

Law: in a narrower scope a permission loses the conditions about what is unknown there, and a prohibition with such a
condition is left out. So a narrower scope never refuses what the whole policy would allow; what it lets pass, the
whole policy decides at every release and every opening.

    ORDER     everything: an offer of keys, their release, an opening
    STANDING  what holds or not whoever asks for what: a transfer's start, and while it runs
    PARTY     what is known of the other party: before an agreement
    DISPLAY   for whom an offer is meant: who sees it in a catalogue
    CARRIER   where sealed bytes may lie with somebody who hands them on
    FORESEEN  what a buyer can know before it agrees: all but how much is used at a time, paid, and how long it waits
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from connector.enforcement.context import BUDGET, SHARES, SIZE
from contracts.credential.proven import PROVEN
from policy.calendar import Duration, WeekWindow
from policy.model import PolicyKind, atoms
from policy.vocabulary import registered
from policy.vocabulary.operands import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from policy.model import Condition, Constraint, Policy, Rule
    from policy.world import Counter

ORDER, STANDING, PARTY, DISPLAY, CARRIER = "order", "standing", "party", "display", "carrier"
FORESEEN = "foreseen"
# scope → the operands that are known in it, with those of registered profiles in FORESEEN; None: all
KNOWN: Final[Mapping[str, frozenset[str] | None]] = MappingProxyType(
    {
        ORDER: None,
        STANDING: frozenset({"dateTime", "timeWindow", "elapsedTime", "meteredTime", "spatial", "recipient", *PROVEN}),
        PARTY: frozenset({"spatial", "recipient", *PROVEN}),
        DISPLAY: frozenset({"recipient"}),
        CARRIER: frozenset({"spatial"}),
        FORESEEN: BUILT_IN - {SIZE, *SHARES, BUDGET, "payAmount", "delayPeriod"},
    }
)
# scopes that ask for whom a policy is, and not for which of the actions it permits
WHOM: Final = frozenset({PARTY, DISPLAY, CARRIER})
USE: Final = "use"
# `lteq T` holds at T and not after it; instants are told apart by this much
MOMENT = timedelta(microseconds=1)


def narrowed(policy: Policy, scope: str) -> Policy:
    """Return what of a policy is asked in a scope; an offer is asked there as if it were agreed."""
    known = KNOWN[scope]
    if known is None:
        return policy
    known |= frozenset(registered.operands()) if scope == FORESEEN else frozenset()
    return replace(
        policy,
        kind=PolicyKind.SET,
        permissions=tuple(_permission(rule, known, whom=scope in WHOM) for rule in policy.permissions),
        prohibitions=tuple(rule for rule in policy.prohibitions if _operands(rule.conditions) <= known),
    )


def next_change(
    policy: Policy, counters: Mapping[tuple[str, str], Counter], last: datetime | None, now: datetime
) -> datetime | None:
    """Return the nearest moment after `now` at which time alone may change a decision in the scope STANDING.

    `last` is when the agreement was used last: the terms of duties run from there. Whoever looks at the moment finds
    that the decision has changed, or looks again at the moment after.
    """
    found: list[datetime] = []
    for atom, taken in _timed(policy, counters, last):
        for right in atom.right:
            moment = _MOMENTS.get(type(right), _never)(right, taken, now)
            found += [one for one in (moment, moment + MOMENT) if one > now] if moment else []
    return min(found, default=None)


def _timed(
    policy: Policy, counters: Mapping[tuple[str, str], Counter], last: datetime | None
) -> Iterator[tuple[Constraint, Counter | None]]:
    """Return the constraints of rules and duties, each with what is remembered for it."""
    for rule in (*policy.permissions, *policy.prohibitions):
        yield from ((atom, counters.get((rule.id, atom.left))) for atom in atoms(rule.conditions))
        yield from ((term, last) for duty in rule.duties for term in duty.terms)


def _instant(right: Any, _taken: Counter | None, _now: datetime) -> datetime:
    return cast("datetime", right)


def _minute(_right: Any, _taken: Counter | None, now: datetime) -> datetime:
    """Return the next whole minute: windows begin and end at one, on the clocks of every zone."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _span(right: Any, taken: Counter | None, now: datetime) -> datetime | None:
    """Return when a time is used up: counted from its first use, or while a session runs."""
    if isinstance(taken, datetime):
        return cast("datetime", right.after(taken))
    if isinstance(taken, int | Fraction):
        left = max(right.seconds - taken, 0)
        return now + timedelta(microseconds=math.ceil(left * 1_000_000))
    return None


def _never(_right: Any, _taken: Counter | None, _now: datetime) -> None:
    """Say that time does not touch such a value."""


# type of a right operand → the moment at which a comparison with it may turn
_MOMENTS: Mapping[type, Callable[[Any, Counter | None, datetime], datetime | None]] = MappingProxyType(
    {datetime: _instant, WeekWindow: _minute, Duration: _span}
)


def _permission(rule: Rule, known: frozenset[str], *, whom: bool) -> Rule:
    def kept(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple(one for one in conditions if _operands((one,)) <= known)

    rule = replace(rule, actions=(USE,), duties=()) if whom else rule
    return replace(rule, constraints=kept(rule.constraints), refinements=kept(rule.refinements))


def operands(policy: Policy) -> frozenset[str]:
    """Return what the conditions of a policy are about."""
    rules = (*policy.permissions, *policy.prohibitions)
    return frozenset().union(*(_operands(rule.conditions) for rule in rules))


def _operands(conditions: Iterable[Condition]) -> frozenset[str]:
    return frozenset(atom.left for atom in atoms(conditions))
