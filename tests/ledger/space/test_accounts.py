"""Former accounts in a space's document and in its map: read as they are written, and whose they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts import address, signature
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature, head_tree
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.space import accounts
from ledger.space.accounts import FORMER_ACCOUNTS_MAX, FormerAccount
from ledger.space.document import Member, Space, SpaceError
from ledger.space.entry import ADDRESS, DID, Entry
from ledger.space.roll import Roll
from tests.ledger.space.test_document import made

SPACE = made()
UNTIL = datetime(2026, 11, 30, 12, tzinfo=UTC)
FIRST, SECOND = list(SPACE.members.values())[:2]
OLD, OLDER = b"\x71" * 20, b"\x72" * 20
FORMER = FormerAccount(OLD, UNTIL), FormerAccount(OLDER, UNTIL)


def changed(member, **more):
    return replace(SPACE, members={**SPACE.members, member.did: replace(member, **more)})


def test_a_member_is_read_as_it_was_written_and_found_by_each_of_its_accounts():
    member = replace(FIRST, address_former=FORMER)
    assert Member.from_json(member.json()) == member
    assert "addressFormer" not in FIRST.json()
    space = Space.from_json(changed(FIRST, address_former=FORMER).json())
    assert [space.by_address(one) for one in (FIRST.address, OLD, OLDER)] == [member] * 3
    assert space.accounts_with(OLD) == member.accounts == (FIRST.address, OLD, OLDER)
    assert space.accounts_with(bytes(20)) == (bytes(20),)
    again = SPACE.changed([member], {}).changed([replace(member, address_former=FORMER[:1])], {})
    assert (again.by_address(OLD).did, again.by_address(OLDER)) == (FIRST.did, None)


@pytest.mark.parametrize("told", [{"address": "0x00"}, {"until": "2026-11-30T12:00:00"}, {"until": "x"}, {"x": 1}])
def test_a_former_account_that_is_none_is_refused(told):
    document = replace(FIRST, address_former=FORMER).json()
    document["addressFormer"][0].update(told)
    with pytest.raises(SpaceError):
        Member.from_json(document)


def test_there_are_no_more_than_so_many():
    many = tuple(FormerAccount(bytes([1 + at]) * 20, UNTIL) for at in range(FORMER_ACCOUNTS_MAX + 1))
    with pytest.raises(SpaceError):
        Member.from_json(replace(FIRST, address_former=many).json())


@pytest.mark.parametrize("taken", [SECOND.address, FIRST.address])
def test_a_former_account_is_nobody_else_s_and_not_the_present_one(taken):
    former = (FormerAccount(taken, UNTIL),)
    with pytest.raises(SpaceError, match="one account"):
        Space.from_json(changed(FIRST, address_former=former).json())
    if taken == SECOND.address:
        assert replace(FIRST, address_former=former).shares(SECOND) == "address"


def test_the_map_leads_to_a_member_by_a_former_account_too():
    before = Roll.of(SPACE)
    after = before.changed([Entry(replace(FIRST, address=b"\x73" * 20, address_former=FORMER[:1]))])
    entry = after.found(ADDRESS, address.show(OLD))
    assert entry == after.found(DID, FIRST.did) == after.found(ADDRESS, "0x" + "73" * 20)
    assert {after.map.get(one) for one in entry.pairs()} == set(entry.pairs().values())
    assert after.map.root == Roll.of(after.space).map.root
    assert before.found(ADDRESS, address.show(OLD)) is None


def test_what_names_the_next_account_is_of_one_member_and_one_account():
    said = accounts.followed("did:web:m", OLD)
    assert len(said) == 32
    assert said not in {accounts.followed("did:web:n", OLD), accounts.followed("did:web:m", OLDER)}


def test_a_signature_by_any_account_of_a_member_is_its_own():
    keys = b"\1" * 32, b"\2" * 32
    own, proof = tuple(map(signature.address, keys)), signature.sign(b"\3" * 32, keys[1])
    assert accounts.signed_by_one(own, b"\3" * 32, proof)
    assert not accounts.signed_by_one(own[:1], b"\3" * 32, proof)


def test_a_witness_signs_by_every_account_that_it_had_and_counts_once():
    secrets, log = (b"\1" * 32, b"\2" * 32), Ed25519PrivateKey.from_private_bytes(b"\3" * 32)
    own, before = map(signature.address, secrets)
    member = replace(FIRST, address=own, address_former=(FormerAccount(before, UNTIL),))
    keys = WitnessKeys(member.witness_name, log, secrets[0], former_heads=secrets[1:])
    head, time = Checkpoint("x/log", 5, bytes(32)), 1_700_000_000
    lines = [cosignature.cosign_head(head, one, time, SPACE.anchors) for one in keys.heads]
    note = checkpoints.sign(head, log).sign_with(*lines)
    assert [len(cosignature.verify_head(note, key, SPACE.anchors)) for key in member.head_vkeys] == [1, 1]
    assert head_tree.signers(note, time, SPACE.anchors, member.head_vkeys) == 1
    assert head_tree.signers(note, time, SPACE.anchors, [*member.head_vkeys, SECOND.head_vkey]) == 1
    assert head_tree.signers(note, time + 1, SPACE.anchors, member.head_vkeys) == 0
