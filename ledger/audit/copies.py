"""Plain copies: the provider's own word, which no other log can bear out, held at least against the tariff it agreed.

Law: a copy costs what its rows, or its calls, add to the copies of its agreement before it, as `contracts.meter` has
it. What is sold by the period is not priced here, for the entry does not say when the copy began; nor are calls of
which an entry of before says no number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts import meter
from contracts.decimals import read_decimal
from contracts.ranges import RowSet
from contracts.tariff import order_amount
from contracts.units import CALL, OPENING
from ledger.audit.books import reading

if TYPE_CHECKING:
    from contracts.tariff import Tariff
    from ledger.audit.billing import Tables
    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.edition.row_table import RowTable

SERVED = "copy.served"


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy as its provider logs it: bytes with all repeats, plain bytes of the pieces opened, minor units.

    `calls` are the requests that were answered, None where the entry does not say.
    """

    served: int
    plain: int
    amount: int
    rows: RowSet
    calls: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """What the copies of one agreement have come to."""

    rows: RowSet
    number: int
    calls: int

    def quantity(self, tariff: Tariff, table: RowTable) -> int:
        """Return what the tariff counts of them."""
        if tariff.counted.counts == OPENING:
            return self.number
        if tariff.counted.counts == CALL:
            return self.calls
        return meter.added(tariff, self.rows, table, begins=False)


def check(books: Books, deals: Deals, tables: Tables, report: Report) -> None:
    """Count every copy, and price those whose agreement both sides signed."""
    for book in books.values():
        accounts: dict[str, Account] = {}
        for event in book.of(SERVED):
            copy = reading(event, report, _read, event)
            if copy is None:
                continue
            if not event.judged:
                report.tally(event.part, copies=1, bytes_copied=copy.served, amount_copied=copy.amount)
            _price(book, event, copy, (deals, tables), accounts, report)


def _read(event: Event) -> Copy:
    served, plain, amount = (int(event.fields[name]) for name in ("bytes", "plainBytes", "amount"))
    calls = event.fields.get("calls")
    rows = RowSet.from_json(event.fields["rows"])
    return Copy(served, plain, amount, rows, None if calls is None else read_decimal(calls, "calls"))


def _price(
    book: Book,
    event: Event,
    copy: Copy,
    agreed: tuple[Deals, Tables],
    accounts: dict[str, Account],
    report: Report,
) -> None:
    deals, tables = agreed
    deal = deals.get(event.part)
    table = None if deal is None else tables.get(deal.terms.edition_id)
    if deal is None or table is None or deal.provider != book.party.did or not _told(deal.terms.tariff, copy):
        if not event.judged:
            report.tally(event.part, copies_unpriced=1)
        report.waits.update([event.part] if deal is None or table is None else [])
        return
    if copy.rows.end > len(table):
        report.find("field-malformed", event.did, event, reason="pieces beyond the edition")
        return
    before = accounts.get(event.part, Account(RowSet(), 0, 0))
    calls = before.calls + (copy.calls or 0)
    after = accounts[event.part] = Account(before.rows | copy.rows, before.number + 1, calls)
    tariff = deal.terms.tariff
    due = order_amount(tariff, before.quantity(tariff, table), after.quantity(tariff, table))
    plain = sum(table.plain_bytes(first, count) for first, count in copy.rows.ranges)
    if (copy.amount, copy.plain) != (due, plain):
        facts = {"mine": copy.amount, "theirs": due, "bytes": copy.plain, "plain": plain}
        report.find("copy-differs-from-tariff", event.did, event, **facts)


def _told(tariff: Tariff, copy: Copy) -> bool:
    """Say whether an entry tells all that the tariff counts."""
    return not tariff.period and (tariff.counted.counts != CALL or copy.calls is not None)
