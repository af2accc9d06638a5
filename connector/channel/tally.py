"""What was paid under an agreement so far, and what the next orders cost (spec 3.6), the same on both sides.

Law: `amount == A(quantity)` after every released window, whatever the order of orders, channels and retries; asserted
before it is written and after it is read. A subscription has one such account for each period, by the period's number;
a row stays paid whatever the period.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat
from types import MappingProxyType
from typing import TYPE_CHECKING

from connector.channel import openings
from connector.channel.errors import fault
from connector.channel.priced import Line, Tally
from connector.runtime.limits import CLOCK_LEEWAY_SECONDS
from connector.store.rows.channel import PaidPeriodRow, PaidRowsRow
from contracts import meter, periods
from contracts import tariff as tariffs
from contracts.ranges import RowSet
from contracts.typed_json import row_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connector.channel.doors import Deal
    from connector.store.transaction import Tx
    from contracts.typed_data import Order
    from ledger.edition.row_table import RowTable

KEEP = 0
OPEN = 1
AGAIN = 2
# what a payer says of an order, beside its purpose: the number of the period whose quota it draws on
PERIOD = "billingPeriod"
PERIOD_DIGITS = 9
UNSAID: Mapping[str, str] = MappingProxyType({})
# the use codes of spec 2 that this version performs, and the tier each belongs to
USES: Mapping[int, str] = MappingProxyType({KEEP: "kept", OPEN: "leased", AGAIN: "kept"})


def load(tx: Tx, deal: Deal, period: int = 0) -> Tally:
    """Return what is paid under the agreement, counted in a period of its subscription."""
    tally = tx.value(PaidRowsRow, _of_row, agreement=deal.digest.hex()) or Tally()
    return turned(tx, deal, tally, period) if deal.terms.tariff.period else _sound(deal, tally)


def save(tx: Tx, deal: Deal, tally: Tally) -> None:
    """Write what is now paid under the agreement."""
    _sound(deal, tally)
    assert tally.total <= deal.agreement.price_cap, "never more than the agreed cap"
    agreement = deal.digest.hex()
    if deal.terms.tariff.period:
        here = {"quantity": tally.quantity, "amount": tally.amount}
        tx.put(PaidPeriodRow(agreement=agreement, period=tally.period, **here))
    quantity = tally.quantity + tally.other_quantity
    all_of_it = {"quantity": quantity, "amount": tally.total, "plain": tally.plain}
    tx.put(PaidRowsRow(agreement=agreement, rows=tally.rows.json(), **all_of_it))


def turned(tx: Tx, deal: Deal, tally: Tally, period: int) -> Tally:
    """Return the same tally counted in another period, as the books have it."""
    row = tx.get(PaidPeriodRow, agreement=deal.digest.hex(), period=period)
    quantity, amount = (0, 0) if row is None else (row.quantity, row.amount)
    others = tally.quantity + tally.other_quantity - quantity, tally.total - amount
    return _sound(deal, Tally(tally.rows, quantity, amount, period, *others, plain=tally.plain))


def beside(orders: Sequence[Order], contexts: Sequence[Mapping[str, str]]) -> Iterator[tuple[Order, Mapping[str, str]]]:
    """Return each order with what its payer says of it."""
    return zip(orders, chain(contexts, repeat(UNSAID)), strict=False)


def period_of(deal: Deal, context: Mapping[str, str]) -> int:
    """Return the number of the period that an order draws on, 0 without a subscription; `wrong-period` if unsaid."""
    if not deal.terms.tariff.period:
        return 0
    told = context.get(PERIOD, "")
    if not (told.isascii() and told.isdecimal() and len(told) <= PERIOD_DIGITS):
        raise fault("wrong-period", f"the order says no period of the subscription but `{told:.40}`")
    return int(told)


def told_period(deal: Deal, now: datetime) -> dict[str, str]:
    """Return what a payer says of an order at `now`: the period it draws on, nothing without a subscription."""
    kind = deal.terms.tariff.period
    return {PERIOD: str(periods.number(kind, now))} if kind else {}


def check_period(deal: Deal, context: Mapping[str, str], now: datetime) -> None:
    """Refuse an order on another period's quota than that of `now`, give or take what clocks may differ."""
    kind, leeway = deal.terms.tariff.period, timedelta(seconds=CLOCK_LEEWAY_SECONDS)
    told = period_of(deal, context)
    if kind and told not in {periods.number(kind, now - leeway), periods.number(kind, now + leeway)}:
        raise fault("wrong-period", f"the order draws on the quota of another {kind} than this one")


def _of_row(row: PaidRowsRow) -> Tally:
    return Tally(RowSet.from_json(row.rows), row.quantity, row.amount, plain=row.plain or 0)


def _sound(deal: Deal, tally: Tally) -> Tally:
    assert tally.amount == tariffs.amount(deal.terms.tariff, tally.quantity), "amount == A(quantity)"
    return tally


def bill(
    tx: Tx,
    role: str,
    orders: Sequence[Order],
    deals: Mapping[bytes, Deal],
    tables: Mapping[bytes, RowTable],
    contexts: Sequence[Mapping[str, str]],
) -> list[Line]:
    """Price the orders of a batch one after the other, each on top of those before it; `contexts` as in the request."""
    tallies: dict[bytes, Tally] = {}
    begun: set[str] = set()
    lines = []
    for order, context in beside(orders, contexts):
        deal, table = deals[order.agreement_digest], tables[order.edition_id]
        period = period_of(deal, context)
        fresh = order.use == OPEN and _begins(tx, openings.identity(role, order), begun)
        before = tallies.get(deal.digest) or load(tx, deal, period)
        if before.period != period:
            before = turned(tx, deal, before, period)
        lines.append(line(order, deal, table, before, fresh=fresh))
        tallies[deal.digest] = lines[-1].after
    return lines


def _begins(tx: Tx, opening: str, begun: set[str]) -> bool:
    """Say whether an order is the first of its opening, here and in the orders before it (`begun`)."""
    fresh = opening not in begun and not openings.is_counted(tx, opening)
    begun.add(opening)
    return fresh


def plain_bytes(table: RowTable, rows: RowSet) -> int:
    """Return the plain bytes of rows; `unknown-rows` if the edition has not all of them."""
    if rows.end > len(table):
        raise fault("unknown-rows", f"the edition has {len(table)} pieces, one up to `{rows.end - 1}` was ordered")
    return sum(table.plain_bytes(first, count) for first, count in rows.ranges)


def line(order: Order, deal: Deal, table: RowTable, before: Tally, *, fresh: bool) -> Line:
    """Price one order on top of what is paid `before`."""
    rows = row_set(order.ranges)
    size = plain_bytes(table, rows)
    if order.use == AGAIN:
        if not rows <= before.rows:
            raise fault("not-paid", "some of the pieces asked for again were never paid")
        return Line(order, deal, rows, size, 0, fresh, before)
    tariff, new = deal.terms.tariff, rows - before.rows
    quantity = before.quantity + meter.added(tariff, new, table, begins=fresh)
    if tariff.limit is not None and quantity > tariff.limit:
        raise fault("over-quota", f"the order would make {quantity} of the {tariff.limit} in one {tariff.period}")
    amount = tariffs.order_amount(tariff, before.quantity, quantity)
    plain = before.plain + plain_bytes(table, new)
    after = replace(before, rows=before.rows | rows, quantity=quantity, amount=before.amount + amount, plain=plain)
    return Line(order, deal, rows, size, amount, fresh, after)
