"""Duties that include one another: what fulfils the stricter one fulfils the other, so no world tells them apart so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.compare.boxes import NOWHERE, Region
from policy.compare.questions import Side, duty_axis, said
from policy.compare.space import Space
from policy.errors import UntoldError
from policy.model import Policy, PolicyKind, Rule, RuleKind
from policy.vocabulary.actions import actions_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.model import Condition, Duty


def impossible(space: Space, sides: Sequence[Side]) -> Region:
    """Find where a stricter duty would be done and a laxer one not."""
    duties = {duty_axis(duty): duty for side in sides for duty in named_duties(side.policy)}
    never = NOWHERE
    for strict, one in duties.items():
        for lax, other in duties.items():
            if strict != lax and includes(one, other):
                never |= space.slab(strict, 0b01) & space.slab(lax, 0b10)
    return never


def named_duties(policy: Policy) -> list[Duty]:
    """List every duty and remedy that stands on a rule or on the policy itself."""
    rules = policy.permissions + policy.prohibitions
    return [duty for rule in rules for duty in rule.duties + rule.remedies] + list(policy.obligations)


def includes(strict: Duty, lax: Duty) -> bool:
    """Whether every act that fulfils the strict duty fulfils the lax one, as far as their terms can be compared."""
    frames = [(duty.mode, duty.assignee, duty.target, frozenset(duty.parties)) for duty in (strict, lax)]
    if frames[0] != frames[1] or strict.action not in actions_within(lax.action):
        return False
    if set(map(said, lax.terms)) <= set(map(said, strict.terms)):
        return True
    return _recurs(strict, lax) and lies_within(strict.terms, lax.terms)


def fulfillable(duty: Duty) -> bool:
    """Whether any act could meet all terms of a duty; where that cannot be told, it is taken for granted."""
    try:
        side = Side("a", _as_policy(duty.terms))
        return bool(Space([side]).allowed(side))
    except UntoldError:
        return True


def _recurs(strict: Duty, lax: Duty) -> bool:
    """Whether what the lax duty asks anew every so often the strict one asks as often."""
    rents = [(term.left, term.unit, term.every) for term in strict.terms if term.every is not None]
    return all(
        any(
            (left, unit) == (term.left, term.unit)
            and every.months <= term.every.months
            and every.seconds <= term.every.seconds
            for left, unit, every in rents
        )
        for term in lax.terms
        if term.every is not None
    )


def lies_within(conditions: Sequence[Condition], others: Sequence[Condition]) -> bool:
    """Whether the conditions hold together only where the others do; False too when that cannot be told."""
    try:
        sides = [Side("a", _as_policy(conditions)), Side("b", _as_policy(others))]
        space = Space(sides)
        return not space.allowed(sides[0]) - space.allowed(sides[1])
    except UntoldError:
        return False


def _as_policy(conditions: Sequence[Condition]) -> Policy:
    """Make a permission of conditions alone; the terms of a duty are asked of the act as these are of a request."""
    rule = Rule("act", "", RuleKind.PERMISSION, ("use",), constraints=tuple(conditions))
    return Policy("", PolicyKind.SET, None, None, None, (rule,))
