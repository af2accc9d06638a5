"""How much the payer asks for at a time (spec 1.6, 4).

Law: a window costs at most what may be unreleased, and no more rows than a batch may have; index rows come first, then
critical ones, and never in one window with the rest; towards the end windows halve down to one row, so that the last
one holds hardly anything hostage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.channel.errors import fault
from contracts import tariff as tariffs
from contracts.ranges import RowSet

if TYPE_CHECKING:
    from connector.channel.tally import Tally
    from contracts.tariff import Tariff
    from ledger.row_table import RowTable

# the keys of one batch are masked, sealed and sent at once: 4,096 rows are 128 KiB of them
MAX_BATCH_ROWS = 4096


def index_rows(table: RowTable) -> RowSet:
    """Return the rows of the private index; they stand first in every edition."""
    return RowSet.of([(0, table.index_rows)])


def stage(table: RowTable, wanted: RowSet, critical: RowSet) -> RowSet:
    """Return those wanted rows whose turn it is: index, then critical ranges, then the rest."""
    for turn in (index_rows(table), critical):
        if now := wanted & turn:
            return now
    return wanted


def next_rows(table: RowTable, wanted: RowSet, critical: RowSet, tariff: Tariff, tally: Tally, money: int) -> RowSet:
    """Return the rows of the next window out of `wanted` for at most `money` minor units, under a price per byte.

    Rows paid before cost nothing. Empty when nothing is wanted; `too-dear` when not even one row is affordable.
    """
    turn = stage(table, wanted, critical)
    if not turn:
        return turn
    limit = tariffs.affordable(tariff, tally.quantity, money)
    fit = _fitting(table, turn, tally.rows, None if limit is None else limit - tally.quantity)
    if not fit:
        raise fault("too-dear", f"one row costs more than the {money} minor units that may be unreleased")
    return fit if fit <= tally.rows or limit is None else fit.take(_tapered(len(wanted), len(fit)))


def opening_rows(wanted: RowSet, tariff: Tariff, tally: Tally, money: int, *, fresh: bool) -> RowSet:
    """Return the rows of an opening's next window, under a price per opening.

    It is paid once and as a whole, so splitting it would only put its price at risk for fewer keys.
    """
    if fresh and tariffs.order_amount(tariff, tally.quantity, tally.quantity + 1) > money:
        raise fault("too-dear", f"an opening costs more than the {money} minor units that may be unreleased")
    return wanted.take(MAX_BATCH_ROWS)


def _fitting(table: RowTable, turn: RowSet, paid: RowSet, plain_limit: int | None) -> RowSet:
    """Return the longest beginning of `turn` whose unpaid plain bytes stay within the limit."""
    unpaid = turn - paid
    count = plain = 0
    for row in turn:
        plain += table.plain_bytes(row, 1) if row in unpaid else 0
        if count == MAX_BATCH_ROWS or (plain_limit is not None and plain > plain_limit):
            break
        count += 1
    return turn.take(count)


def _tapered(remaining: int, fit: int) -> int:
    """Return how many of `fit` rows to take with `remaining` to go: at most half of them, rounded up, at the end."""
    return min(fit, max(1, (remaining + 1) // 2))
