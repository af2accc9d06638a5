"""Every window of either log, priced again from what was agreed (spec 3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.audit import figures
from ledger.audit.billing import Accounts, read_orders
from ledger.audit.books import reading
from ledger.audit.keys import RECEIVED, RELEASED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.audit.billing import OrderLine, Tables
    from ledger.audit.books import Books
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report


def check(books: Books, deals: Deals, tables: Tables, report: Report) -> None:
    """Price every window of either log again, and count what was sold; what both logs charge twice is counted once."""
    twice = {}
    for kind in (RELEASED, RECEIVED):
        accounts, counted = Accounts(deals, tables), Accounts(deals, tables)
        twice[kind] = 0
        for event in (event for book in books.values() for event in book.of(kind)):
            lines = reading(event, report, read_orders, event)
            twice[kind] += _price(event, lines, accounts, counted, report)
            if kind == RELEASED and not event.judged:
                figures.count(lines or (), deals, tables, report)
        _check_caps(accounts, deals, report)
        if kind == RELEASED:
            due = {name: account.due for name, account in counted.items()}
            for name, account in accounts.items():
                if account.due != due[name]:
                    report.tally(name, amount_agreed=account.due - due[name])
    report.bytes_paid_twice = max(twice.values())


def _price(
    event: Event, lines: Sequence[OrderLine] | None, accounts: Accounts, counted: Accounts, report: Report
) -> int:
    """Book one window, in what was `counted` before if it was; return the bytes it charged twice."""
    charged = reading(event, report, _amount, event)
    if lines is None or charged is None:
        return 0
    booked = reading(event, report, accounts.charge, lines)
    if event.judged:
        counted.charge(lines)
    report.waits.update(line.agreement for line in lines if accounts.of(line.agreement) is None)
    due = sum(line.amount for line in lines) if booked is None else booked[0]
    seq = event.link[-1] if event.link else "?"
    if charged != due or charged != sum(line.amount for line in lines):
        report.find("amount-differs-from-tariff", event.did, event, seq=seq, mine=charged, theirs=due)
    if booked is not None and booked[1]:
        report.find("rows-paid-twice", event.did, event, seq=seq, bytes=booked[1])
    return 0 if booked is None else int(booked[1])


def _amount(event: Event) -> int:
    return int(event.fields["amount"])


def _check_caps(accounts: Accounts, deals: Deals, report: Report) -> None:
    for agreement, account in accounts.items():
        cap = deals[agreement].agreement.price_cap
        if account.charged > cap:
            facts = {"agreement": agreement, "mine": account.charged, "theirs": cap}
            report.find("over-price-cap", deals[agreement].provider, **facts)
