"""What a complaint orders is paid when the chain says so; an order that is not carried out, or false, is a finding."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.payment_reference import complaint
from ledger.audit.archive import Archive, Recording
from ledger.audit.audit import run
from ledger.chain.payment import Payment
from tests.ledger.audit.world import NOW, SUPERVISOR, Given, errors, named

UNPAID, OVER, NOT_ON_CHAIN = "order-unpaid", "order-over-paid", "order-not-on-chain"
TX, OTHER_TX = b"\x7e" * 32, b"\x7f" * 32
MARCH = "march"


def moved(world, to="ordered", amount=25, key=MARCH, days=-1, late="", **changes):
    """Log a move of a complaint at the exchange; it is due in so many `days` from now."""
    about = {"complainant": world["buyer"].did, "respondent": world["provider"].did, "from": "escalated", "to": to}
    about |= {"by": world["exchange"].did, "reason": "the listing promised it", "digest": "00" * 32, "late": late}
    about |= {"agreementDigest": world.kept["digest"].hex(), "amount": str(amount)}
    if to == "ordered" and "due" not in changes:
        about["due"] = (NOW + timedelta(days=days)).isoformat(timespec="seconds")
    return world.record("exchange", "complaint.moved", key, (key,), **(about | changes))


def paid(world, amount=25, key=MARCH, tx=TX, **changes):
    """Put a refund on the chain, by the complaint unless its `key` is empty."""
    ends = world["provider"].account, world["buyer"].account
    by = complaint(world["exchange"].did, key) if key else b""
    world.payments[tx] = replace(Payment(*ends, amount, world.kept["digest"], by), **changes)


async def found(world):
    report = await run(Given(world), SUPERVISOR)
    return {code: named(report, code) for code in (UNPAID, OVER, NOT_ON_CHAIN) if named(report, code)}, report


async def test_an_order_that_is_paid_is_no_finding(world):
    moved(world)
    paid(world)
    assert (await found(world))[0] == {}
    moved(world, "fulfilled")
    told, report = await found(world)
    assert told == {}
    [row] = [one for one in report.figures["reputation"] if one["party"] == world["provider"].did]
    assert (row["upheld"], row["unpaid"]) == ("1", "0")


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 24},
        {"reference": b"\x01" * 32},
        {"receiver": b"\x02" * 20},
        {"complaint": b""},
        {"key": "other"},
        None,
    ],
)
async def test_an_order_that_the_chain_does_not_show_as_paid_in_time_is_the_respondents(world, changes):
    at = moved(world)
    if changes is not None:
        paid(world, **changes)
    told, report = await found(world)
    assert told == {UNPAID: [("complaint.moved", at, None)]}
    assert {one.subject for one in report.findings if one.code == UNPAID} == {world["provider"].did}
    [row] = [one for one in report.figures["reputation"] if one["party"] == world["provider"].did]
    assert (row["upheld"], row["unpaid"]) == ("1", "1")


async def test_an_order_whose_time_is_not_over_accuses_nobody(world):
    moved(world, days=30)
    assert (await found(world))[0] == {}


async def test_a_log_that_was_not_read_beyond_the_deadline_accuses_nobody(world):
    moved(world, days=-0.0001)
    told, report = await found(world)
    assert told == {}
    assert "log-behind" in report.codes()


@pytest.mark.parametrize("to", ["dismissed", "settled"])
async def test_what_was_ordered_and_ended_otherwise_is_not_owed(world, to):
    moved(world)
    moved(world, to)
    assert (await found(world))[0] == {}


async def test_what_was_ordered_last_counts(world):
    moved(world, amount=25)
    at = moved(world, amount=30)
    paid(world)
    assert (await found(world))[0] == {UNPAID: [("complaint.moved", at, None)]}
    paid(world, 5, tx=OTHER_TX)
    assert (await found(world))[0] == {}


async def test_all_that_was_paid_is_enough(world):
    moved(world, amount=10**9)
    claimed = sum(one.fields["claimed"] for one in world.chain if one.name == "Closed")
    paid(world, claimed, key="")
    assert UNPAID not in (await found(world))[0]
    paid(world, claimed - 1, key="")
    assert UNPAID in (await found(world))[0]


async def test_an_exchange_that_calls_it_paid_against_the_chain_is_found(world):
    at = moved(world, "fulfilled")
    told, report = await found(world)
    assert told == {NOT_ON_CHAIN: [("complaint.moved", at, None)]}
    assert {one.subject for one in report.findings if one.code == NOT_ON_CHAIN} == {world["exchange"].did}


async def test_an_exchange_that_orders_more_than_was_ever_paid_is_found(world):
    moved(world, amount=10**9, days=30)
    told, report = await found(world)
    assert set(told) == {OVER}
    assert {one.subject for one in report.findings if one.code == OVER} == {world["exchange"].did}


@pytest.mark.parametrize("change", [{"amount": "x"}, {"due": "soon"}, {"due": "2026-03-01T12:00:00"}])
async def test_an_order_that_cannot_be_read_is_a_finding(world, change):
    moved(world, **change)
    assert "field-malformed" in (await found(world))[1].codes()


async def test_an_archive_keeps_what_the_two_paid_each_other(world):
    moved(world)
    paid(world)
    kept = {}
    first = await run(Recording(Given(world), kept), SUPERVISOR)
    world.payments.clear()
    assert (await run(Archive(kept), SUPERVISOR)).json() == first.json()
    assert errors(first) == set()
