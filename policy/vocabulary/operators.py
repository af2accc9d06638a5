"""The operators: ODRL's twelve, which values each compares, and the four that join conditions."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Arity(StrEnum):
    """How many right operands an operator takes."""

    ONE = "one"
    SOME = "some"  # at least one


OPERATORS: Mapping[str, Arity] = {
    "eq": Arity.ONE,
    "neq": Arity.ONE,
    "lt": Arity.ONE,
    "lteq": Arity.ONE,
    "gt": Arity.ONE,
    "gteq": Arity.ONE,
    "isA": Arity.SOME,
    "isPartOf": Arity.SOME,
    "isAnyOf": Arity.SOME,
    "isNoneOf": Arity.SOME,
    "isAllOf": Arity.SOME,
    "hasPart": Arity.SOME,
}
# DSP's schema writes `lteq` so; both are one operator.
OPERATOR_ALIASES: Mapping[str, str] = {"term-lteq": "lteq"}

AMONG = frozenset({"isAnyOf", "isNoneOf"})
LIMITS = frozenset({"lt", "lteq"})
BOUNDS = LIMITS | {"gt", "gteq"}
ORDER = BOUNDS | AMONG | {"eq", "neq"}
TREE = AMONG | {"eq", "neq", "isA", "isPartOf", "isAllOf", "hasPart"}
WINDOWS = AMONG | {"eq", "neq", "isPartOf"}

LOGICAL = frozenset({"and", "or", "xone", "andSequence"})
