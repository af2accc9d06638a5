"""Duties to do what is forbidden: in one policy, or where one obliges to what the other forbids.

Law: what lies in a forbidden action is forbidden, too. But who forbids any use at all (`use`, `transfer`) means what is
done with the data, not what a duty asks for around it: of these two only the duty to do just that counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.vocabulary.actions import upwards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model import Duty, Policy, Rule

ROOTS: Final = frozenset({"use", "transfer"})


def forbidden(obliging: Policy, forbidding: Policy) -> Iterator[tuple[Duty, Rule]]:
    """Yield each duty of one policy with the first prohibition of a policy, perhaps the same, that it lies in."""
    for duty in _duties(obliging):
        rule = next((rule for rule in forbidding.prohibitions if _meets(duty, rule)), None)
        if rule is not None:
            yield duty, rule


def _duties(policy: Policy) -> Iterator[Duty]:
    for rule in policy.permissions:
        yield from rule.duties
    yield from policy.obligations


def _meets(duty: Duty, rule: Rule) -> bool:
    lies_in = frozenset(upwards(duty.action)) - ROOTS | {duty.action}
    whose = not rule.assignees or duty.assignee is None or duty.assignee in rule.assignees
    which = not rule.targets or duty.target is None or duty.target in rule.targets
    return whose and which and bool(lies_in & set(rule.actions))
