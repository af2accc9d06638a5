"""Whose fault it is that something is not disclosed to us, and what is only counted: before our time, and lost."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from ledger.audit import disclosed
from ledger.audit.disclosed import MISSING, RESTORED
from ledger.audit.facts import Anchored, ChainFacts
from ledger.audit.report import Finding, Report
from ledger.log import mirror
from ledger.log.checkpoint import origin_id
from tests.ledger.audit.values import AT, book, event, members

_, BY_ROLE = members()
BUYER = BY_ROLE["buyer"]
KIND, SECOND, QUARTER = "time.mark", timedelta(seconds=1), timedelta(minutes=15)
LOG = mirror.build(bytes([at]) for at in range(9))
HEAD = SimpleNamespace(tree=LOG, checkpoint=SimpleNamespace(size=9))


def missing(index, at=AT, subject=BUYER.did, code=MISSING, part="p"):
    return Finding(code, subject, {"event": "e", "reason": "r"}, KIND, index, at, part)


async def settled(*findings, events=(), anchors=(), admitted=1, head=HEAD, known=True):
    """Settle a report where block n of the chain was made n seconds after a time, and 99 is not there."""

    async def at(number):
        return None if number == 99 else AT + number * SECOND

    report = Report(findings=list(findings))
    facts = ChainFacts(anchors={origin_id(BUYER.origin): list(anchors)})
    books = {BUYER.did: book(BUYER, *events, head=head)} if known else {}
    await disclosed.settle(report, books, facts, SimpleNamespace(at=at), admitted)
    return [(one.code, one.index if one.code == MISSING else dict(one.facts)) for one in report.findings]


def counted(code, count, last, size="9", left="0"):
    return (code, {"count": count, "size": size, "last": last, "left": left})


async def test_what_is_from_before_our_time_is_one_finding_for_the_log():
    apart = Finding("time-went-back", BUYER.did, {})
    found = await settled(missing(1), apart, missing(3))
    assert found == [("time-went-back", {}), counted("events-undisclosed", "2", "3")]
    assert await settled(missing(0), head=None) == [counted("events-undisclosed", "1", "0", size="0")]
    assert await settled(missing(3), known=False) == [(MISSING, 3)], "of a log that was not read nothing is known"


@pytest.mark.parametrize(
    ("later", "admitted", "guilty"),
    [
        (QUARTER + SECOND, 1, False),
        (QUARTER + 2 * SECOND, 1, True),
        (QUARTER + 2 * SECOND, 2, False),
        (9 * QUARTER, None, False),
        (9 * QUARTER, 99, False),
    ],
)
async def test_an_event_is_at_fault_a_quarter_of_an_hour_after_the_chain_admitted_us(later, admitted, guilty):
    found = await settled(missing(3, AT + later), admitted=admitted)
    assert found == ([(MISSING, 3)] if guilty else [counted("events-undisclosed", "1", "3")])


@pytest.mark.parametrize(
    ("index", "later", "guilty"),
    [(2, 3, True), (2, 2, False), (0, 3, False), (1, 3, False)],
)
async def test_whoever_told_us_before_knew_us_two_seconds_later(index, later, guilty):
    told = [event(KIND, "x", told=False), event(KIND, "x", peers=[]), event(KIND, "x", told=False)]
    found = await settled(missing(index, AT + later * SECOND), events=told, admitted=None)
    assert found == ([(MISSING, index)] if guilty else [counted("events-undisclosed", "1", str(index))])


@pytest.mark.parametrize(
    ("block", "admitted", "index", "guilty"),
    [
        (902, 1, 4, True),
        (902, 1, 3, False),
        (901, 1, 4, False),
        (902, None, 4, False),
        (99, 1, 4, False),
    ],
)
async def test_what_came_after_a_head_that_was_anchored_long_after_us_is_at_fault(block, admitted, index, guilty):
    found = await settled(missing(index), anchors=[Anchored(4, b"", block)], admitted=admitted)
    assert found == ([(MISSING, index)] if guilty else [counted("events-undisclosed", "1", str(index))])


def restored(at, size, root=None):
    return event(RESTORED, "x", (root or LOG.root(size)).hex(), "11" * 32, at=at, told=False)


async def test_what_came_back_from_a_mirror_is_lost_between_the_two_heads():
    late = AT + 9 * QUARTER
    lost = [missing(at, late) for at in (2, 3, 4, 5)]
    found = await settled(*lost, events=[restored(5, 3)])
    assert found == [(MISSING, 2), (MISSING, 5), counted("events-lost", "2", "4")]
    assert await settled(*lost, events=[restored(5, 3)], head=None) == [(MISSING, one.index) for one in lost]
    unknown = await settled(*lost, events=[restored(5, 3, b"\x01" * 32)])
    assert unknown == [(MISSING, one.index) for one in lost], "the log never had such a head"
    from_nothing = await settled(missing(0, late), events=[restored(5, 0)])
    assert from_nothing == [counted("events-lost", "1", "0")]


async def test_what_is_lost_and_what_is_early_are_counted_apart_with_what_they_take_along():
    taken = Finding("over-price-cap", BUYER.did, {"agreement": "p"})
    found = await settled(missing(1), missing(3), taken, events=[restored(5, 3)])
    assert found == [counted("events-undisclosed", "1", "1", left="1"), counted("events-lost", "1", "3", left="1")]
    other = Finding("over-price-cap", BUYER.did, {"agreement": "q"})
    assert (await settled(missing(1), other))[0] == ("over-price-cap", {"agreement": "q"})
