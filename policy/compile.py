"""Compiling: a Policy becomes tables and tests that are decided without looking anything up again."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from policy.calendar import Duration
from policy.constraint_truth import Scope, Test, build_test
from policy.decision import ConstraintReport, RuleReport
from policy.duties import CompiledDuty, compile_duty
from policy.model import Condition, Constraint, Logical, Policy, Rule
from policy.operators import count_limit
from policy.reach import Reach
from policy.request import Request
from policy.sequence import in_sequence
from policy.values import show_all
from policy.verdict import COMBINE, Verdict, all_of
from policy.vocabulary.operands import COUNTED_TOGETHER, OPERANDS, State
from policy.vocabulary.operators import LIMITS
from policy.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.world import Act

# What an execution leaves behind for later decisions.
_REMEMBERED = frozenset({State.USES, State.SUM, State.SESSION, State.FIRST_USE, State.LAST_USE, State.RECENT})


@dataclass(frozen=True, slots=True)
class Check:
    """One condition ready to be asked; `parts` are the conditions inside a logical one, `reports` one a verdict."""

    id: str
    path: str
    test: Test
    condition: Condition
    reports: Mapping[Verdict, ConstraintReport]
    facts: tuple[str, str, str]
    parts: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """What a use takes from one counter of its rule; `test` is None where the constraint must hold anyway."""

    constraint: Constraint
    limit: Fraction | int | None
    test: Test | None


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with the actions it covers, its checks, its duties, and what a use under it takes from its counters."""

    rule: Rule
    reach: Reach
    checks: tuple[Check, ...]
    tests: tuple[Test, ...]
    duties: tuple[CompiledDuty, ...]
    remedies: tuple[CompiledDuty, ...]
    claims: tuple[Claim, ...]
    active: RuleReport

    def infringed_by(self, act: Act, request: Request, world: World) -> bool:
        """Whether an act that the rule reaches met its conditions, or may have: by its own context and time."""
        asked = Request(request.assignee, act.action, act.target or request.target, act.context)
        then = World(act.at, world.part_of, performed=tuple(one for one in world.performed if one is not act))
        return all_of([test(asked, then) for test in self.tests]) is not False


@dataclass(frozen=True, slots=True)
class Compiled:
    """A policy ready to be decided; share it freely, it holds no state."""

    policy: Policy
    permissions: tuple[CompiledRule, ...]
    prohibitions: tuple[CompiledRule, ...]
    obligations: tuple[CompiledDuty, ...]


def compile_policy(policy: Policy) -> Compiled:
    """Compile a parsed policy; total, since parse.py has refused what cannot be compiled."""
    return Compiled(
        policy,
        tuple(_rule(rule, policy.id) for rule in policy.permissions),
        tuple(_rule(rule, policy.id) for rule in policy.prohibitions),
        tuple(compile_duty(duty, policy.id) for duty in policy.obligations),
    )


def _rule(rule: Rule, agreement: str) -> CompiledRule:
    reach = Reach.of(rule)
    scope = Scope(rule.id, reach.own_uses if _apart(rule) else reach.uses)
    checks = tuple(_check(scope, condition) for condition in rule.conditions)
    return CompiledRule(
        rule,
        reach,
        checks,
        tuple(check.test for check in checks),
        tuple(compile_duty(duty, agreement, rule.assignees) for duty in rule.duties),
        tuple(compile_duty(duty, agreement, rule.assignees) for duty in rule.remedies),
        () if reach.prohibits else _claims(checks),
        RuleReport(rule.id, rule.kind.value, True, tuple(check.reports[True] for check in checks)),
    )


def _apart(rule: Rule) -> bool:
    """Whether a constraint beside the count says that each user is counted apart."""
    units = [one.right for one in rule.constraints if isinstance(one, Constraint) and one.left == "unitOfCount"]
    return not all(COUNTED_TOGETHER.issuperset(unit) for unit in units)


def _check(scope: Scope, condition: Condition) -> Check:
    reports = {verdict: ConstraintReport(condition.id, verdict) for verdict in (True, False, None)}
    if isinstance(condition, Constraint):
        facts = (condition.left, condition.operator, show_all(condition.right))
        return Check(condition.id, condition.path, build_test(scope, condition), condition, reports, facts)
    parts = tuple(_check(scope, part) for part in condition.parts)
    test, facts = _joined(condition, parts), (condition.operator, "", "")
    return Check(condition.id, condition.path, test, condition, reports, facts, parts)


def _joined(condition: Logical, parts: tuple[Check, ...]) -> Test:
    tests = tuple(part.test for part in parts)
    if condition.operator == "andSequence":
        return in_sequence(tests)
    combine = COMBINE[condition.operator]
    return lambda request, world: combine([test(request, world) for test in tests])


def _claims(checks: tuple[Check, ...], *, certain: bool = True) -> tuple[Claim, ...]:
    """Collect what a use takes: of several limits on one counter the smallest binds."""
    found: dict[str, Claim] = {}
    for check in checks:
        if isinstance(check.condition, Logical):
            inner = _claims(check.parts, certain=certain and check.condition.operator in {"and", "andSequence"})
        elif OPERANDS[check.condition.left].state in _REMEMBERED:
            inner = (Claim(check.condition, _limit(check.condition), None if certain else check.test),)
        else:
            inner = ()
        for claim in inner:
            known = found.get(claim.constraint.left)
            found[claim.constraint.left] = claim if known is None else _tighter(known, claim)
    return tuple(claim for _operand, claim in sorted(found.items()))


def _tighter(one: Claim, other: Claim) -> Claim:
    limits = [limit for limit in (one.limit, other.limit) if limit is not None]
    test = None if None in (one.test, other.test) else one.test
    return Claim(one.constraint, min(limits, default=None), test)


def _limit(constraint: Constraint) -> Fraction | int | None:
    state = OPERANDS[constraint.left].state
    if state is State.USES:
        return count_limit(constraint)
    if constraint.operator not in LIMITS or state not in {State.SUM, State.SESSION}:
        return None
    limit = constraint.right[0]
    if isinstance(limit, Duration):
        return limit.seconds
    assert isinstance(limit, Fraction)
    return limit
