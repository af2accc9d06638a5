"""What had to be deleted: a day after the end, by the newest time of any log, unless its own log is not read so far."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from ledger.audit import disposal
from ledger.audit.disposal import DELETED, HELD
from ledger.audit.report import Report
from tests.ledger.audit.values import AT, book, codes, event, members

_, BY_ROLE = members()
BUYER, REGULATOR = BY_ROLE["buyer"], BY_ROLE["regulator"]
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
ON_RULE = {"permission": [{"action": "use", "duty": [{"action": "delete"}]}]}
ON_POLICY = {"permission": [{"action": "use"}], "obligation": [{"action": "delete"}]}
OTHER_DUTY = {"permission": [{"action": "use", "duty": [{"action": "inform"}]}]}
NONE = {"permission": [{"action": "use"}]}
UNREADABLE = {"permission": 7}


def deal(policy=ON_RULE, end=AT):
    return SimpleNamespace(buyer=BUYER.did, terms=SimpleNamespace(policy=policy, not_after=end))


def held(*link):
    return event(HELD, "a", *link, did=BUYER.did, time=AT - DAY)


def checked(*events, own=2 * DAY, other=2 * DAY, agreed=None, known=True):
    """Check a buyer's log that was read `own` after the end while another's was read `other` after it."""
    report = Report()
    mine = book(BUYER, *events, newest=None if own is None else AT + own)
    theirs = book(REGULATOR, newest=None if other is None else AT + other)
    books = {REGULATOR.did: theirs} | ({BUYER.did: mine} if known else {})
    disposal.check(books, {"a": agreed or deal()}, report)
    return report


def test_what_was_held_and_not_deleted_is_overdue():
    report = checked(held("e1", "r1"), held("e1", "r2"), event(DELETED, "a", "e1", "r1"))
    (found,) = report.findings
    assert (found.code, found.subject, found.index, found.kind) == ("disposal-overdue", BUYER.did, 1, HELD)
    assert found.facts["end"] == AT.isoformat()
    assert found.facts["agreement"] == "a"


@pytest.mark.parametrize(("later", "overdue"), [(DAY - SECOND, False), (DAY, True), (DAY + SECOND, True)])
def test_there_is_a_day_to_delete(later, overdue):
    report = checked(held("e"), own=later, other=later)
    assert codes(report) == ([("disposal-overdue", BUYER.did)] if overdue else [])
    assert report.stale == {}


@pytest.mark.parametrize(("own", "behind"), [(DAY - SECOND, True), (DAY, False), (None, False)])
def test_a_log_that_was_not_read_so_far_is_counted_and_not_accused(own, behind):
    report = checked(held("e"), own=own)
    assert codes(report) == ([] if behind else [("disposal-overdue", BUYER.did)])
    assert report.stale == ({BUYER.did: 1} if behind else {})


def test_the_newest_time_is_that_of_any_log_and_nobodys_is_none():
    assert codes(checked(held("e"), own=2 * DAY, other=None)) == [("disposal-overdue", BUYER.did)]
    assert checked(held("e"), own=None, other=None).findings == []
    assert checked(held("e"), known=False).findings == []


def test_an_agreement_that_ended_before_its_term_ended_then():
    later = deal(end=AT + 9 * DAY)
    assert checked(held("e"), agreed=later).findings == []
    over = event("agreement.ended", "a", "a", did=BUYER.did, time=AT)
    assert codes(checked(held("e"), over, agreed=later)) == [("disposal-overdue", BUYER.did)]
    after = event("agreement.ended", "a", "a", did=BUYER.did, time=AT + 9 * DAY)
    assert codes(checked(held("e"), after)) == [("disposal-overdue", BUYER.did)], "the term came first"


@pytest.mark.parametrize(
    ("policy", "obliged"),
    [(ON_RULE, True), (ON_POLICY, True), (OTHER_DUTY, False), (NONE, False), (UNREADABLE, False)],
)
def test_only_a_policy_that_obliges_to_delete_is_asked_for_it(policy, obliged):
    assert bool(checked(held("e"), agreed=deal(policy)).findings) is obliged


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        ([HELD, "opening.started", DELETED], 0),
        ([HELD, DELETED, "opening.started"], 1),
        ([HELD, DELETED, "keys.exported", "opening.started"], 2),
        ([HELD, DELETED, HELD, "opening.started"], 0),
        ([HELD, DELETED, HELD, DELETED, "opening.started"], 1),
        ([HELD, "opening.started"], 0),
    ],
)
def test_what_was_destroyed_is_not_opened_before_it_is_held_anew(kinds, found):
    events = [event(kind, "a", "e1", "r1", did=BUYER.did, time=AT - DAY) for kind in kinds]
    report = checked(*events, agreed=deal(NONE))
    assert codes(report) == [("used-after-deletion", BUYER.did)] * found
