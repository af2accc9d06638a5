"""The rules that every policy engine is asked about, each in its own words, and the requests with what they deserve.

SIX    six constraints on what a request says and on the clock: written once as ODRL, once as Cedar
PLAIN  what pyodre can say of them: the clock, and `eq` on a text that is filled into the policy for each request

A request holds in every rule or fails in one of them. Somewhat more than half of them fail, so that the median request
is one of those that take our engine longer: it says what failed.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COUNT = 1000
ACTION = "read"
ASSIGNER, ASSIGNEE = "did:web:registry.example", "did:web:lab.example"
POLICY, TARGET = "urn:uuid:6b1f0d3e-9d43-4c58-8a92-1f4c1a3f0f5e", "urn:uuid:0d2f5a3c-6f0e-4a52-8f77-6d6b7c9a1e11"
LABS = (ASSIGNEE, "did:web:second.lab.example", "did:web:third.lab.example")
STRANGERS = tuple(f"did:web:stranger-{number}.example" for number in range(COUNT))  # hardly any is met twice
PURPOSE = "https://w3id.org/penstock/purpose#"
TRANSPORT = tuple(
    f"{PURPOSE}{name}"
    for name in (
        "TransportResearch",
        "AirTrafficResearch",
        "FlightDelayResearch",
        "AirportCapacityResearch",
        "AirspaceSafetyResearch",
        "RoadTrafficResearch",
        "RailTrafficResearch",
        "MaritimeTrafficResearch",
    )
)
FROM, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
# what the clock shows when a request is made; the first two hold
MOMENTS = (datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), FROM, FROM - timedelta(seconds=1), UNTIL)
MOMENTS_WITHIN = 2

_TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
# pyodre reads the machine's clock, so its windows lie around today; the first one holds
WINDOWS = tuple((_TODAY + timedelta(days=begin), _TODAY + timedelta(days=begin + 20)) for begin in (-10, -40, 10))
WINDOWS_WITHIN = 1

# operand → values that hold, values that do not (one of the purposes is broader than the one asked for)
GIVEN: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "purpose": (TRANSPORT, (f"{PURPOSE}ScientificResearch", f"{PURPOSE}WeatherResearch", f"{PURPOSE}Marketing")),
    "spatial": (("DE", "DE-BY", "FR", "FR-75"), ("US", "US-NY", "CN")),
    "recipient": (LABS, STRANGERS),
    "language": (("en", "en-GB", "zh", "zh-Hans"), ("fr", "de", "de-AT")),
}


@dataclass(frozen=True, slots=True)
class Question:
    """One request: its document, the place in MOMENTS or WINDOWS that goes with it, and what is right."""

    moment: int
    request: Mapping[str, Any]
    allowed: bool


def questions(count: int = COUNT) -> list[Question]:
    """Return so many requests about SIX; the same ones at every call."""
    return _drawn(count, GIVEN, MOMENTS_WITHIN, len(MOMENTS))


def plain_questions(count: int = COUNT) -> list[Question]:
    """Return so many requests about PLAIN; the same ones at every call."""
    given = {operand: (held[:1], failing) for operand, (held, failing) in GIVEN.items()}
    return _drawn(count, given, WINDOWS_WITHIN, len(WINDOWS))


def _drawn(
    count: int, given: Mapping[str, tuple[Sequence[str], Sequence[str]]], within: int, moments: int
) -> list[Question]:
    draw = random.Random(count)
    causes = [None] * len(given) + ["moment", *given]
    found = []
    for index in range(count):
        cause = causes[index % len(causes)]
        context = {operand: draw.choice(values[operand == cause]) for operand, values in given.items()}
        moment = draw.randrange(within, moments) if cause == "moment" else draw.randrange(within)
        request = {"assignee": ASSIGNEE, "action": ACTION, "target": TARGET, "context": context}
        found.append(Question(moment, request, allowed=cause is None))
    return found


def instant(moment: datetime) -> str:
    """Write an instant as RFC 3339."""
    return moment.isoformat().replace("+00:00", "Z")


def _constraint(operand: str, operator: str, right: object) -> dict[str, object]:
    return {"leftOperand": operand, "operator": operator, "rightOperand": right}


def _agreement(permissions: Sequence[Sequence[Mapping[str, object]]]) -> dict[str, object]:
    rules = [{"action": ACTION, "constraint": list(constraints)} for constraints in permissions]
    return {
        "@context": "https://w3id.org/dspace/2025/1/context.jsonld",
        "@type": "Agreement",
        "@id": POLICY,
        "assigner": ASSIGNER,
        "assignee": ASSIGNEE,
        "target": TARGET,
        "permission": rules,
    }


def _six(recipients: Sequence[str]) -> list[dict[str, object]]:
    return [
        _constraint("dateTime", "gteq", instant(FROM)),
        _constraint("dateTime", "lt", instant(UNTIL)),
        _constraint("purpose", "isA", TRANSPORT[0]),
        _constraint("spatial", "isAnyOf", ["DE", "FR"]),
        _constraint("recipient", "isAnyOf", list(recipients)),
        _constraint("language", "isAnyOf", ["en", "zh"]),
    ]


def six() -> dict[str, object]:
    """Return SIX as an ODRL agreement of one permission."""
    return _agreement([_six(LABS)])


def many(rules: int, constraints: int = 6) -> dict[str, object]:
    """Return an agreement of so many permissions with the last of the six constraints; only one lets the labs in."""
    others = [[f"did:web:lab-{index}.example"] for index in range(rules - 1)]
    return _agreement([_six(recipients)[-constraints:] for recipients in (*others, LABS)])


def cedar() -> str:
    """Return SIX as a Cedar policy: on sets and prefixes of texts, which takes it less than entities with parents."""
    purposes, labs = json.dumps(TRANSPORT), json.dumps(LABS)
    return f"""
    permit (principal == Party::"{ASSIGNEE}", action == Action::"{ACTION}", resource == Asset::"{TARGET}")
    when {{
      context.dateTime >= {milliseconds(FROM)} &&
      context.dateTime < {milliseconds(UNTIL)} &&
      {purposes}.contains(context.purpose) &&
      (["DE", "FR"].contains(context.spatial) || context.spatial like "DE-*" || context.spatial like "FR-*") &&
      {labs}.contains(context.recipient) &&
      (["en", "zh"].contains(context.language) || context.language like "en-*" || context.language like "zh-*")
    }};
    """


def milliseconds(moment: datetime) -> int:
    """Write an instant as a whole number, which takes Cedar less than its `datetime`."""
    return int(moment.timestamp() * 1000)


def plain(window: int) -> dict[str, object]:
    """Return PLAIN as an ODRL agreement."""
    begin, end = WINDOWS[window]
    clock = [_constraint("dateTime", "gteq", instant(begin)), _constraint("dateTime", "lt", instant(end))]
    return _agreement([clock + [_constraint(operand, "eq", held[0]) for operand, (held, _) in GIVEN.items()]])


def pyodre(window: int) -> str:
    """Return PLAIN as pyodre's documentation writes it: without ids of rules (with one it finds no constraint)."""

    def typed(value: str, name: str) -> dict[str, str]:
        return {"@value": value, "@type": f"xsd:{name}"}

    begin, end = (each.replace(tzinfo=None).isoformat() for each in WINDOWS[window])
    constraints = [
        _constraint("dateTime", "gteq", typed(begin, "dateTime")),
        _constraint("dateTime", "lt", typed(end, "dateTime")),
    ]
    for operand, (held, _) in GIVEN.items():
        left = typed(f"{{{{{operand}}}}}", "string")
        constraints.append({"leftOperand": left, "operator": "eq", "rightOperand": typed(held[0], "string")})
    permission = {"target": TARGET, "assigner": ASSIGNER, "action": ACTION, "constraint": constraints}
    frame = {"@context": "http://www.w3.org/ns/odrl.jsonld", "@type": "Set", "uid": POLICY}
    return json.dumps(frame | {"permission": [permission]})
