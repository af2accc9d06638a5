"""Compiling: a Policy becomes tables and tests that are decided without looking anything up again."""

from __future__ import annotations

from dataclasses import dataclass

from policy.decision import Reservation
from policy.model import Condition, Constraint, Logical, Policy, Rule
from policy.operators import COMBINE, Test, build_test, count_limit
from policy.vocabulary import OPERANDS, Source, actions_within


@dataclass(frozen=True, slots=True)
class Check:
    """One condition ready to be asked; `parts` are the conditions inside a logical one."""

    id: str
    path: str
    test: Test
    condition: Condition
    parts: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with the actions it covers, its checks, and what an execution under it takes from its counters."""

    rule: Rule
    actions: frozenset[str]
    checks: tuple[Check, ...]
    reservations: tuple[Reservation, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A policy ready to be decided; share it freely, it holds no state."""

    policy: Policy
    permissions: tuple[CompiledRule, ...]
    prohibitions: tuple[CompiledRule, ...]


def compile_policy(policy: Policy) -> Compiled:
    """Compile a parsed policy; total, since parse.py has refused what cannot be compiled."""
    return Compiled(
        policy,
        tuple(_compile_rule(rule) for rule in policy.permissions),
        tuple(_compile_rule(rule) for rule in policy.prohibitions),
    )


def _compile_rule(rule: Rule) -> CompiledRule:
    checks = tuple(_check(rule.id, condition) for condition in rule.constraints)
    return CompiledRule(rule, actions_within(rule.action), checks, _reservations(rule))


def _check(rule: str, condition: Condition) -> Check:
    if isinstance(condition, Constraint):
        return Check(condition.id, condition.path, build_test(rule, condition), condition)
    parts = tuple(_check(rule, part) for part in condition.parts)
    return Check(condition.id, condition.path, _combined(condition, parts), condition, parts)


def _combined(condition: Logical, parts: tuple[Check, ...]) -> Test:
    combine = COMBINE[condition.operator]
    tests = tuple(part.test for part in parts)
    return lambda request, world: combine(tuple(test(request, world) for test in tests))


def _reservations(rule: Rule) -> tuple[Reservation, ...]:
    """Take one from each counter the rule names; of two limits on one counter the smaller one binds."""
    limits: dict[str, int] = {}
    for constraint in _atoms(rule.constraints):
        if OPERANDS[constraint.left].source is Source.COUNTER:
            limit = count_limit(constraint)
            limits[constraint.left] = min(limit, limits.get(constraint.left, limit))
    return tuple(Reservation(rule.id, operand, 1, limit) for operand, limit in sorted(limits.items()))


def _atoms(conditions: tuple[Condition, ...]) -> list[Constraint]:
    found: list[Constraint] = []
    for condition in conditions:
        found.extend(_atoms(condition.parts) if isinstance(condition, Logical) else [condition])
    return found
