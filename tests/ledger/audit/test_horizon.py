"""How far a log was read: what it lacks is held against it from the first moment later, and is counted until then."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from ledger.audit.facts import ChainFacts
from ledger.audit.horizon import CHAIN, awaited, behind, reaches, told
from ledger.audit.report import Report
from tests.ledger.audit.values import AT, book, codes, members

_, BY_ROLE = members()
BUYER, PROVIDER = BY_ROLE["buyer"], BY_ROLE["provider"]
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("cited", "since", "reached"), [(6, 7, False), (7, 7, True), (8, 7, True), (-1, 0, False)])
def test_a_log_reaches_the_block_that_it_cites(cited, since, reached):
    assert reaches(book(BUYER, block=cited, newest=None), since) is reached


@pytest.mark.parametrize(
    ("later", "reached"), [(timedelta(0), False), (120 * SECOND, False), (121 * SECOND, True), (-121 * SECOND, False)]
)
def test_a_log_reaches_two_minutes_before_its_newest_entry(later, reached):
    assert reaches(book(BUYER, newest=AT + later, block=99), AT) is reached
    assert reaches(book(BUYER, newest=None, block=99), AT) is False


def test_logs_that_were_not_read_so_far_are_counted_each_time():
    report = Report()
    short, far = book(BUYER, block=6), book(PROVIDER, block=7)
    assert behind(report, "a1", 7, far, None) is False
    assert (report.stale, report.waits) == ({}, set())
    assert behind(report, "a1", 7, far, short, None) is True
    assert behind(report, "a1", 7, short) is True
    assert (report.stale, report.waits) == ({BUYER.did: 2}, {"a1"})


@pytest.mark.parametrize(
    ("until", "waits"),
    [(None, True), (AT, True), (AT + timedelta(hours=1), True), (AT + timedelta(hours=1, seconds=1), False)],
)
def test_the_chain_is_waited_for_an_hour_of_its_own(until, waits):
    report = Report()
    assert awaited(report, "a1", AT, ChainFacts(until=until)) is waits
    assert (report.stale, report.waits) == (({CHAIN: 1}, {"a1"}) if waits else ({}, set()))


def test_what_could_not_be_asked_for_yet_is_said_once_a_log():
    report = Report()
    report.stale.update({CHAIN: 2, BUYER.did: 3, PROVIDER.did: 1})
    head = SimpleNamespace(checkpoint=SimpleNamespace(size=41))
    told(report, {BUYER.did: book(BUYER, head=head), PROVIDER.did: book(PROVIDER, newest=None)}, ["did:web:young"])
    assert [(one.code, one.subject, one.facts) for one in report.findings] == [
        ("log-young", "did:web:young", {}),
        ("chain-behind", CHAIN, {"count": "2"}),
        ("log-behind", BUYER.did, {"count": "3", "size": "41", "newest": "2026-03-01T12:00:00+00:00"}),
        ("log-behind", PROVIDER.did, {"count": "1", "size": "0", "newest": ""}),
    ]
    quiet = Report()
    told(quiet, {}, [])
    assert codes(quiet) == []
