"""The space document is read as it is written, and only so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contracts import address
from contracts.onchain import artifacts
from ledger.log import policy as log_policy
from ledger.space.document import (
    ATTESTED_BY,
    FORMER_SM2_MAX,
    QUORUM,
    UNSHARED,
    WITNESSED_BY,
    Member,
    Space,
    SpaceError,
)
from tests.every import every

# the public key of GB/T 32918.5, annex A
NATIONAL = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)


def member(role, at):
    key = bytes([at])
    keys = (key * 20, key * 32, key * 32, key * 48, key * 96)
    return Member(f"did:web:{role}", role, role, "US", f"http://localhost:70{at}", *keys)


def made(roles=("exchange", "regulator", "provider", "buyer", "service", "broker", "arbitrator", "node")):
    members = {one.did: one for one in (member(role, at) for at, role in enumerate(roles, 10))}
    where = {name: address.show(bytes([at]) * 20) for at, name in enumerate(artifacts.PROGRAMS, 1)}
    return Space("did:web:exchange", {"chainId": "77", "salt": "22" * 32, "addresses": where}, members, 500, "demo")


def test_the_document_is_read_as_it_is_written():
    space = made()
    read = Space.from_json(space.json())
    assert read == space
    assert list(read.members) == list(space.members)
    assert (read.domains.registry.chain_id, read.domains.licences.salt) == (77, b"\x22" * 32)
    assert read.domains == made().domains


def test_a_policy_of_lattice_keys_names_those_witnesses_that_have_one():
    space, did = made(), "did:web:provider"
    first, second = space.witnesses_of(did)
    keys = {first.did: b"\x01" * 1312, second.did: b"\x02" * 1312, "did:web:stranger": b"\x03" * 1312}
    policy = space.log_policy(did, keys)
    assert [(name, key.kind, key.material) for name, key in policy.witnesses.items()] == [
        (one.witness_name, 6, keys[one.did]) for one in (first, second)
    ]
    assert log_policy.parse(policy.encode()) == policy
    assert policy.logs == space.log_policy(did).logs
    lone = space.log_policy(did, {first.did: keys[first.did]})
    assert list(lone.witnesses) == [first.witness_name]
    assert not lone.met_by(frozenset(lone.witnesses)), f"a quorum is {QUORUM}"
    assert not space.log_policy(did, {}).witnesses


def test_nobody_witnesses_itself_and_one_witness_is_not_the_operator():
    space = made()
    assert set(WITNESSED_BY) == {one.role for one in space.members.values()}
    for did in space.members:
        witnesses = space.witnesses_of(did)
        assert did not in {one.did for one in witnesses}
        assert [one.role for one in witnesses] == list(WITNESSED_BY[space.members[did].role])
        assert any(one.role != "exchange" for one in witnesses)
        policy = space.log_policy(did)
        assert policy.met_by(frozenset(one.witness_name for one in witnesses))
        assert not policy.met_by(frozenset({witnesses[0].witness_name})), f"a quorum is {QUORUM}"
    assert [one.role for one in space.attesters()] == list(ATTESTED_BY)


def test_a_space_without_a_regulator_has_no_quorum():
    space = made(("exchange", "provider"))
    assert space.supervisor is None
    assert [one.role for one in space.witnesses_of("did:web:provider")] == ["exchange"]
    policy = space.log_policy("did:web:provider")
    assert not policy.met_by(frozenset(policy.witnesses))


def test_members_are_found_by_account_and_origin():
    space, buyer = made(), member("buyer", 13)
    assert space.by_address(buyer.address) == space.by_origin("localhost:7013/log") == buyer
    assert space.by_address(bytes(20)) is None
    assert space.by_origin("") is None


@every("key", made().json())
def test_a_document_that_lacks_something_is_refused(key):
    document = made().json()
    del document[key]
    with pytest.raises(SpaceError):
        Space.from_json(document)


@every("key", member("buyer", 13).json())
def test_a_member_that_lacks_something_is_refused(key):
    for value in (None, 5, []):
        document = made().json()
        document["members"][3][key] = value
        with pytest.raises(SpaceError):
            Space.from_json(document)
    document = made().json()
    del document["members"][3][key]
    with pytest.raises(SpaceError):
        Space.from_json(document)


BROKEN = {
    "a key in capitals": lambda one: one["members"][3].update(logKey="AB" * 32),
    "an address without checksum": lambda one: one["members"][3].update(address="0x" + "ab" * 20),
    "a log elsewhere": lambda one: one["members"][3].update(origin="localhost:7001/log"),
    "a URL that ends in a slash": lambda one: one["members"][3].update(url="http://localhost:7013/"),
    "a URL of another scheme": lambda one: one["members"][3].update(url="ftp://localhost:7013"),
    "an unknown role": lambda one: one["members"][3].update(role="king"),
    "an unknown word of a member": lambda one: one["members"][3].update(extra=""),
    "an unknown word": lambda one: one.update(extra=""),
    "an exchange that is no member": lambda one: one.update(exchange="did:web:nobody"),
    "a fee above everything": lambda one: one.update(feeBps=10_001),
    "a fee that is a truth": lambda one: one.update(feeBps=True),
    "a label that is no text": lambda one: one.update(label=5),
    "members that are none": lambda one: one.update(members=[1]),
    "no members": lambda one: one.update(members=[]),
    "a salt that is short": lambda one: one["deployment"].update(salt="22"),
    "a program that is missing": lambda one: one["deployment"]["addresses"].pop("channels"),
    "a chain without a number": lambda one: one["deployment"].update(chainId="x"),
}


@every("name", BROKEN)
def test_a_document_that_is_not_canonical_is_refused(name):
    document = made().json()
    BROKEN[name](document)
    with pytest.raises(SpaceError):
        Space.from_json(document)


@pytest.mark.parametrize("name", UNSHARED)
def test_nobody_is_two_members(name):
    word = {"log_key": "logKey"}.get(name, name)
    document = made().json()
    two, three = document["members"][2:4]
    two["sm2"] = NATIONAL
    three[word] = two[word]
    three["origin"] = three["url"].split("://")[1] + "/log"
    with pytest.raises(SpaceError, match=name):
        Space.from_json(document)
    assert Member.from_json(three).shares(Member.from_json(two)) == name


def test_a_key_of_sm2_is_there_for_who_has_one():
    document = made().json()
    document["members"][3]["sm2"] = NATIONAL
    space = Space.from_json(document)
    assert space.json() == document
    assert space.members["did:web:buyer"].sm2 == bytes.fromhex(NATIONAL)
    assert space.members["did:web:provider"].sm2 is None
    for wrong in (None, "", NATIONAL[:-2], NATIONAL.upper(), "04" + NATIONAL, NATIONAL[64:] + NATIONAL[:64], 5):
        document["members"][3]["sm2"] = wrong
        with pytest.raises(SpaceError):
            Space.from_json(document)


FORMER = {"key": NATIONAL, "until": "2026-12-01T00:00:00+00:00"}


def test_keys_of_sm2_that_were_stand_with_their_times():
    document = made().json()
    document["members"][3]["sm2Former"] = [FORMER]
    space = Space.from_json(document)
    assert space.json() == document
    [former] = space.members["did:web:buyer"].sm2_former
    assert (former.key.hex(), former.until) == (NATIONAL, datetime(2026, 12, 1, tzinfo=UTC))
    assert space.members["did:web:buyer"].signer.former == (former,)


@every(
    "wrong",
    (
        [],
        None,
        5,
        [FORMER] * (FORMER_SM2_MAX + 1),
        [FORMER | {"until": "2026-12-01T00:00:00"}],
        [FORMER | {"until": "soon"}],
        [FORMER | {"key": NATIONAL[:-2]}],
        [FORMER | {"more": "1"}],
        [{"key": NATIONAL}],
    ),
)
def test_keys_of_sm2_that_were_and_are_written_otherwise_are_refused(wrong):
    document = made().json()
    document["members"][3]["sm2Former"] = wrong
    with pytest.raises(SpaceError):
        Space.from_json(document)


@pytest.mark.parametrize("word", ["sm2", "sm2Former"])
def test_nobody_has_a_key_of_sm2_that_was_anothers(word):
    document = made().json()
    document["members"][3]["sm2Former"] = [FORMER]
    document["members"][2][word] = NATIONAL if word == "sm2" else [FORMER]
    with pytest.raises(SpaceError, match="SM2"):
        Space.from_json(document)
    two, three = (Member.from_json(document["members"][at]) for at in (2, 3))
    assert two.shares(three) == three.shares(two) == "sm2"


def test_what_is_derived_is_read_past():
    document = made().json()
    document |= {"witnesses": {"did:web:buyer": ["did:web:buyer"]}, "quorum": 0}
    assert Space.from_json(document) == made(), "the audit reports it"


def test_a_space_settles_in_the_currency_of_its_token():
    """A document of before there were several names none, and means CNY; what the token cannot count is refused."""
    space = made()
    assert space.currency == "CNY"
    euros = replace(space, deployment={**space.deployment, "currency": "EUR"})
    read = Space.from_json(euros.json())
    assert (read.currency, read) == ("EUR", euros)
    with pytest.raises(SpaceError, match="`JPY` has no decimals"):
        Space.from_json(space.json() | {"deployment": {**space.deployment, "currency": "JPY"}})
