"""What plain copies cost: the tariff's own count of what was opened, over all copies of one agreement (spec 3.6).

Law: a copy costs what it adds to the copies that ended before it, so pieces opened again under one agreement cost
nothing again; a subscription counts the copies begun in one of its periods. What it comes to is paid outside channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts import meter, periods
from contracts.ranges import RowSet
from contracts.tariff import order_amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.store.rows.vault import CopyRow
    from contracts.tariff import Tariff
    from ledger.edition.row_table import RowTable

    Copies = Sequence[CopyRow]


def together(tariff: Tariff, copies: Copies, copy: CopyRow) -> Copies:
    """Return those of other `copies` that count in one account with `copy`: all, or those of its period."""
    if not tariff.period:
        return copies
    period = periods.number(tariff.period, copy.created)
    return [one for one in copies if periods.number(tariff.period, one.created) == period]


def quantity(tariff: Tariff, copies: Copies, table: RowTable) -> int:
    """Return what a tariff counts of copies that are one account."""
    counts = tariff.counted.counts
    if counts == "opening":
        return len(copies)
    if counts == "call":
        return sum(copy.calls for copy in copies)
    rows = RowSet()
    for copy in copies:
        rows |= RowSet.from_json(copy.rows)
    return meter.added(tariff, rows, table, begins=False)


def cost(tariff: Tariff, ended: Copies, copy: CopyRow, table: RowTable) -> int:
    """Return minor units for `copy`, after those that `ended` before it."""
    account = together(tariff, ended, copy)
    return order_amount(tariff, quantity(tariff, account, table), quantity(tariff, [*account, copy], table))
