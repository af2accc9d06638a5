"""The vocabulary: every term this engine enforces is one row here, and a term without a row is refused by name.

OPERANDS   left operand -> type of its value, operators it takes, rules it may stand in, where its value comes from
OPERATORS  operator -> whether its right operand is a list
ACTIONS    action -> its parent (ODRL `includedIn`), and whether it can be asked of somebody as a pre-duty

A permission for an action covers the actions below it: `use` covers `read`, `read` does not cover `use`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from policy.model import RuleKind

if TYPE_CHECKING:
    from collections.abc import Mapping

ODRL = "http://www.w3.org/ns/odrl/2/"
XSD = "http://www.w3.org/2001/XMLSchema#"
PROFILE = "https://w3id.org/penstock/ns/profile"
# The only JSON-LD contexts whose terms mean what the tables below say.
CONTEXTS = frozenset({"https://w3id.org/dspace/2025/1/context.jsonld", "http://www.w3.org/ns/odrl.jsonld"})


class ValueType(StrEnum):
    """How a right operand is read and compared (values.py and operators.py have one row each)."""

    INSTANT = "instant"
    PURPOSE = "purpose"
    COUNT = "count"
    REGION = "region"
    PARTY = "party"
    MONEY = "money"


class Source(StrEnum):
    """Where the left operand's value comes from when a request is decided."""

    CLOCK = "world.now"
    CONTEXT = "request.context"
    COUNTER = "world.counters"
    DUTY = "world.duties"


@dataclass(frozen=True, slots=True)
class Operand:
    """One row of OPERANDS; `refusal` is the reason code given when a constraint on it does not hold."""

    type: ValueType
    operators: frozenset[str]
    rules: frozenset[RuleKind]
    source: Source
    refusal: str
    needs_state: bool = False
    needs_unit: bool = False


@dataclass(frozen=True, slots=True)
class Operator:
    """One row of OPERATORS."""

    many: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """One row of ACTIONS; the two roots have no parent."""

    parent: str | None
    as_duty: bool = False


_RULES = frozenset({RuleKind.PERMISSION, RuleKind.PROHIBITION})
_PERMISSION = frozenset({RuleKind.PERMISSION})
_DUTIES = frozenset({RuleKind.DUTY, RuleKind.OBLIGATION})
_ORDER = frozenset({"eq", "neq", "lt", "lteq", "gt", "gteq"})
# `neq` is left out where values form a hierarchy: it would let through everything below the excluded value.
_TREE = frozenset({"eq", "isAnyOf", "isNoneOf"})

OPERATORS: Mapping[str, Operator] = {
    "eq": Operator(),
    "neq": Operator(),
    "lt": Operator(),
    "lteq": Operator(),
    "gt": Operator(),
    "gteq": Operator(),
    "isA": Operator(),
    "isPartOf": Operator(),
    "isAnyOf": Operator(many=True),
    "isNoneOf": Operator(many=True),
}
OPERATORS_TO_COME = frozenset({"hasPart", "isAllOf"})

LOGICAL = frozenset({"and", "or", "xone"})

OPERANDS: Mapping[str, Operand] = {
    "dateTime": Operand(ValueType.INSTANT, _ORDER, _RULES, Source.CLOCK, "outside-time"),
    "purpose": Operand(ValueType.PURPOSE, _TREE | {"isA"}, _RULES, Source.CONTEXT, "purpose-not-allowed"),
    "spatial": Operand(ValueType.REGION, _TREE | {"isPartOf"}, _RULES, Source.CONTEXT, "outside-region"),
    "recipient": Operand(ValueType.PARTY, _TREE | {"isPartOf"}, _RULES, Source.CONTEXT, "recipient-not-allowed"),
    "count": Operand(
        ValueType.COUNT, frozenset({"lt", "lteq"}), _PERMISSION, Source.COUNTER, "count-exhausted", needs_state=True
    ),
    "payAmount": Operand(
        ValueType.MONEY, frozenset({"eq"}), _DUTIES, Source.DUTY, "duty-outstanding", needs_state=True, needs_unit=True
    ),
}
# ODRL's other left operands: known by name, so that their refusal can say more than "unknown".
OPERANDS_TO_COME = frozenset(
    {
        "absolutePosition",
        "absoluteSize",
        "absoluteSpatialPosition",
        "absoluteTemporalPosition",
        "delayPeriod",
        "deliveryChannel",
        "device",
        "elapsedTime",
        "event",
        "fileFormat",
        "industry",
        "language",
        "media",
        "meteredTime",
        "percentage",
        "product",
        "relativePosition",
        "relativeSize",
        "relativeSpatialPosition",
        "relativeTemporalPosition",
        "resolution",
        "spatialCoordinates",
        "system",
        "systemDevice",
        "timeInterval",
        "unitOfCount",
        "version",
        "virtualLocation",
    }
)

ACTIONS: Mapping[str, Action] = {
    "use": Action(None),
    "transfer": Action(None),
    "acceptTracking": Action("use", as_duty=True),
    "aggregate": Action("use"),
    "annotate": Action("use"),
    "anonymize": Action("use"),
    "archive": Action("use"),
    "attribute": Action("use"),
    "compensate": Action("use", as_duty=True),
    "concurrentUse": Action("use"),
    "delete": Action("use"),
    "derive": Action("use"),
    "digitize": Action("use"),
    "display": Action("present"),
    "distribute": Action("use"),
    "ensureExclusivity": Action("use"),
    "execute": Action("use"),
    "extract": Action("reproduce"),
    "give": Action("transfer"),
    "grantUse": Action("use"),
    "include": Action("use"),
    "index": Action("use"),
    "inform": Action("use", as_duty=True),
    "install": Action("use"),
    "modify": Action("use"),
    "move": Action("use"),
    "nextPolicy": Action("use"),
    "obtainConsent": Action("use", as_duty=True),
    "play": Action("present"),
    "present": Action("use"),
    "print": Action("present"),
    "read": Action("use"),
    "reproduce": Action("use"),
    "reviewPolicy": Action("use", as_duty=True),
    "sell": Action("transfer"),
    "stream": Action("use"),
    "synchronize": Action("use"),
    "textToSpeech": Action("use"),
    "transform": Action("use"),
    "translate": Action("use"),
    "uninstall": Action("use"),
    "watermark": Action("use"),
}


def local_name(term: str) -> str:
    """Strip ODRL's namespace or its usual prefix; any other name is returned as it is."""
    for prefix in (ODRL, "odrl:"):
        if term.startswith(prefix):
            return term[len(prefix) :]
    return term


def actions_within(action: str) -> frozenset[str]:
    """Collect the action and everything below it in the hierarchy."""
    return frozenset(name for name in ACTIONS if action in _upwards(name))


def _upwards(action: str) -> list[str]:
    chain = [action]
    while (parent := ACTIONS[chain[-1]].parent) is not None:
        chain.append(parent)
    return chain
