"""A policy as a value: what parse.py makes of a document, and all that the rest of the room knows of it.

Right operands are typed here once: an instant is an aware datetime in UTC, a count an int, a number or money a
Fraction, a duration a Duration, a purpose, region, party or other term its identifier in its one canonical form.
`path` is the JSON pointer of the node in the document it came from; `id` is its own, or its path.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from policy.calendar import Duration, Rate, WeekWindow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class PolicyKind(StrEnum):
    """The three ODRL classes of policy that are read; an Offer is read and explained but never decided."""

    SET = "Set"
    OFFER = "Offer"
    AGREEMENT = "Agreement"


class RuleKind(StrEnum):
    """What a rule is; where a duty stands decides its kind."""

    PERMISSION = "permission"
    PROHIBITION = "prohibition"
    OBLIGATION = "obligation"  # of the policy
    DUTY = "duty"  # of a permission
    REMEDY = "remedy"  # of a prohibition
    CONSEQUENCE = "consequence"  # of a duty or obligation


class Conflict(StrEnum):
    """Who wins where a permission and a prohibition meet; ODRL's default is that nobody does."""

    PERM = "perm"
    PROHIBIT = "prohibit"
    INVALID = "invalid"


class DutyMode(StrEnum):
    """When a duty is to be done: before the use, while it lasts, or after it within a time."""

    PRE = "pre"
    ONGOING = "ongoing"
    POST = "post"


Scalar: TypeAlias = datetime | Fraction | int | str | Duration | Rate | WeekWindow | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Constraint:
    """`left operator right`; `right` has one value for operators that compare with one, else at least one.

    `every` is the period in which an amount is to be paid anew (rental); None: once.
    """

    id: str
    path: str
    left: str
    operator: str
    right: tuple[Scalar, ...]
    unit: str = ""
    every: Duration | None = None


@dataclass(frozen=True, slots=True)
class Logical:
    """`and`, `or`, `xone` or `andSequence` over parts."""

    id: str
    path: str
    operator: str
    parts: tuple[Condition, ...]


Condition: TypeAlias = Constraint | Logical


def atoms(conditions: Iterable[Condition]) -> Iterator[Constraint]:
    """Return the single constraints of conditions, however deep, in their order."""
    for condition in conditions:
        if isinstance(condition, Logical):
            yield from atoms(condition.parts)
        else:
            yield condition


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to be done: `terms` say how much, of what and by when, `parties` to whom (function, IRI).

    `asset_collections` and `party_collections` as those of a Rule.
    """

    id: str
    path: str
    kind: RuleKind
    action: str
    terms: tuple[Constraint, ...] = ()
    mode: DutyMode = DutyMode.PRE
    assignee: str | None = None
    target: str | None = None
    asset_collections: tuple[frozenset[str], ...] = ()
    party_collections: tuple[frozenset[str], ...] = ()
    parties: tuple[tuple[str, str], ...] = ()
    consequences: tuple[Duty, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A permission or prohibition for any of its actions; no target or assignee means any.

    `asset_collections` and `party_collections` have the names of each target and assignee that is said to be a
    collection. `refinements` narrow the action, the target or the assignee; they are asked of the request like
    constraints. `assigners` are those that the rule names where the policy names none; no decision asks for them.
    """

    id: str
    path: str
    kind: RuleKind
    actions: tuple[str, ...]
    targets: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    asset_collections: tuple[frozenset[str], ...] = ()
    party_collections: tuple[frozenset[str], ...] = ()
    constraints: tuple[Condition, ...] = ()
    refinements: tuple[Condition, ...] = ()
    duties: tuple[Duty, ...] = ()
    remedies: tuple[Duty, ...] = ()
    assigners: tuple[str, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Everything that must hold: constraints, then refinements."""
        return self.constraints + self.refinements


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy; `id` is empty for one that is identified by the digest of what it lies in."""

    id: str
    kind: PolicyKind
    assigner: str | None
    assignee: str | None
    target: str | None
    permissions: tuple[Rule, ...] = ()
    prohibitions: tuple[Rule, ...] = ()
    obligations: tuple[Duty, ...] = ()
    conflict: Conflict = Conflict.INVALID
