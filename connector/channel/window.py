"""How much the payer asks for at a time (spec 1.6, 4).

Law: a window costs at most what may be unreleased, and no more rows than a batch may have; index rows come first, then
critical ones, and never in one window with the rest, unless the rest costs nothing more; towards the end windows halve
down to one row, so that the last one holds hardly anything hostage.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.channel.errors import fault
from contracts import meter, price_words
from contracts import tariff as tariffs
from contracts.ranges import RowSet

if TYPE_CHECKING:
    from connector.channel.priced import Tally
    from contracts.tariff import Tariff
    from ledger.edition.row_table import RowTable

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


@dataclass(frozen=True, slots=True)
class Purse:
    """What the rows of a window are held against: the tariff, what is paid, how many minor units may be spent.

    `most`: how many rows there may be. `begins`: the first of them begins an opening.
    """

    table: RowTable
    tariff: Tariff
    tally: Tally
    money: int
    most: int = MAX_BATCH_ROWS
    begins: bool = False

    def quantity(self, rows: RowSet) -> int:
        """Return the tariff's quantity once `rows` are paid, too."""
        return self.tally.quantity + meter.added(self.tariff, rows - self.tally.rows, self.table, begins=self.begins)

    def cost(self, rows: RowSet) -> int:
        """Return what `rows` cost; ContractError `over-quota` for more than there is."""
        return tariffs.order_amount(self.tariff, self.tally.quantity, self.quantity(rows))

    def longest(self, rows: RowSet, money: int) -> RowSet:
        """Return the longest beginning of `rows`, of at most as many as there may be, that costs at most `money`."""
        rows = rows.take(self.most)
        if self._within(rows, money):
            return rows
        counts = range(1, len(rows) + 1)
        return rows.take(bisect_left(counts, True, key=lambda count: not self._within(rows.take(count), money)))

    def _within(self, rows: RowSet, money: int) -> bool:
        quantity = self.quantity(rows)
        if self.tariff.limit is not None and quantity > self.tariff.limit:
            return False
        return tariffs.order_amount(self.tariff, self.tally.quantity, quantity) <= money


def next_rows(purse: Purse, wanted: RowSet, critical: RowSet) -> RowSet:
    """Return the rows of the next window out of `wanted`; those paid before cost nothing.

    Where more rows cost no more than the first one (a price in advance, a quota), they are taken with it: to split them
    would only put that price at risk for fewer keys. Empty when nothing is wanted; `too-dear` when not even one row is
    affordable, `over-quota` when none is left.
    """
    fit = _affordable(purse, stage(purse.table, wanted, critical))
    if not purse.cost(fit):
        return fit
    beside = purse.longest(wanted, purse.cost(fit.take(1)))
    return max(fit.take(_tapered(len(wanted), len(fit))), beside, key=len)


def opening_rows(purse: Purse, wanted: RowSet, critical: RowSet) -> RowSet:
    """Return the rows of an opening's next window: all at once where nothing is gained by cutting them."""
    fit = _affordable(purse, wanted)
    return fit if purse.cost(fit) == purse.cost(fit.take(1)) else next_rows(purse, wanted, critical)


def _affordable(purse: Purse, rows: RowSet) -> RowSet:
    fit = purse.longest(rows, purse.money)
    if fit or not rows:
        return fit
    if purse.longest(rows, tariffs.MAX_MINOR):
        most = price_words.money(purse.money, purse.tariff.currency)
        raise fault("too-dear", f"one row costs more than the {most} that may be unreleased")
    raise fault("over-quota", f"the quota of this {purse.tariff.period} is used up")


def _tapered(remaining: int, fit: int) -> int:
    """Return how many of `fit` rows to take with `remaining` to go: at most half of them, rounded up, at the end."""
    return min(fit, max(1, (remaining + 1) // 2))
