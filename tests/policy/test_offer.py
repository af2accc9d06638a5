"""The usual rules of an offer: they parse, fit the wire schema and decide as they say."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from policy.errors import PolicyError
from policy.offer import offer_rules
from tests.every import every

PURPOSE = "https://w3id.org/penstock/purpose#"
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
CONTRACT_SCHEMA = "dsp-schemas/artifacts/src/main/resources/negotiation/contract-schema.json"
WEATHER = {"purpose": "TransportResearch", "until": UNTIL, "region": "US", "openings": 3, "price": ("5.00", "EUR")}
LAWFUL = {"purpose": PURPOSE + "FlightDelayResearch", "spatial": "US-NY"}


@pytest.fixture(scope="session")
def contract_schema(absent):
    path = Path(os.environ.get("PENSTOCK_REFERENCE", "../shared/reference")) / CONTRACT_SCHEMA
    if not path.is_file():
        absent(f"no reference schema at {path}")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ["Offer", "Agreement"])
def test_the_rules_fit_the_reference_schema(contract_schema, kind):
    parties = {"target": "urn:t", "assigner": "did:web:p", "assignee": "did:web:b"} if kind == "Agreement" else {}
    for rules in (offer_rules(**WEATHER), offer_rules(purpose="Research", until=UNTIL, region="US", onward=True)):
        one_kind = {"$ref": f"#/definitions/{kind}", "definitions": contract_schema["definitions"]}
        validator = jsonschema.Draft201909Validator(one_kind)
        validator.validate({"@id": "urn:o", "@type": kind, **parties, **rules})
        assert not validator.is_valid({"@id": "urn:o", "@type": kind, **parties, **rules, "prohibition": []})


def test_three_lawful_openings_and_no_fourth(agreement, ask, codes):
    document = agreement(**offer_rules(**WEATHER))
    paid = {"permission/0/duty/0": "fulfilled"}
    for used in range(3):
        assert ask(document, context=LAWFUL, duties=paid, counters={("permission/0", "count"): used}).allowed
    fourth = ask(document, context=LAWFUL, duties=paid, counters={("permission/0", "count"): 3})
    assert codes(fourth) == ["count-exhausted"]
    assert codes(ask(document, context={**LAWFUL, "purpose": PURPOSE + "Marketing"})) == ["purpose-not-allowed"]
    assert codes(ask(document, context={**LAWFUL, "spatial": "DE"})) == ["outside-region"]
    assert codes(ask(document, context=LAWFUL, now=datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC))) == ["outside-time"]
    assert codes(ask(document, context=LAWFUL)) == ["duty-outstanding"]


@pytest.mark.parametrize("action", ["distribute", "grantUse", "transfer", "sell", "give"])
def test_onward_distribution_is_forbidden_unless_asked_for(agreement, ask, codes, action):
    assert codes(ask(agreement(**offer_rules(**WEATHER)), action=action, context=LAWFUL)) == ["prohibited"]
    passed_on = agreement(**offer_rules(**WEATHER, onward=True))
    assert codes(ask(passed_on, action=action, context=LAWFUL)) != ["prohibited"]


def test_recipients(agreement, ask, codes):
    document = agreement(**offer_rules(purpose="Research", until=UNTIL, region="US", recipients=["did:web:b"]))
    assert ask(document, context={**LAWFUL, "recipient": "did:web:b"}).allowed
    assert codes(ask(document, context={**LAWFUL, "recipient": "did:web:c"})) == ["recipient-not-allowed"]


@every(
    "change",
    [
        {"purpose": "world domination"},
        {"until": datetime(2027, 1, 1)},  # noqa: DTZ001 -- the naive time is the point
        {"region": "Mars"},
        {"openings": -1},
        {"price": ("5,00", "EUR")},
        {"price": ("5.00", "")},
        {"recipients": ["somebody"]},
    ],
)
def test_what_would_not_parse_is_not_built(change):
    with pytest.raises(PolicyError):
        offer_rules(**{**WEATHER, **change})
