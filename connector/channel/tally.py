"""What was paid under an agreement so far, and what the next orders cost (spec 3.6), the same on both sides.

Law: `amount == A(quantity)` after every released window, whatever the order of orders, channels and retries; asserted
before it is written and after it is read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from connector.channel import openings
from connector.channel.errors import fault
from contracts import tariff as tariffs
from contracts.ranges import RowSet
from contracts.typed_json import row_set

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.channel.doors import Deal
    from connector.store.transaction import Tx
    from contracts.typed_data import Order
    from ledger.row_table import RowTable

KEEP = 0
OPEN = 1
AGAIN = 2
NOTHING = RowSet()
# the use codes of spec 2 that this version performs, and the tier each belongs to
USES: Mapping[int, str] = MappingProxyType({KEEP: "kept", OPEN: "leased", AGAIN: "kept"})


@dataclass(frozen=True, slots=True)
class Tally:
    """What is paid under one agreement: rows, the tariff's quantity of them, minor units."""

    rows: RowSet = NOTHING
    quantity: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One order of a batch with its price. `fresh`: it starts an opening; `after`: the tally once it is released."""

    order: Order
    deal: Deal
    rows: RowSet
    plain_bytes: int
    amount: int
    fresh: bool
    after: Tally


def load(tx: Tx, deal: Deal) -> Tally:
    """Return what is paid under the agreement."""
    row = tx.get("paid_rows", agreement=deal.digest.hex())
    tally = Tally() if row is None else Tally(RowSet.from_json(row["rows"]), row["quantity"], row["amount"])
    assert tally.amount == tariffs.amount(deal.terms.tariff, tally.quantity), "amount == A(quantity)"
    return tally


def save(tx: Tx, deal: Deal, tally: Tally) -> None:
    """Write what is now paid under the agreement."""
    assert tally.amount == tariffs.amount(deal.terms.tariff, tally.quantity), "amount == A(quantity)"
    assert tally.amount <= deal.agreement.price_cap, "never more than the agreed cap"
    tx.put(
        "paid_rows",
        agreement=deal.digest.hex(),
        rows=tally.rows.json(),
        quantity=tally.quantity,
        amount=tally.amount,
    )


def bill(
    tx: Tx,
    role: str,
    orders: Sequence[Order],
    deals: Mapping[bytes, Deal],
    tables: Mapping[bytes, RowTable],
    paid: Mapping[bytes, Tally],
) -> list[Line]:
    """Price the orders of a batch one after the other, each on top of those before it.

    `paid` holds by agreement what will be paid by then, where that is more than the books say.
    """
    tallies = dict(paid)
    begun: set[str] = set()
    lines = []
    for order in orders:
        deal, table = deals[order.agreement_digest], tables[order.edition_id]
        opening = openings.identity(role, order)
        fresh = order.use == OPEN and opening not in begun and not openings.is_counted(tx, opening)
        before = tallies.get(deal.digest) or load(tx, deal)
        line = _line(order, deal, table, before, fresh=fresh)
        tallies[deal.digest] = line.after
        begun.add(opening)
        lines.append(line)
    return lines


def plain_bytes(table: RowTable, rows: RowSet) -> int:
    """Return the plain bytes of rows; `unknown-rows` if the edition has not all of them."""
    if rows.end > len(table):
        raise fault("unknown-rows", f"the edition has {len(table)} rows, one up to `{rows.end - 1}` was ordered")
    return sum(table.plain_bytes(first, count) for first, count in rows.ranges)


def _line(order: Order, deal: Deal, table: RowTable, before: Tally, *, fresh: bool) -> Line:
    rows = row_set(order.ranges)
    size = plain_bytes(table, rows)
    if order.use == AGAIN:
        if not rows <= before.rows:
            raise fault("not-paid", "some of the rows asked for again were never paid")
        return Line(order, deal, rows, size, 0, fresh, before)
    counted = _COUNTED[deal.terms.tariff.unit](before, rows, table, fresh)
    amount = tariffs.order_amount(deal.terms.tariff, before.quantity, counted.quantity)
    return Line(order, deal, rows, size, amount, fresh, replace(counted, amount=before.amount + amount))


def _count_bytes(before: Tally, rows: RowSet, table: RowTable, _fresh: bool) -> Tally:  # noqa: FBT001 - a table's column
    new = rows - before.rows
    return Tally(before.rows | new, before.quantity + plain_bytes(table, new))


def _count_openings(before: Tally, rows: RowSet, _table: RowTable, fresh: bool) -> Tally:  # noqa: FBT001 - see above
    return Tally(before.rows | rows, before.quantity + fresh)


_COUNTED = {"byte": _count_bytes, "opening": _count_openings}
assert set(_COUNTED) == set(tariffs.UNITS)
