"""A use under a stop that its member obeyed is found, and a stop that its log never heard of, where it goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.audit import stops
from ledger.audit.report import Report
from tests.ledger.audit.shelf import AT, book, event, found, shelf

NAME, OTHER = "a1" * 32, "b1" * 32
EXCHANGE, MEMBER = "did:web:exchange", "did:web:member"
HOUR = timedelta(hours=1)


def moved(to, hours, *, name=NAME, member=MEMBER, stop="s1"):
    return event(stops.MOVED, name, time=AT + hours * HOUR, to=to, member=member, stop=stop)


def used(hours, kind="opening.started", name=NAME):
    return event(kind, name, "t", "1", time=AT + hours * HOUR)


def checked(turns, *events, by=EXCHANGE):
    report = Report()
    stops.check(EXCHANGE, shelf(book(by, *turns), book(MEMBER, HEARD, *events)), report)
    return found(report)


HEARD = moved("stopped", 1)
OBEYED = (moved("stopped", 0), moved("told", 1), moved("obeyed", 2))
ALLOWED = (*OBEYED, moved("allowed", 4))
FOUND = [("used-while-stopped", MEMBER, 1)]


@pytest.mark.parametrize("kind", stops.USED)
def test_a_use_after_its_member_obeyed_is_found(kind):
    assert checked(OBEYED, used(3, kind)) == FOUND
    assert checked(ALLOWED, used(3, kind)) == FOUND


@pytest.mark.parametrize(
    ("turns", "use"),
    [
        (OBEYED, used(1)),  # it was still to obey
        (OBEYED[:2], used(3)),  # the exchange alone says that it was told
        (ALLOWED, used(5)),
        (OBEYED, used(3, name=OTHER)),
        ((*OBEYED[:2], moved("obeyed", 2, member=EXCHANGE)), used(3)),
        ((*ALLOWED, moved("stopped", 6, stop="s2")), used(7)),
        (OBEYED, event("opening.started", NAME, time=AT + 2 * HOUR + stops.SKEW)),
    ],
)
def test_what_was_not_under_a_stop_that_was_obeyed_is_not(turns, use):
    assert checked(turns, use) == []


def test_a_member_accuses_nobody_by_turns_of_its_own():
    assert checked(OBEYED, used(3), by="did:web:other") == []


def test_a_second_stop_counts_from_its_own_word():
    again = (*ALLOWED, moved("stopped", 6, stop="s2"), moved("told", 7, stop="s2"), moved("obeyed", 8, stop="s2"))
    assert checked(again, used(5)) == []
    assert checked(again, used(9)) == FOUND


UNCONFIRMED = [("stop-unconfirmed", MEMBER, None)]
TOLD = OBEYED[:2]


def mark(hours):
    return event(stops.MARK, "log", time=AT + hours * HOUR)


# two heads after the stop, and then more than an hour
GOES_ON = (mark(0.5), mark(1), mark(3))


def heard(turns, *events, newest=10, read=20, late=timedelta(0)):
    """Return what is found of stops, and whose log is awaited."""
    report = Report()
    ours = book(EXCHANGE, *turns, newest=AT + read * HOUR)
    theirs = book(MEMBER, *events, newest=AT + newest * HOUR + late)
    stops.check(EXCHANGE, shelf(ours, theirs), report)
    return found(report), dict(report.stale)


@pytest.mark.parametrize("turns", [TOLD[:1], TOLD, OBEYED])
def test_a_stop_that_a_log_goes_on_without_is_warned_of(turns):
    assert heard(turns, *GOES_ON) == (UNCONFIRMED, {})
    report = Report()
    stops.check(EXCHANGE, shelf(book(EXCHANGE, *turns), book(MEMBER, *GOES_ON)), report)
    [one] = report.findings
    assert (one.severity, one.facts["state"], one.parts) == ("warning", turns[-1].fields["to"], {NAME})


@pytest.mark.parametrize("hours", [0, 1, 9])
def test_a_stop_that_was_heard_of_is_confirmed_however_late(hours):
    assert heard(TOLD, *GOES_ON, moved("stopped", hours)) == ([], {})


@pytest.mark.parametrize(
    "event",
    [
        moved("allowed", 1),
        moved("stopped", 1, stop="s2"),
        moved("stopped", 1, name=OTHER),
    ],
)
def test_what_is_not_that_stop_confirms_nothing(event):
    assert heard(TOLD, *GOES_ON, event)[0] == UNCONFIRMED


@pytest.mark.parametrize(
    "marks",
    [
        (),  # it wrote nothing before a head since
        (mark(-2), mark(-1)),
        (mark(-1), mark(9)),  # it was away, and came back with this head
        (mark(0.5), mark(9)),  # or went away before it could ask
    ],
)
def test_who_was_away_is_awaited(marks):
    assert heard(TOLD, *marks) == ([], {MEMBER: 1})


def test_it_has_an_hour_and_what_clocks_differ_by():
    second = timedelta(seconds=1)
    assert heard(TOLD, mark(0.5), mark(1), newest=2, late=120 * second) == ([], {MEMBER: 1})
    assert heard(TOLD, mark(0.5), mark(1), newest=2, late=121 * second) == (UNCONFIRMED, {})


def test_an_exchange_whose_log_may_have_lifted_it_meanwhile_is_awaited():
    assert heard(TOLD, *GOES_ON, read=2) == ([], {EXCHANGE: 1})


def test_a_stop_that_was_lifted_before_it_was_due_needs_no_word():
    assert heard((*TOLD, moved("allowed", 1.9)), *GOES_ON) == ([], {})
    assert heard((*TOLD, moved("allowed", 2.1)), *GOES_ON) == (UNCONFIRMED, {})


def test_stops_of_several_members_under_one_agreement_are_each_their_own():
    others = (moved("stopped", 0, member=EXCHANGE, stop="s2"), moved("stopped", 0, member="did:web:gone", stop="s3"))
    assert heard((*TOLD, *others), *GOES_ON, moved("stopped", 1)) == ([], {})
