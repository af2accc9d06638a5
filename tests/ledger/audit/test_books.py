"""What a book hands out of its log, and what becomes of fields that cannot be read."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ledger.audit.books import Head, fetch_of, reading
from ledger.audit.report import Report
from tests.ledger.audit.values import book, codes, event, members

_, BY_ROLE = members()
BUYER = BY_ROLE["buyer"]
OPENED, DECIDED = "channel.opened", "decision.made"


def filled():
    untold = event(OPENED, "c2", told=False)
    decided = event(DECIDED, "a", "request", outcome="allow")
    return book(BUYER, event(OPENED, "c1", amount="1"), decided, untold, event(OPENED, "c1", amount="2"))


def places(events):
    return [one.index for one in events]


def test_events_are_handed_out_by_kind_partition_and_name_in_log_order():
    log = filled()
    assert places(log.of(OPENED)) == [0, 2, 3]
    assert places(log.of(OPENED, "c1")) == [0, 3]
    assert {one.did for one in log.of(OPENED)} == {BUYER.did}
    assert places(log.among((OPENED, DECIDED))) == [0, 1, 2, 3]
    assert places(log.named(DECIDED, "request")) == [1]
    assert places(log.named(DECIDED, "another")) == []
    assert log.parts(OPENED) == ["c1", "c2"]


def test_a_book_says_whether_it_has_an_event_and_whether_one_is_untold():
    log = filled()
    assert (log.has(OPENED, "c1"), log.has(OPENED, "c3"), log.has(DECIDED, "c1")) == (True, False, False)
    assert (log.untold(OPENED), log.untold(DECIDED), log.untold("time.mark")) == (True, False, False)


class Tree:
    """A tree that counts how often it is asked."""

    def __init__(self):
        self.asked = []

    def root(self, size):
        self.asked.append(size)
        return bytes([size]) * 32


def test_a_head_works_each_root_out_once_and_is_the_same_head_afterwards():
    tree = Tree()
    head, other = Head("note", "checkpoint", tree, None), Head("note", "checkpoint", tree, None)
    assert [head.root(size) for size in (3, 3, 4)] == [b"\x03" * 32, b"\x03" * 32, b"\x04" * 32]
    assert tree.asked == [3, 4]
    assert head == other
    assert "_roots" not in repr(head)


def test_the_events_alone_are_the_book_without_its_head():
    log = book(BUYER, event(OPENED, "c1"), head=Head("note", "checkpoint", Tree(), None), block=7)
    alone = log.events_only()
    assert (alone.head, alone.block, alone.newest, places(alone.of(OPENED))) == (None, 7, log.newest, [0])
    assert type(log)(BUYER, 0, log.entries, None).block == -1


async def test_a_path_is_fetched_below_the_partys_log():
    async def fetch(url):
        return url.encode()

    assert await fetch_of(SimpleNamespace(fetch=fetch), BUYER)("tile/0") == f"{BUYER.url}/log/tile/0".encode()


@pytest.mark.parametrize("told", [True, False])
def test_fields_that_cannot_be_read_are_named_once_they_are_disclosed(told):
    report, one = Report(), event(OPENED, "c1", did=BUYER.did, told=told)
    assert reading(one, report, int, "7") == 7
    assert report.findings == []
    assert reading(one, report, int, "x") is None
    assert codes(report) == ([("field-malformed", BUYER.did)] if told else [])
