"""Comparing: whether everything one policy allows another allows too, and if not, a request that shows it.

What is compared is the region each policy allows once its duties are done (space.py). A difference that is empty is a
proof; one that is not is shown by a request and a world that the engine itself decides differently. What can neither
be proved nor shown is not told.

Four readings. The world may put values in one another as it likes, except that nothing lies in two branches of the
scheme of purposes or of the codes of regions. Counters stand equally for all rules that look at them, as they do
where nothing but the same acts has been counted. A duty done more strictly is the duty done.
Of what is prohibited with a remedy, either nothing has been done before or everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from policy.compare.example import Example, find_example
from policy.compare.questions import Side
from policy.compare.space import Space
from policy.compare.stricter import impossible
from policy.errors import UntoldError

if TYPE_CHECKING:
    from policy.compare.boxes import Region
    from policy.compare.cells import Effort
    from policy.decision import Decision
    from policy.model import Policy

_NOT_SHOWN = "there seems to be a difference, but no request was found that shows it"


class Relation(StrEnum):
    """How what A allows lies to what B allows."""

    EQUIVALENT = "equivalent"
    A_IMPLIES_B = "a-implies-b"
    B_IMPLIES_A = "b-implies-a"
    OVERLAPPING = "overlapping"
    DISJOINT = "disjoint"
    CANNOT_TELL = "cannot-tell"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A relation and what shows it.

    `forward` is allowed by A and not by B, `backward` by B and not by A, `common` by both where neither lies in the
    other; each is None where there is none. `reason` says why it cannot be told, and is empty otherwise.
    """

    relation: Relation
    forward: Example | None = None
    backward: Example | None = None
    common: Example | None = None
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        """Write the comparison."""
        shown = {"forward": self.forward, "backward": self.backward, "common": self.common}
        examples = {name: None if example is None else example.as_json() for name, example in shown.items()}
        return {"relation": self.relation.value, **examples, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Implication:
    """Whether what a child allows its parent allows too; `holds` is None when it cannot be told."""

    holds: bool | None
    example: Example | None = None
    reason: str = ""


def compare(a: Policy, b: Policy) -> Comparison:
    """Compare what two policies allow; total."""
    try:
        return _compare(Side("a", a), Side("b", b))
    except UntoldError as untold:
        return Comparison(Relation.CANNOT_TELL, reason=str(untold))


def implied(child: Policy, parent: Policy, effort: Effort | None = None) -> Implication:
    """Tell whether everything the child allows lies within what the parent allows, as a sub-licence must."""
    try:
        return _implied(Side("a", child), Side("b", parent), effort)
    except UntoldError as untold:
        return Implication(None, reason=str(untold))


def _compare(a: Side, b: Side) -> Comparison:
    space = Space([a, b])
    never = impossible(space, [a, b])
    in_a, in_b = space.allowed(a) - never, space.allowed(b) - never
    only_a, only_b = in_a - in_b, in_b - in_a
    forward = find_example(space, only_a, (a, b), _only_first)
    backward = find_example(space, only_b, (a, b), _only_second)
    if (only_a and forward is None) or (only_b and backward is None):
        return Comparison(Relation.CANNOT_TELL, forward, backward, reason=_NOT_SHOWN)
    if not only_a or not only_b:
        return Comparison(_nested(only_a, only_b), forward, backward)
    both = in_a & in_b
    common = find_example(space, both, (a, b), _both)
    if both and common is None:
        return Comparison(Relation.CANNOT_TELL, forward, backward, reason=_NOT_SHOWN)
    return Comparison(Relation.OVERLAPPING if both else Relation.DISJOINT, forward, backward, common)


def _implied(child: Side, parent: Side, effort: Effort | None) -> Implication:
    space = Space([child, parent], effort)
    more = space.allowed(child) - impossible(space, [child, parent]) - space.allowed(parent)
    if not more:
        return Implication(holds=True)
    example = find_example(space, more, (child, parent), _only_first)
    return Implication(None, reason=_NOT_SHOWN) if example is None else Implication(holds=False, example=example)


def _only_first(first: Decision, second: Decision) -> bool:
    return first.allowed and not second.allowed


def _only_second(first: Decision, second: Decision) -> bool:
    return _only_first(second, first)


def _both(first: Decision, second: Decision) -> bool:
    return first.allowed and second.allowed


def _nested(only_a: Region, only_b: Region) -> Relation:
    if only_a:
        return Relation.B_IMPLIES_A
    return Relation.A_IMPLIES_B if only_b else Relation.EQUIVALENT
