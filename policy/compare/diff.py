"""Differences: what one policy says other than another, rule by rule.

Rules are paired by their own ids, then by what they are about, then by their order; conditions by what they look at.
A condition that holds in fewer cases than before is narrower, whatever its words; what cannot be told is otherwise.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from policy.compare.questions import duty_axis, rule_said, said
from policy.compare.stricter import includes, lies_within
from policy.model import Conflict, Constraint, Duty, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from policy.model import Condition, Policy

Part: TypeAlias = "Rule | Duty | Condition | Conflict | tuple[str, ...]"
Item = TypeVar("Item")


class Turn(StrEnum):
    """How something of the second policy stands to what the first had in its place."""

    NEW = "new"
    GONE = "gone"
    NARROWER = "narrower"
    WIDER = "wider"
    OTHERWISE = "otherwise"


class Subject(StrEnum):
    """What has changed."""

    RULE = "rule"
    CONDITION = "condition"
    DUTY = "duty"
    REMEDY = "remedy"
    ACTIONS = "actions"
    TARGETS = "targets"
    ASSIGNEES = "assignees"
    CONFLICT = "conflict"


class Change(NamedTuple):
    """One difference: `rule` is the rule it stands in (None: the policy), `path` its place in the policy it is in.

    `before` is what the first policy has, `after` what the second has; None where it has nothing in that place.
    """

    subject: Subject
    turn: Turn
    path: str
    rule: Rule | None
    before: Part | None = None
    after: Part | None = None

    def as_json(self) -> dict[str, object]:
        """Write the change; its sentence says what it means."""
        return {"subject": self.subject.value, "turn": self.turn.value, "path": self.path}


def diff(a: Policy, b: Policy) -> list[Change]:
    """List how policy B differs from policy A; total."""
    found: list[Change] = []
    for before, after in ((a.permissions, b.permissions), (a.prohibitions, b.prohibitions)):
        for one, other in _paired(before, after, [rule_said, _own_id, _about, _verb, _any]):
            found += _rule(one, other)
    found += _duties(Subject.DUTY, None, a.obligations, b.obligations)
    if a.conflict is not b.conflict:
        found.append(Change(Subject.CONFLICT, Turn.OTHERWISE, "/conflict", None, a.conflict, b.conflict))
    return found


# ---- pairing


def _paired(
    before: Sequence[Item], after: Sequence[Item], keys: Sequence[Callable[[Item], Hashable]]
) -> Iterator[tuple[Item | None, Item | None]]:
    """Pair items by the first key that they share; what is left over stands alone."""
    left, right = list(before), list(after)
    for key in keys:
        for one in list(left):
            name = key(one)
            other = None if name is None else next((each for each in right if key(each) == name), None)
            if other is not None:
                left.remove(one)
                right.remove(other)
                yield one, other
    yield from ((one, None) for one in left)
    yield from ((None, other) for other in right)


def _own_id(rule: Rule) -> str | None:
    return None if rule.id == rule.path.removeprefix("/") else rule.id


def _about(rule: Rule) -> tuple[tuple[str, ...], ...]:
    return rule.actions, rule.targets, rule.assignees


def _verb(rule: Rule) -> tuple[str, ...]:
    return rule.actions


def _any(_item: object) -> bool:
    return True


def _operand(condition: Condition) -> tuple[str, str]:
    if isinstance(condition, Constraint):
        return condition.left, condition.unit
    return condition.operator, "joint"


# ---- comparing a pair


def _rule(before: Rule | None, after: Rule | None) -> Iterator[Change]:
    if before is None or after is None:
        yield _alone(Subject.RULE, before, after, before or after)
        return
    for subject, old, new in (
        (Subject.ACTIONS, before.actions, after.actions),
        (Subject.TARGETS, before.targets, after.targets),
        (Subject.ASSIGNEES, before.assignees, after.assignees),
    ):
        if set(old) != set(new):
            yield Change(subject, Turn.OTHERWISE, after.path, after, old, new)
    for one, other in _paired(before.conditions, after.conditions, [said, _operand]):
        if one is None or other is None:
            yield _alone(Subject.CONDITION, one, other, after)
        elif said(one) != said(other):
            yield Change(Subject.CONDITION, _narrower(one, other), other.path, after, one, other)
    yield from _duties(Subject.DUTY, after, before.duties, after.duties)
    yield from _duties(Subject.REMEDY, after, before.remedies, after.remedies)


def _duties(subject: Subject, rule: Rule | None, before: Sequence[Duty], after: Sequence[Duty]) -> Iterator[Change]:
    for one, other in _paired(before, after, [duty_axis, lambda duty: duty.action]):
        if one is None or other is None:
            yield _alone(subject, one, other, rule)
        elif duty_axis(one) != duty_axis(other):
            yield Change(subject, _stricter(one, other), other.path, rule, one, other)


def _narrower(before: Condition, after: Condition) -> Turn:
    """Tell whether a condition holds in fewer cases now, or in more."""
    if lies_within((after,), (before,)):
        return Turn.NARROWER
    return Turn.WIDER if lies_within((before,), (after,)) else Turn.OTHERWISE


def _stricter(before: Duty, after: Duty) -> Turn:
    """Tell whether a duty asks more now (the rule is narrower) or less."""
    if includes(after, before):
        return Turn.NARROWER
    return Turn.WIDER if includes(before, after) else Turn.OTHERWISE


def _alone(
    subject: Subject, before: Rule | Duty | Condition | None, after: Rule | Duty | Condition | None, rule: Rule | None
) -> Change:
    node = after if before is None else before
    assert node is not None
    return Change(subject, Turn.NEW if before is None else Turn.GONE, node.path, rule, before, after)
