"""A member that goes on under another account, as the registry shows it: who named whom, and what still counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ledger.audit import registry
from ledger.audit.report import Report
from ledger.space.accounts import followed
from tests.ledger.audit.shelf import book, event, found, shelf
from tests.ledger.audit.test_registry import (
    ACCOUNTS,
    BUYER,
    EXCHANGE,
    LONG_AFTER,
    OTHER,
    SELLER,
    act,
    admitted,
    founded,
    member,
    of,
    released,
    said,
)

FORMER = b"\x77" * 20
UNTIL = datetime(2026, 11, 30, 12, tzinfo=UTC)
BEGUN = [*founded()[:-1], admitted(BUYER, member=FORMER)]


def checked(*events, logs=(), barred=()):
    """Return what is found in a space in which the buyer goes on under the account that it has, after a former one."""
    members, report = {did: member(did) for did in ACCOUNTS}, Report()
    members[BUYER].address_former = (SimpleNamespace(address=FORMER, until=UNTIL),)
    members[BUYER].accounts = (ACCOUNTS[BUYER], FORMER)
    by_address = {account: one for one in members.values() for account in one.accounts}
    space = SimpleNamespace(exchange=EXCHANGE, members=members, barred=dict(barred), by_address=by_address.get)
    registry.check(space, shelf(*logs), [*BEGUN, *events], report)
    return found(report)


NAMED = followed(BUYER, ACCOUNTS[BUYER])


def leaves(by=FORMER, cause=NAMED):
    return said("MemberRevoked", 4, member=FORMER, by=by, cause=cause)


FOLLOWED = leaves(), admitted(BUYER, 5)


@pytest.mark.parametrize(
    ("leaving", "holds"),
    [
        ([leaves()], True),
        ([], False),
        ([leaves(by=OTHER)], False),
        ([leaves(cause=followed(BUYER, OTHER))], False),
        ([leaves(cause=followed(SELLER, ACCOUNTS[BUYER]))], False),
    ],
    ids=["it named the next", "it is in still", "another expelled it", "it named another", "of another member"],
)
def test_a_former_account_has_left_for_the_one_that_follows(leaving, holds):
    assert checked(*leaving, admitted(BUYER, 5)) == ([] if holds else [("member-registered-otherwise", BUYER, None)])


@pytest.mark.parametrize(
    ("late", "holds"),
    [
        (act("LicenceGranted", provider=OTHER, buyer=FORMER, agreementDigest=b"\xa1" * 32), True),
        (act("LicenceGranted", provider=OTHER, buyer=FORMER, agreementDigest=b"\xa2" * 32), False),
        (act("LicenceGranted", provider=OTHER, buyer=FORMER, agreementDigest=b"\xa3" * 32), False),
        (act("Opened", payer=OTHER, payee=FORMER), True),
        (act("Opened", payer=FORMER, payee=OTHER), False),
        (act("EditionRegistered", provider=FORMER), False),
    ],
    ids=["agreed before", "agreed later", "never agreed", "paid", "paying", "an edition"],
)
def test_of_a_former_account_what_was_agreed_goes_on_and_nothing_is_new(late, holds):
    signed = [
        event("agreement.signed", "a1" * 32, time=UNTIL),
        event("agreement.signed", "a2" * 32, time=UNTIL + timedelta(seconds=1)),
    ]
    names = checked(*FOLLOWED, late, logs=[book(BUYER, *signed)])
    assert names == ([] if holds else [("act-after-revocation", BUYER, None)])
    assert holds or checked(*FOLLOWED, late) == names, "whoever shows no log has agreed to nothing"


def test_who_is_suspended_is_given_no_keys_by_a_channel_of_its_former_account():
    opened = act("Opened", 3, payer=FORMER, payee=ACCOUNTS[SELLER])
    rests = of("MemberSuspended", BUYER, 6, at=1000)
    late = released(7, LONG_AFTER.timestamp())
    names = checked(opened, *FOLLOWED, rests, logs=[book(SELLER, late)], barred={BUYER: "suspended"})
    assert names == [("released-to-suspended", SELLER, 0)]
