"""Who may become a member: one that publishes what the space relies on, and shares no key with another."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connector.exchange.membership import refuse_double
from connector.identity import keys
from connector.identity.did import build, parse
from connector.identity.self_description import member_of
from connector.runtime.errors import InvalidInput
from ledger.space.document import UNSHARED

DID, URL = "did:web:localhost%3A7001", "http://localhost:7001"
TOLD = {"did": DID, "name": "Archive", "role": "provider", "region": "US-NY"}


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    return keys.create(tmp_path_factory.mktemp("held") / "keys", sm2=True)


def document(held, aggregate=(b"\x01" * 48, b"\x02" * 96)):
    return parse(json.dumps(build(DID, URL, held, aggregate, exchange=False)).encode(), DID)


def test_a_member_is_what_its_two_documents_say(held):
    member = member_of(document(held), TOLD)
    assert (member.did, member.url, member.address, member.log_key) == (DID, URL, held.address, held.log_public)
    assert member.sm2 == held.sm2_public


@pytest.mark.parametrize("told", [{"role": "king"}, {"did": "did:web:another"}, {"name": ""}, {"region": None}])
def test_a_description_that_says_too_little_or_of_another_is_refused(held, told):
    with pytest.raises(InvalidInput):
        member_of(document(held), TOLD | told)


def test_a_participant_without_an_aggregate_key_is_refused(held):
    with pytest.raises(InvalidInput, match="aggregate"):
        member_of(document(held, None), TOLD)


@pytest.mark.parametrize("name", [one for one in UNSHARED if one != "did"])
def test_nobody_enters_with_what_is_anothers(held, name):
    member = member_of(document(held), TOLD)
    other = replace(
        member,
        did="did:web:other",
        url="http://x",
        address=b"\x01" * 20,
        log_key=bytes(32),
        aggregate=bytes(48),
        sm2=None,
    )
    refuse_double(member, [other, member])
    with pytest.raises(InvalidInput, match=name):
        refuse_double(member, [replace(other, **{name: getattr(member, name)})])
