"""A use after its member said that it obeys a stop, and before it was allowed again, is found; no other one is."""

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
    stops.check(EXCHANGE, shelf(book(by, *turns), book(MEMBER, *events)), report)
    return found(report)


OBEYED = (moved("stopped", 0), moved("told", 1), moved("obeyed", 2))
ALLOWED = (*OBEYED, moved("allowed", 4))
FOUND = [("used-while-stopped", MEMBER, 0)]


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
