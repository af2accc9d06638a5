"""A message that one log says another member sent is held against that member's own log."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.audit import negotiations
from ledger.audit.report import Report
from tests.ledger.audit.values import AT, book, event, members
from tests.ledger.audit.world import errors, named

DIGEST = "5e" * 32
SENDER, RECEIVER = (members()[1][role] for role in ("provider", "buyer"))


def message(to="FINALIZED", by=SENDER, digest=DIGEST, **told):
    fields = {"by": by.did, "to": to} | ({} if digest is None else {"digest": digest})
    return event("negotiation.moved", "n1", "n1", **(fields if told.get("told", True) else {}), **told)


def checked(sender, receiver):
    """Compare two logs; return code, subject and facts of each finding."""
    report = Report()
    logs = ((SENDER, sender), (RECEIVER, receiver))
    negotiations.check({one.did: book(one, *log, newest=AT + timedelta(days=1)) for one, log in logs}, report)
    return [(one.code, one.subject, one.facts) for one in report.findings]


def test_a_message_is_held_against_what_its_sender_logged_last_of_it():
    assert checked([message("TERMINATED"), message()], [message()]) == []
    [(code, subject, facts)] = checked([message(), message("TERMINATED")], [message()])
    assert (code, subject, facts["mine"], facts["theirs"]) == (
        "outcome-differs",
        RECEIVER.did,
        "FINALIZED",
        "TERMINATED",
    )
    assert facts["other"] == f"negotiation.moved at index 1 of {SENDER.did}"


def test_a_sender_that_gave_up_may_be_wrong_about_whether_its_message_arrived():
    """What it sent was answered, and the answer was lost: nobody is accused of that."""
    assert checked([message("TERMINATED")], [message("REQUESTED")]) == []
    ended_by_another = message("TERMINATED", by=RECEIVER)
    assert {one[0] for one in checked([ended_by_another], [message("REQUESTED")])} == {"outcome-differs"}


def test_a_message_is_in_its_sender_s_log():
    other = message(digest="00" * 32)
    assert [one[:2] for one in checked([other], [message()])] == [("message-unsent", RECEIVER.did)]
    assert checked([message(told=False)], [message()]) == [], "it may be the one that is not told"
    assert checked([message(told=False)], [message(digest=None)]) == []


def test_what_a_log_says_of_its_own_messages_is_compared_with_nothing():
    assert checked([message(), message("TERMINATED")], []) == []


def moved(world, name, to="FINALIZED", by="provider", digest=DIGEST):
    sender = world[by].did if by in ("provider", "buyer") else by
    fields = {"from": "VERIFIED", "to": to, "by": sender, "digest": digest, "reason": ""}
    return world.record(name, "negotiation.moved", "urn:uuid:1", ["urn:uuid:1"], **fields)


async def test_what_both_log_alike_is_clean(world):
    moved(world, "provider")
    moved(world, "buyer")
    assert not errors(await world.audit())


async def test_a_message_that_its_sender_never_logged_is_named(world):
    at = moved(world, "buyer")
    world.go_on()
    assert named(await world.audit(), "message-unsent") == [("negotiation.moved", at, None)]


async def test_another_outcome_of_the_same_message_is_named(world):
    moved(world, "provider")
    at = moved(world, "buyer", to="TERMINATED")
    assert named(await world.audit(), "outcome-differs") == [("negotiation.moved", at, None)]


@pytest.mark.parametrize("by", ["did:web:somebody.example", ""])
async def test_of_somebody_outside_the_space_there_is_nothing_to_compare(world, by):
    moved(world, "buyer", by=by)
    assert not errors(await world.audit())


async def test_ones_own_message_needs_no_other_log(world):
    moved(world, "buyer", by="buyer")
    assert not errors(await world.audit())
