"""Plain copies in the audit: counted, and priced again from the rows that their provider logs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from contracts.records import Run
from contracts.tariff import Tariff
from ledger.audit import copies
from ledger.audit.report import Report
from tests.every import every
from tests.ledger.audit.shelf import book, event, found, shelf
from tests.ledger.audit.world import POLICY, edition, errors, named

PRICE = Tariff("byte", 7, 1000, "CNY")
CODE = "copy-differs-from-tariff"
SELLER, AGREEMENT, EDITION = "did:web:seller", "a1" * 32, b"e" * 32
TABLE = edition(12, 1)[1]


def plain(ranges):
    return sum(TABLE.plain_bytes(first, count) for first, count in ranges)


def cost(count):
    """Return what the first rows cost by the byte."""
    return -(-PRICE.minor * plain([[0, count]]) // PRICE.per)


def copy_of(ranges, amount, **told):
    """Return a copy of these rows at an amount, as its provider logs it."""
    fields = {"bytes": plain([[0, 12]]) + 9, "plainBytes": plain(ranges), "amount": amount, "rows": ranges}
    return event("copy.served", AGREEMENT, "07" * 32, "1", **{**fields, **told})


def checked(*served, tariff=PRICE, provider=SELLER, tables=None, deals=None):
    """Check copies in the log of a provider; return what was found and the report."""
    terms = SimpleNamespace(edition_id=EDITION, tariff=tariff)
    deals = {AGREEMENT: SimpleNamespace(terms=terms, provider=provider)} if deals is None else deals
    report = Report()
    copies.check(shelf(book(SELLER, *served)), deals, {EDITION: TABLE} if tables is None else tables, report)
    return found(report), report


@every(
    ("tariff", "first", "second"),
    [
        (PRICE, cost(6), cost(12) - cost(6)),
        (Tariff("piece", 5, 1, "CNY"), 30, 30),
        (Tariff("row", 3, 1, "CNY", records=(Run(0, 12, 10, 120),)), 180, 180),
        (Tariff("opening", 250, 1, "CNY"), 250, 250),
        (Tariff("opening", 5, 2, "CNY"), 3, 2),
        (Tariff("advance", 900, 1, "CNY"), 900, 0),
        (Tariff("free", 0, 1, "CNY"), 0, 0),
    ],
    ids=lambda one: one.unit if isinstance(one, Tariff) else None,
)
def test_a_copy_costs_what_its_rows_add_to_those_before_it(tariff, first, second):
    half, whole = [[0, 6]], [[0, 12]]
    right = copy_of(half, first), copy_of(whole, second)
    names, report = checked(*right, tariff=tariff)
    assert (names, report.copies, report.copies_unpriced) == ([], 2, 0)
    assert report.amount_copied == first + second
    assert report.bytes_copied == 2 * plain(whole) + 18, "with all repeats"
    wrong = copy_of(half, first + 1), copy_of(whole, second)
    names, report = checked(*wrong, tariff=tariff)
    assert names == [(CODE, SELLER, 0)]
    facts = {"mine": str(first + 1), "theirs": str(first), "bytes": str(plain(half)), "plain": str(plain(half))}
    assert report.findings[0].facts == {"event": "copy.served at index 0", **facts}
    assert checked(right[0], copy_of(whole, second + 1), tariff=tariff)[0] == [(CODE, SELLER, 1)]


def test_a_copy_has_the_plain_bytes_of_its_rows():
    free = Tariff("free", 0, 1, "CNY")
    names, report = checked(copy_of([[1, 2], [5, 1]], 0, plainBytes=1), tariff=free)
    assert names == [(CODE, SELLER, 0)]
    assert (report.findings[0].facts["bytes"], report.findings[0].facts["plain"]) == ("1", str(plain([[1, 2], [5, 1]])))


@pytest.mark.parametrize(
    "changed",
    [
        {"deals": {}},
        {"tables": {}},
        {"provider": "did:web:other"},
        {"tariff": Tariff("call", 1, 1, "CNY")},
        {"tariff": Tariff("subscription", 1, 10, "CNY", of="piece", period="month")},
    ],
    ids=["no agreement", "no table", "of another provider", "by the call", "by the period"],
)
def test_a_copy_of_which_too_little_is_known_is_counted_and_not_priced(changed):
    names, report = checked(copy_of([[0, 1]], 5), copy_of([[0, 1]], 5), **changed)
    assert (names, report.copies, report.copies_unpriced, report.amount_copied) == ([], 2, 2, 10)


def test_a_copy_ends_with_its_edition():
    piece = Tariff("piece", 5, 1, "CNY")
    beyond = copy_of([[0, 12]], 5, rows=[[0, 13]])
    names, report = checked(beyond, copy_of([[11, 1]], 5), tariff=piece)
    assert (names, report.findings[0].facts["reason"]) == (
        [("field-malformed", SELLER, 0)],
        "pieces beyond the edition",
    )
    assert (report.copies, report.copies_unpriced) == (2, 0), "and what was beyond is no row paid"


def test_a_copy_that_cannot_be_read_is_not_counted():
    names, report = checked(copy_of([[0, 1]], "a lot"))
    assert names == [("field-malformed", SELLER, 0)]
    assert (report.copies, report.bytes_copied, report.copies_unpriced) == (0, 0, 0)


async def test_the_audit_counts_the_copies_of_an_agreement_in_its_log(world):
    deal = world.sign(3, PRICE, "plain", 0, POLICY)
    copied = {"transfer": "07" * 32, "bytes": "9", "metering": "metered by provider"}
    for number, (ranges, amount) in enumerate((([[0, 6]], due(deal, 6)), ([[0, 12]], due(deal, 12) - due(deal, 6)))):
        told = {"rows": ranges, "plainBytes": str(deal["table"].plain_bytes(*ranges[0])), "amount": str(amount)}
        world.record("provider", "copy.served", deal["digest"].hex(), ["07" * 32, str(number)], **copied, **told)
    report = await world.audit()
    assert CODE not in errors(report)
    told = {"copies": 2, "bytes": "18", "amount": str(due(deal, 12)), "unpriced": 0}
    assert report.json()["metered_by_provider"] == told
    world["provider"].alter(len(world["provider"].records) - 1, amount="1")
    assert named(await world.audit(), CODE) == [("copy.served", len(world["provider"].records) - 1, None)]


def due(deal, count):
    return -(-PRICE.minor * deal["table"].plain_bytes(0, count) // PRICE.per)
