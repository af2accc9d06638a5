"""Strategies as values: what a digital contract (designed after TC609-6-2025-14) lets one do, forbids and asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from policy.tc609.codes import EXPANSION

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_STRATEGIES = 512  # a policy has at most half as many rules
MAX_LIST_ITEMS = 512
MAX_EXPANSION_CHARS = 1 << 20  # a whole rule with its duties

KINDS: Mapping[str, str] = {
    "permissionPolicies": "permission",
    "prohibitionPolicies": "prohibition",
    "obligationPolicies": "obligation",
}
Scalar: TypeAlias = str | int | float
Value: TypeAlias = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A data product or node: its identifier, and a name for people or ""."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint in wire terms: documented name, ODRL's name of the operator, value as it is written."""

    name: str
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Strategy:
    """One strategy; `kind` is permission, prohibition or obligation, `path` points at what it was read from."""

    kind: str
    path: str
    product: Named
    provider: Named
    consumer: Named | None
    actions: tuple[str, ...]
    constraints: tuple[Constraint, ...] = ()
    expansion: str = ""

    @property
    def marked(self) -> bool:
        """Whether the plain fields say that more stands in the expansion."""
        return EXPANSION in self.actions or any(each.name == EXPANSION for each in self.constraints)
