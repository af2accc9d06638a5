"""How much of a policy is asked where: before an order, what only the order can say is not known yet.

Law: in a narrower scope a permission loses the conditions about what is unknown there, and a prohibition with such a
condition is left out. So a narrower scope never refuses what the whole policy would allow; what it lets pass, the
whole policy decides at every release and every opening.

    ORDER     everything: an offer of keys, their release, an opening
    STANDING  what holds or not whoever asks for what: a transfer's start, and while it runs
    DISPLAY   for whom an offer is meant: who sees it in a catalogue
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from policy.model import Constraint, Logical, PolicyKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policy.model import Condition, Policy, Rule

ORDER, STANDING, DISPLAY = "order", "standing", "display"
# scope → the operands that are known in it; None: all
KNOWN: Final[Mapping[str, frozenset[str] | None]] = MappingProxyType(
    {
        ORDER: None,
        STANDING: frozenset({"dateTime", "spatial", "recipient"}),
        DISPLAY: frozenset({"recipient"}),
    }
)
# `lteq T` holds at T and not after it; instants are told apart by this much
MOMENT = timedelta(microseconds=1)


def narrowed(policy: Policy, scope: str) -> Policy:
    """Return what of a policy is asked in a scope; an offer is asked there as if it were agreed."""
    known = KNOWN[scope]
    if known is None:
        return policy
    return replace(
        policy,
        kind=PolicyKind.SET,
        permissions=tuple(_permission(rule, known) for rule in policy.permissions),
        prohibitions=tuple(rule for rule in policy.prohibitions if _operands(rule.constraints) <= known),
    )


def next_change(policy: Policy, now: datetime) -> datetime | None:
    """Return the nearest moment after `now` at which time alone may change a decision in the scope STANDING."""
    known = KNOWN[STANDING]
    assert known is not None
    rules = (*policy.permissions, *policy.prohibitions)
    found = [
        moment
        for rule in rules
        for atom in _atoms(rule.constraints)
        for right in (atom.right if isinstance(atom.right, tuple) else (atom.right,))
        if atom.left in known and isinstance(right, datetime)
        for moment in (right, right + MOMENT)
        if moment > now
    ]
    return min(found, default=None)


def _permission(rule: Rule, known: frozenset[str]) -> Rule:
    return replace(rule, constraints=tuple(one for one in rule.constraints if _operands((one,)) <= known))


def _operands(conditions: Iterable[Condition]) -> frozenset[str]:
    return frozenset(atom.left for atom in _atoms(conditions))


def _atoms(conditions: Iterable[Condition]) -> Iterator[Constraint]:
    for condition in conditions:
        if isinstance(condition, Logical):
            yield from _atoms(condition.parts)
        else:
            yield condition
