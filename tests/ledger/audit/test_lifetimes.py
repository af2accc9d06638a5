"""Used only while it was licensed: the term, a suspension, a revocation and a log's own end, each at its edge."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from ledger.audit import lifetimes
from ledger.audit.facts import ChainFacts
from ledger.audit.report import Report
from tests.every import every
from tests.ledger.audit.shelf import AT, book, event, found, shelf

DIGEST, PARENT = b"\xa1" * 32, b"\xb1" * 32
NAME = DIGEST.hex()
USER = "did:web:user"


def deal(digest=DIGEST, parent=None, not_after=AT):
    return SimpleNamespace(digest=digest, terms=SimpleNamespace(parent=parent, not_after=not_after))


def release(use=0, reader="", name=NAME, **more):
    row = {"agreement": name, "edition": "", "transfer": "t", "use": use, "ranges": [], "amount": 0}
    return event("keys.released", "c1", "h", "1", rows=[{**row, "readerKey": reader}], **more)


def opening(reader, **more):
    return event("opening.started", NAME, "t", "1", readerKey=reader, **more)


def ended(name=NAME):
    return event("agreement.ended", name, name)


def checked(*events, deals=None, **facts):
    report = Report()
    known = {NAME: deal()} if deals is None else deals
    lifetimes.check(shelf(book(USER, *events)), known, ChainFacts(**facts), report)
    return found(report)


@pytest.mark.parametrize(("late", "codes"), [(0, []), (1, ["used-after-expiry"])])
@pytest.mark.parametrize("used", [release, opening])
def test_the_last_moment_of_a_term_is_in_it(used, late, codes):
    one = used(reader="r", time=AT + timedelta(microseconds=late))
    assert checked(one) == [(code, USER, 0) for code in codes]


@pytest.mark.parametrize(
    ("use", "reader", "at", "codes"),
    [
        (1, "r", AT, []),  # its keys were released in time, by the other side
        (1, "other", AT, [("used-after-expiry", USER, 0)]),
        (0, "r", AT, [("used-after-expiry", USER, 0)]),  # keys that are kept begin no opening
        (
            1,
            "r",
            AT + timedelta(seconds=1),
            [("used-after-expiry", "did:web:payee", 0), ("used-after-expiry", USER, 0)],
        ),
    ],
)
def test_who_takes_what_was_released_in_time_writes_it_down_when_it_can(use, reader, at, codes):
    late = opening("r", time=AT + timedelta(seconds=1))
    payee = book("did:web:payee", release(use, reader, time=at))
    report = Report()
    lifetimes.check(shelf(book(USER, late), payee), {NAME: deal()}, ChainFacts(), report)
    assert found(report) == codes


def test_nobody_begins_an_opening_by_a_release_of_its_own():
    one, other = opening("r", time=AT + timedelta(seconds=1)), release(1, "r", name="a2", time=AT)
    assert checked(other, one) == [("used-after-expiry", USER, 1)], "the same reader key begins again under another"
    assert checked(release(1, "r", time=AT), one) == [], "it goes on within one log"
    assert checked(one) == [("used-after-expiry", USER, 0)]


def test_only_what_was_agreed_has_a_term():
    assert checked(release(name="a2", time=AT + timedelta(days=1))) == []


@pytest.mark.parametrize("used", [release, opening])
@pytest.mark.parametrize("end", ["agreement.ended", "licence.revoked"])
def test_after_the_log_s_own_end_nothing_is_used(used, end):
    one, other = used(reader="r"), used(reader="s")
    assert checked(one, event(end, NAME, NAME), other) == [("used-after-end", USER, 2)]
    assert checked(used(reader="r"), ended("a2"), used(reader="s")) == []


def test_an_opening_that_began_before_goes_on():
    assert checked(release(1, "r"), ended(), release(1, "r"), opening("r")) == []
    assert checked(release(1, "r"), ended(), release(1, "s")) == [("used-after-end", USER, 2)]


def test_keys_to_keep_are_no_opening_that_goes_on():
    assert checked(release(0, "r"), ended(), release(0, "r")) == [("used-after-end", USER, 2)]
    assert checked(release(0, "r"), ended(), opening("r")) == [("used-after-end", USER, 2)]


@pytest.mark.parametrize(("cited", "codes"), [(None, []), (6, []), (7, ["used-after-end"]), (8, ["used-after-end"])])
def test_what_cites_the_block_of_a_revocation_came_after_it(cited, codes):
    assert checked(release(block=cited), revoked={DIGEST: 7}) == [(code, USER, 0) for code in codes]


def test_what_is_not_revoked_goes_on():
    assert checked(release(block=7), revoked={PARENT: 1}, suspended={PARENT: [(1, True)]}) == []


def test_what_ends_or_suspends_a_parent_does_so_to_those_below_it():
    deals = {NAME: deal(parent=PARENT), PARENT.hex(): deal(PARENT)}
    assert checked(release(block=7), deals=deals, revoked={PARENT: 7}) == [("used-after-end", USER, 0)]
    assert checked(release(block=7), deals=deals, suspended={PARENT: [(6, True)]}) == [
        ("used-while-suspended", USER, 0)
    ]
    assert checked(release(), deals=deals, suspended={PARENT: [(6, True)]}) == []


@every(
    ("turns", "rests"),
    [
        ([], False),
        ([(6, True)], True),
        ([(7, True)], False),
        ([(8, True)], False),
        ([(5, True), (6, False)], False),
        ([(4, True), (5, False), (6, True)], True),
        ([(6, True), (7, False)], False),
        ([(6, True), (8, False)], True),
        ([(6, True), (8, True)], True),
    ],
)
def test_a_licence_rests_between_the_blocks_that_suspend_and_resume_it(turns, rests):
    assert lifetimes._rests(ChainFacts(suspended={DIGEST: turns}), DIGEST, 7) is rests
    assert lifetimes._rests(ChainFacts(suspended={PARENT: turns}), DIGEST, 7) is False


def test_a_log_says_that_an_agreement_is_over_by_its_first_end():
    first, second = event("licence.revoked", NAME), ended()
    assert lifetimes.over(book(USER, ended("a2"), first, second), NAME) is first
    assert lifetimes.over(book(USER, ended("a2")), NAME) is None


def test_what_cannot_be_read_is_named_and_uses_nothing():
    report = Report()
    lifetimes.check(shelf(book(USER, event("keys.released", "c1", rows=[{}]))), {NAME: deal()}, ChainFacts(), report)
    assert found(report) == [("field-malformed", USER, 0)]
