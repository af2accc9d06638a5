"""Two policies that hold for one asset: what one permits and the other forbids, and by whose law."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.compare.document import write
from policy.compare.example import find_example
from policy.compare.findings import Finding
from policy.compare.obliged import forbidden
from policy.compare.questions import Side
from policy.compare.space import Space
from policy.model import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.decision import Decision
    from policy.model import Policy


def between(numbers: tuple[int, int], policies: tuple[Policy, Policy]) -> Iterator[Finding]:
    """Go through everything that is found between two policies, given by their numbers."""
    one, other = policies
    if write(one, anonymous=True) == write(other, anonymous=True):
        yield Finding("same-elsewhere", numbers[1], "", (_name(numbers[0], one),))
        return
    if one.id and one.id == other.id:
        yield Finding("same-id", numbers[1], "/@id", (one.id,))
    for first, second, at in ((one, other, numbers), (other, one, numbers[::-1])):
        for duty, rule in forbidden(first, second):
            yield Finding("duty-forbidden-here", at[1], rule.path, (duty.action, _name(at[0], first)))
    if Conflict.PERM is one.conflict is other.conflict:
        return
    sides = (Side("a", one), Side("b", other))
    space = Space(sides)
    yield from _forbidden(space, sides, numbers)
    yield from _forbidden(space, (sides[1], sides[0]), (numbers[1], numbers[0]))


def _forbidden(space: Space, sides: tuple[Side, Side], numbers: tuple[int, int]) -> Iterator[Finding]:
    """Find the prohibitions of the second policy that stand against what the first allows."""
    first, second = sides
    agreed = first.policy.conflict is second.policy.conflict is Conflict.PROHIBIT
    permitted = space.allowed(first) & space.plain
    for rule in second.compiled.prohibitions:
        example = find_example(space, permitted & space.barred(second, rule), sides, _disagree)
        if example is not None:
            code = "forbidden-here" if agreed else "no-common-law"
            yield Finding(code, numbers[1], rule.rule.path, (_name(numbers[0], first.policy),), example)


def _disagree(permits: Decision, forbids: Decision) -> bool:
    return permits.allowed and not forbids.allowed


def _name(number: int, policy: Policy) -> str:
    return policy.id or f"#{number + 1}"
