"""Meeting half-way: the nearest policy to the one offered that lies within a template.

It permits what both permit and forbids what either forbids: each permission offered is narrowed by each permission of
the template that it meets, and takes its duties; of conditions that say the same, the stricter stays. What comes out
is compared with the template before it is given, so it never says more than it was allowed to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy.compare.boxes import NOWHERE
from policy.compare.compare import implied
from policy.compare.document import write
from policy.compare.questions import Side, rule_said
from policy.compare.space import Space
from policy.compare.stricter import includes
from policy.errors import UntoldError
from policy.model import Conflict, Rule
from policy.parse import parse
from policy.vocabulary.actions import actions_within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.compare.cells import Effort
    from policy.compile import CompiledRule
    from policy.model import Duty, Policy

# More rules than a person would read are no answer to an offer.
MAX_RULES = 64


def nearest(offer: Policy, template: Policy, effort: Effort | None = None) -> dict[str, object] | None:
    """Write the nearest policy to `offer` within `template`; None when nothing is common, or it cannot be told.

    An offer that lies within the template already is its own answer.
    """
    if implied(offer, template, effort).holds:
        return write(offer)
    try:
        met = _simplest(_met(offer, template), effort)
    except UntoldError:
        return None
    return write(met) if met.permissions and implied(met, template, effort).holds else None


def _met(offer: Policy, template: Policy) -> Policy:
    """Combine both, and read it anew so that every node has an id by its new place."""
    pairs = [(one, other) for one in offer.permissions for other in template.permissions]
    permissions = [rule for one, other in pairs for rule in _narrowed(one, other)]
    if len(permissions) > MAX_RULES:
        raise UntoldError(f"the two meet in more than {MAX_RULES} permissions")
    prohibitions = _effective(offer) + _effective(template)
    return replace(
        offer,
        permissions=tuple(permissions),
        prohibitions=prohibitions,
        obligations=_duties(offer.obligations, template.obligations),
        conflict=Conflict.PROHIBIT if prohibitions else offer.conflict,
    )


def _effective(policy: Policy) -> tuple[Rule, ...]:
    """List the prohibitions that take anything away: where permissions win, none does."""
    return () if policy.conflict is Conflict.PERM else policy.prohibitions


def _narrowed(one: Rule, other: Rule) -> Iterable[Rule]:
    """Narrow one permission by another: nothing when they speak of different things."""
    actions = tuple(dict.fromkeys(_lower(a, b) for a in one.actions for b in other.actions if _lower(a, b)))
    targets = _common(one.targets, other.targets)
    assignees = _common(one.assignees, other.assignees)
    if actions and targets is not None and assignees is not None:
        yield replace(
            one,
            actions=actions,
            targets=targets,
            assignees=assignees,
            asset_collections=tuple(dict.fromkeys(one.asset_collections + other.asset_collections)),
            party_collections=tuple(dict.fromkeys(one.party_collections + other.party_collections)),
            constraints=one.conditions + other.conditions,
            refinements=(),
            duties=_duties(one.duties, other.duties),
        )


def _lower(one: str, other: str) -> str:
    """Find the narrower of two actions of which one lies in the other; empty when neither does."""
    if one in actions_within(other):
        return one
    return other if other in actions_within(one) else ""


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...] | None:
    """Find what two lists have in common, where an empty list means everything; None for nothing."""
    if not one or not other:
        return one or other
    return tuple(name for name in one if name in other) or None


def _duties(offered: tuple[Duty, ...], asked: tuple[Duty, ...]) -> tuple[Duty, ...]:
    """Take what is asked, each as offered where that is stricter; an offered price that is not asked gives way."""
    kept = [next((duty for duty in offered if includes(duty, wanted)), wanted) for wanted in asked]
    named = {duty.action for duty in asked}
    return tuple(dict.fromkeys([*kept, *(duty for duty in offered if duty.action not in named)]))


def _simplest(met: Policy, effort: Effort | None) -> Policy:
    """Leave out what changes nothing: conditions that the others say, permissions that permit nothing more."""
    if not met.permissions:
        return met
    fresh = parse(write(met, anonymous=True))
    side = Side("met", fresh)
    space = Space([side], effort)
    permissions: list[Rule] = []
    permitted = NOWHERE
    for rule in side.compiled.permissions:
        more = space.granted(side, rule) - space.forbidden(side) - permitted
        if more:
            permissions.append(_spare(space, side, rule))
            permitted |= space.granted(side, rule)
    prohibitions = list({rule_said(rule): rule for rule in fresh.prohibitions}.values())
    return replace(fresh, permissions=tuple(permissions), prohibitions=tuple(prohibitions))


def _spare(space: Space, side: Side, rule: CompiledRule) -> Rule:
    """Drop every condition that the others say already."""
    checks = list(rule.checks)
    for check in rule.checks:
        others = [other for other in checks if other is not check]
        if not space.where(side, others) - space.answer(side, check).holds:
            checks = others
    return replace(rule.rule, constraints=tuple(check.condition for check in checks))
