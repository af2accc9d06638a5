"""What others publish and we read, changed in any way: it is read, or refused as theirs; it is never our mistake."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import HealthCheck, event, given, settings

from connector.identity import did as dids
from connector.identity.keys import PURPOSES, Keys
from connector.identity.self_description import member_of
from connector.negotiation.protocol import messages, offers, validation
from connector.runtime.errors import explain_failure
from contracts.canonical import load
from ledger.log import aggregate
from tests.hostile.mutations import EXAMPLES, mutated
from tests.hostile.public import offered

DID, URL = "did:web:somebody.example", "https://somebody.example"
KEYS = Keys.of({purpose: hashlib.sha256(purpose.encode()).digest() for purpose in PURPOSES})
SECRET = aggregate.secret(KEYS.aggregate)
DOCUMENT = dids.build(DID, URL, KEYS, (aggregate.public(SECRET), aggregate.prove(SECRET)), exchange=False)
DESCRIPTION = {"did": DID, "name": "Somebody", "role": "buyer", "region": "US-NY"}
OFFER = {name: value for name, value in offered().items() if name != "target"}
DATASET = messages.root_dataset(
    messages.dataset("flat", [OFFER], [messages.distribution("HttpData-PULL", "urn:service")], {"title": "Flat"})
)


def judged(read, body):
    """Return what reading made of a body; what it raises must be somebody else's fault."""
    made, fault = None, None
    try:
        made = read(body)
    except Exception as raised:
        fault = raised
    if fault is not None:
        failure = explain_failure(fault)
        event(failure.code)
        assert (failure.code != "unexpected", failure.whose in ("peer", "caller")) == (True, True), fault
    return made


@given(mutated(DOCUMENT))
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_a_did_document(body):
    """Also as a member's, with what it says of itself."""
    document = judged(lambda raw: dids.parse(raw, DID), body)
    if document is not None:
        assert document.id == DID
        judged(lambda told: member_of(document, told), DESCRIPTION)


@given(mutated(DESCRIPTION))
@settings(max_examples=EXAMPLES // 2, suppress_health_check=list(HealthCheck))
def test_a_description(body):
    document = dids.parse(json.dumps(DOCUMENT).encode(), DID)
    judged(lambda raw: member_of(document, load(raw)), body)


@given(mutated(DATASET))
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_a_dataset(body):
    """As a buyer reads it: the offer that it goes on to negotiate about."""

    def read(raw):
        dataset = load(raw)
        validation.check("Dataset", dataset)
        return offers.read({**dataset["hasPolicy"][0], "target": dataset["@id"]})

    judged(read, body)


@pytest.mark.parametrize("description", [None, [], "x", 7, [DESCRIPTION]])
def test_a_description_that_is_none(description):
    document = dids.parse(json.dumps(DOCUMENT).encode(), DID)
    with pytest.raises(Exception, match="does not describe itself"):
        member_of(document, description)


def test_honest_ones_are_read():
    document = dids.parse(json.dumps(DOCUMENT).encode(), DID)
    assert member_of(document, DESCRIPTION).did == DID
    validation.check("Dataset", DATASET)
