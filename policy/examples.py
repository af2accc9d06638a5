"""One example for every left operand: a constraint, a question that it lets through and one that it stops.

They are what docs/policy.md shows and `penstock policy example NAME` writes; a test decides all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.vocabulary import catenax
from policy.vocabulary.names import PROFILE, operand_name
from policy.vocabulary.operands import OPERANDS, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

POLICY_ID = "urn:penstock:example:policy"
TARGET = "urn:penstock:example:flights"
PROVIDER, BUYER = "did:web:provider.example", "did:web:buyer.example"
NOW = "2026-06-01T12:00:00+08:00"  # a Monday
RULE = "the-permission"
PURPOSE = "https://w3id.org/penstock/purpose#"


@dataclass(frozen=True, slots=True)
class Example:
    """A constraint of one operand and two questions; `holds` and `fails` are values of the operand, or whole worlds."""

    operator: str
    right: object
    holds: object
    fails: object
    unit: str = ""
    beside: tuple[Mapping[str, object], ...] = ()
    context: Mapping[str, object] = field(default_factory=dict)


def _at(now: str) -> Mapping[str, object]:
    return {"now": now}


def _done(*actions: str) -> Mapping[str, object]:
    return {"performed": [{"action": action, "by": BUYER, "at": "2026-05-01T00:00:00Z"} for action in actions]}


def _agreed(name: str) -> tuple[str, str, str]:
    """Return what a term of Catena-X asks for, what holds and what fails, in the form that its profile has."""
    known = {
        "Membership": ("active", "inactive"),
        "FrameworkAgreement": ("DataExchangeGovernance:1.0", "DataExchangeGovernance:0.9"),
        "UsagePurpose": ("cx.core.industrycore:1", "cx.pcf.base:1"),
    }
    asked, other = known.get(name, (f"cx.{name[:1].lower()}{name[1:]}.agreed:1", "cx.other:1"))
    return asked, asked, other


_THREE = {"leftOperand": "count", "operator": "lteq", "rightOperand": "3"}
_MINUTE = [f"2026-06-01T11:59:{second:02}+08:00" for second in range(1, 5)]

EXAMPLES: Mapping[str, Example] = {
    "absolutePosition": Example("eq", "frame 1200", "frame 1200", "frame 1201"),
    "absoluteSize": Example("lteq", 1000000, 400000, 700000, "byte", context={"absoluteSize": 500000}),
    "absoluteSpatialPosition": Example("isAnyOf", ["tile 4/8/5", "tile 4/8/6"], "tile 4/8/5", "tile 4/9/9"),
    "absoluteTemporalPosition": Example("lt", "PT10M", "PT9M59S", "PT10M"),
    "algorithm": Example("isAnyOf", ["sha-256:8d5e…"], "sha-256:8d5e…", "sha-256:77aa…"),
    "application": Example("isPartOf", "urn:app:dashboard", "urn:app:dashboard", "urn:app:export"),
    "artifactState": Example("isAllOf", ["encrypted", "anonymized"], ["anonymized", "encrypted"], ["encrypted"]),
    "certification": Example("isAnyOf", ["ISO/IEC 27001"], "ISO/IEC 27001", "ISO 9001"),
    "computeFunction": Example("isAnyOf", ["SUM", "AVG"], "SUM", "LIST"),
    "connector": Example("isAnyOf", ["urn:connector:1", "urn:connector:2"], "urn:connector:2", "urn:connector:3"),
    "count": Example("lteq", 3, 2, 3),
    "country": Example("isAnyOf", ["CN", "SG"], "CN", "US"),
    "dataClass": Example("isNoneOf", ["health", "confidential"], "traffic", "health"),
    "dataField": Example("isPartOf", ["carrier", "delay"], ["delay", "carrier"], ["delay", "tailnum"]),
    "dataRecord": Example("isPartOf", ["2013-01", "2013-02"], "2013-01", "2013-03"),
    "dateTime": Example(
        "lteq", "2026-12-31T23:59:59+08:00", _at(NOW), _at("2027-01-01T00:00:00+08:00")
    ),
    "delayPeriod": Example("gteq", "P3D", "P4D", "P2D"),
    "deliveryChannel": Example("eq", "urn:channel:api", "urn:channel:api", "urn:channel:disk"),
    "deliveryMethod": Example("isAnyOf", ["01", "03"], "file", "stream"),
    "elapsedTime": Example("lteq", "P3M", "2026-03-02T00:00:00+08:00", "2026-02-28T00:00:00+08:00"),
    "encryptMode": Example("eq", "02", "ciphertext", "plaintext"),
    "environmentState": Example("eq", "emergency", "emergency", "calm"),
    "event": Example("gt", "urn:event:launch", _done("urn:event:launch"), _done()),
    "executionEnv": Example("isAnyOf", ["02", "05"], "tee", "federated"),
    "fileFormat": Example("isAnyOf", ["text/*"], "text/csv", "image/png"),
    "frequency": Example("lteq", "4/PT1M", _MINUTE[:3], _MINUTE),
    "identityLevel": Example("gteq", 2, 3, 1),
    "industry": Example("isAnyOf", ["G56"], "G56", "J66"),
    "jsonPath": Example("eq", "$.name", "$.name", "$.age"),
    "language": Example("isPartOf", "zh", "zh-Hans", "en"),
    "legalForm": Example("isNoneOf", ["500"], "159", "500"),
    "logLevel": Example("eq", "ON_ALLOW", "ON_ALLOW", "ON_DENY"),
    "machineLearningModel": Example("isAnyOf", ["urn:model:delay:3"], "urn:model:delay:3", "urn:model:delay:4"),
    "mandate": Example("isAnyOf", ["buy", "sign"], "sign", "look"),
    "media": Example("eq", "print", "print", "online"),
    "memberRole": Example("isAnyOf", ["service", "buyer"], "buyer", "broker"),
    "meteredTime": Example("lt", "PT1H", "PT59M", "PT1H"),
    "networkAddress": Example("isPartOf", "10.1.0.0/16", "10.1.7.9", "10.2.7.9"),
    "notificationLevel": Example("eq", "ON_DENY", "ON_DENY", "ON_ALLOW"),
    "payAmount": Example("gteq", "100.00", "100.00", "99.99", "CNY"),
    "percentage": Example("lteq", 10, 5, 8, context={"percentage": 5}),
    "physicalAddress": Example("isPartOf", "urn:building:7", "urn:building:7", "urn:building:8"),
    "privacyBudget": Example("lteq", "1.0", "0.5", "0.8", context={"privacyBudget": "0.5"}),
    "product": Example("isAnyOf", ["urn:product:map"], "urn:product:map", "urn:product:game"),
    "purpose": Example("isA", PURPOSE + "Research", PURPOSE + "StormResearch", PURPOSE + "Marketing"),
    "query": Example("eq", "SUM", "SUM", "SELECT"),
    "recipient": Example("isAnyOf", ["did:web:lab.example"], "did:web:lab.example", "did:web:other.example"),
    "relativePosition": Example("lteq", 50, "49.5", "50.5"),
    "relativeSize": Example("lteq", 25, 20, 24, context={"relativeSize": 5}),
    "relativeSpatialPosition": Example("eq", "0,0 50,50", "0,0 50,50", "0,0 100,100"),
    "relativeTemporalPosition": Example("lt", 10, 9, 10),
    "replaceWith": Example("eq", "xxxx", "xxxx", "null"),
    "resolution": Example("lteq", 720, 720, 1080, "line"),
    "role": Example("isAnyOf", ["team lead", "auditor"], "auditor", "guest"),
    "securityLevel": Example("isAnyOf", ["trust", "trust+"], "trust+", "base"),
    "spatial": Example("isPartOf", "CN-44", "440305", "450100"),
    "spatialCoordinates": Example("eq", "22.54,114.06", "22.54,114.06", "0,0"),
    "systemDevice": Example("isAnyOf", ["urn:device:rack-1"], "urn:device:rack-1", "urn:device:laptop"),
    "timeInterval": Example("gteq", "P1D", "P2D", "PT23H"),
    "timeWindow": Example(
        "isPartOf", "Mo-Fr 09:00-17:00 Asia/Shanghai", _at(NOW), _at("2026-06-01T17:00:00+08:00")
    ),
    "unitOfCount": Example("eq", "organisation", {"count": 2}, {"count": 3}, beside=(_THREE,)),
    "version": Example("gteq", "1.4", "1.10", "1.3.9"),
    "virtualLocation": Example("eq", "urn:space:delta", "urn:space:delta", "urn:space:other"),
    **{iri: Example("eq", *_agreed(name)) for iri, name in zip(catenax.BY_IRI, catenax.TERMS, strict=True)},
}  # fmt: skip


def example(name: str, *, holds: bool = True) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """Write the example of an operand as (policy, request, world); PolicyError for an operand without a row."""
    left = operand_name(name)
    if left not in EXAMPLES:
        raise PolicyError("unknown-term", "", f"unknown left operand `{name[:80]}`", "docs/policy.md lists them")
    row = EXAMPLES[left]
    given = row.holds if holds else row.fails
    request: dict[str, object] = {"assignee": BUYER, "action": "read", "target": TARGET}
    context: dict[str, object] = dict(row.context) | ({"unit": row.unit} if row.context and row.unit else {})
    world: dict[str, object] = {"now": NOW}
    if isinstance(given, dict) and left == "unitOfCount":
        world["counters"] = {RULE: given}
    elif isinstance(given, dict):
        world |= given
    elif OPERANDS[left].source is Source.COUNTER:
        world["counters"] = {RULE: {left: given}}
    else:
        context |= {left: given} | ({"unit": row.unit} if row.unit else {})
    return _policy(left, row), request | ({"context": context} if context else {}), world


def _policy(left: str, row: Example) -> dict[str, object]:
    constraint = {"leftOperand": left, "operator": row.operator, "rightOperand": row.right}
    if row.unit:
        constraint["unit"] = row.unit
    return {
        "@context": "http://www.w3.org/ns/odrl.jsonld",
        "@type": "Agreement",
        "@id": POLICY_ID,
        "profile": PROFILE,
        "assigner": PROVIDER,
        "assignee": BUYER,
        "target": TARGET,
        "permission": [{"@id": RULE, "action": "use", "constraint": [constraint, *map(dict, row.beside)]}],
    }
