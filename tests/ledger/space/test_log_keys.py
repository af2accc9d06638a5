"""Former keys of a log in a space's document: read as they are written, whose they are, and what they count for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import WitnessKeys
from ledger.space.document import Member, Space, SpaceError
from ledger.space.log_keys import FORMER_LOG_MAX, FormerLog
from tests.ledger.space.test_document import made

SPACE = made()
UNTIL = datetime(2026, 11, 30, 12, tzinfo=UTC)


def key(number):
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def public(number):
    return key(number).public_key().public_bytes_raw()


def changed(member, **more):
    return replace(SPACE, members={**SPACE.members, member.did: replace(member, **more)})


FIRST, SECOND = list(SPACE.members.values())[:2]
FORMER = (FormerLog(public(1), 12, UNTIL),)


def test_a_member_is_read_as_it_was_written():
    member = replace(FIRST, log_former=FORMER)
    assert Member.from_json(member.json()) == member
    assert "logFormer" not in FIRST.json()
    assert Space.from_json(changed(FIRST, log_former=FORMER).json()).members[FIRST.did] == member


@pytest.mark.parametrize(
    "told", [{"size": 12}, {"size": "-1"}, {"key": "00"}, {"until": "2026-11-30T12:00:00"}, {"x": 1}]
)
def test_a_former_key_that_is_none_is_refused(told):
    document = replace(FIRST, log_former=FORMER).json()
    document["logFormer"][0].update(told)
    with pytest.raises(SpaceError):
        Member.from_json(document)


def test_there_are_no_more_than_so_many():
    many = tuple(FormerLog(public(1 + at), 12, UNTIL) for at in range(FORMER_LOG_MAX + 1))
    with pytest.raises(SpaceError):
        Member.from_json(replace(FIRST, log_former=many).json())


@pytest.mark.parametrize("taken", [SECOND.log_key, FIRST.log_key])
def test_a_former_key_is_nobody_else_s_and_not_the_present_one(taken):
    with pytest.raises(SpaceError, match="key of a log"):
        Space.from_json(changed(FIRST, log_former=(FormerLog(taken, 1, UNTIL),)).json())
    if taken == SECOND.log_key:
        assert replace(FIRST, log_former=(FormerLog(taken, 1, UNTIL),)).shares(SECOND) == "log_key"


def test_a_head_counts_by_a_former_key_up_to_its_size():
    member = replace(FIRST, log_key=public(2), log_former=FORMER)
    for size, signers, holds in ((12, (1,), True), (13, (1,), False), (13, (1, 2), True), (13, (2,), True)):
        note = checkpoints.sign(Checkpoint(member.origin, size, bytes(32)), *map(key, signers))
        try:
            checkpoints.verify(note, member.log_vkey, member.former_vkeys)
        except checkpoints.NoteError:
            assert not holds
        else:
            assert holds


def test_a_witness_s_former_key_counts_in_the_policy_until_its_time():
    owner = next(one for one in SPACE.members.values() if len(SPACE.witnesses_of(one.did)) == 2)
    witness = SPACE.witnesses_of(owner.did)[0]
    space = changed(witness, log_key=public(2), log_former=FORMER)
    policy = space.log_policy(owner.did)
    head = Checkpoint(owner.origin, 3, bytes(32))
    late = int(UNTIL.timestamp()) + 1
    for number, time, counts in ((1, late - 1, True), (1, late, False), (2, late, True), (3, late - 1, False)):
        line = cosignature.cosign(head.text(), WitnessKeys(witness.witness_name, key(number), bytes([1]) * 32), time)
        note = checkpoints.sign(head, key(9)).sign_with(line)
        assert (witness.witness_name in policy.witnesses_of(note)) is counts, (number, time)


def test_a_witness_gives_both_cosignatures_while_it_is_asked_by_both():
    both = WitnessKeys("w/witness", key(2), bytes([1]) * 32, former_key=key(1))
    assert [one.note_vkey().material for one in both.each] == [public(2), public(1)]
    assert [one.note_vkey().material for one in replace(both, former_key=None).each] == [public(2)]
