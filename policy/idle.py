"""The rules of a policy that do not apply to a request, each with why; pure and total, like deciding.

Law: a rule is idle when it is about something else, or a condition of it does not hold. A prohibition about which
nobody can know applies, as it does in deciding; such a permission does not. A rule whose duty stands in the way does
apply: the decision's own reasons say so. An offer has no idle rules, since nothing of it is decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policy.model import PolicyKind, RuleKind
from policy.vocabulary.names import action_name

if TYPE_CHECKING:
    from policy.compile import Compiled, CompiledRule
    from policy.model import Condition
    from policy.request import Request
    from policy.verdict import Verdict
    from policy.world import World

OTHER_ACTION, OTHER_TARGET, OTHER_PARTY = "other-action", "other-target", "other-party"
UNSURE_TARGET, UNSURE_PARTY = "unsure-target", "unsure-party"
NOT_MET, NOT_KNOWN = "not-met", "not-known"


class Why(NamedTuple):
    """One thing that keeps a rule from applying: what the rule is about instead, or its condition."""

    code: str
    about: tuple[str, ...] = ()
    condition: Condition | None = None


class IdleRule(NamedTuple):
    """A rule that does not apply: its id, where it stands, and everything that keeps it from applying."""

    id: str
    path: str
    kind: RuleKind
    why: tuple[Why, ...]


def idle_rules(compiled: Compiled, request: Request, world: World) -> tuple[IdleRule, ...]:
    """List the rules that do not apply, permissions, then prohibitions, then obligations of others."""
    if compiled.policy.kind is PolicyKind.OFFER:
        return ()
    found = [
        IdleRule(one.rule.id, one.rule.path, one.rule.kind, why)
        for one in compiled.permissions + compiled.prohibitions
        if (why := _why(one, request, world))
    ]
    for owed in compiled.obligations:
        if not owed.binds(request, world):
            party = (owed.duty.assignee,) if owed.duty.assignee else ()
            found.append(IdleRule(owed.duty.id, owed.duty.path, owed.duty.kind, (Why(OTHER_PARTY, party),)))
    return tuple(found)


def _why(compiled: CompiledRule, request: Request, world: World) -> tuple[Why, ...]:
    rule, reach = compiled.rule, compiled.reach
    found = [] if action_name(request.action) in reach.actions else [Why(OTHER_ACTION, rule.actions)]
    on = reach.covers_target(request.target, world)
    by = reach.covers_party(request.assignee, world)
    if _keeps(on, prohibits=reach.prohibits):
        found.append(Why(OTHER_TARGET if on is False else UNSURE_TARGET, rule.targets))
    if _keeps(by, prohibits=reach.prohibits):
        found.append(Why(OTHER_PARTY if by is False else UNSURE_PARTY, rule.assignees))
    for check in compiled.checks:
        verdict = check.test(request, world)
        if _keeps(verdict, prohibits=reach.prohibits):
            found.append(Why(NOT_MET if verdict is False else NOT_KNOWN, (), check.condition))
    return tuple(found)


def _keeps(verdict: Verdict, *, prohibits: bool) -> bool:
    """Whether a verdict keeps a rule from applying: what may hold is enough for a prohibition alone."""
    return verdict is False or (verdict is None and not prohibits)
