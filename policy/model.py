"""A policy as a value: what parse.py makes of a document, and all that the rest of the room knows of it.

Right operands are typed here once: an instant is an aware datetime in UTC, a count an int, money a Fraction, a
purpose, region or party its identifier. `path` is the JSON pointer of the node in the document it came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import TypeAlias


class PolicyKind(StrEnum):
    """The three ODRL classes of policy that are read; an Offer is read and explained but never decided."""

    SET = "Set"
    OFFER = "Offer"
    AGREEMENT = "Agreement"


class RuleKind(StrEnum):
    """What a rule is; a DUTY stands on a permission, an OBLIGATION on the policy itself."""

    PERMISSION = "permission"
    PROHIBITION = "prohibition"
    OBLIGATION = "obligation"
    DUTY = "duty"


Scalar: TypeAlias = datetime | Fraction | int | str


@dataclass(frozen=True, slots=True)
class Constraint:
    """`left operator right`; right is a tuple exactly for the operators that take many."""

    id: str
    path: str
    left: str
    operator: str
    right: Scalar | tuple[Scalar, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Logical:
    """`and`, `or` or `xone` over parts."""

    id: str
    path: str
    operator: str
    parts: tuple[Condition, ...]


Condition: TypeAlias = Constraint | Logical


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to be done before: its status comes from the world, its constraints say how much and of what."""

    id: str
    path: str
    kind: RuleKind
    action: str
    constraints: tuple[Constraint, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A permission or prohibition; no target or assignee means any."""

    id: str
    path: str
    kind: RuleKind
    action: str
    target: str | None = None
    assignee: str | None = None
    constraints: tuple[Condition, ...] = ()
    duties: tuple[Duty, ...] = ()


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
