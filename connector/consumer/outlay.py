"""What was spent and earned: as the rows of released windows sum up, and what was answered under agreements of ours."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from connector.store import sums
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import Side, WindowState
from contracts.tariff import Tariff, order_amount

if TYPE_CHECKING:
    from datetime import date

    from connector.store.transaction import Tx

MICROSECONDS = 1_000_000
# states of a window, by our role, whose keys are out: what is owed for them is owed for good
OWED = {
    Side.PAYER: (WindowState.RELEASED, WindowState.ACKNOWLEDGED, WindowState.FAULT),
    Side.PAYEE: (WindowState.PAID, WindowState.ACKNOWLEDGED),
}
# of our role, with keys that are out
_WHERE = "WHERE windows.role = ? AND windows.state IN ({marks}) AND "
_SINCE, _WITHIN = "windows.created >= ?", "windows.channel = ?"
# of each agreement with an answer since then: the units that were answered before, and by now
_ANSWERED = (
    "SELECT agreement, sum(CASE WHEN ended < ? THEN coalesce(units, 1) ELSE 0 END) AS earlier, "
    "sum(coalesce(units, 1)) AS later FROM answers "
    "WHERE ended IS NOT NULL GROUP BY agreement HAVING max(ended) >= ?"
)
AMOUNT = sums.select("windows.amount", "amount")


def spent(tx: Tx, begin: date) -> int:
    """Return what was spent since a day."""
    return _sum(tx, *since(Side.PAYER, begin))


def spent_on(tx: Tx, channel: str) -> int:
    """Return what was spent through a channel."""
    return _sum(tx, _owed(Side.PAYER) + _WITHIN, [Side.PAYER, *OWED[Side.PAYER], channel])


def answered(tx: Tx, begin: date) -> int:
    """Return what answers since a day add to what each agreement comes to; a subscription is paid whatever is asked."""
    since, total = _instant(begin), 0
    for told in tx.execute(_ANSWERED, since, since):
        before, after, deal = told["earlier"], told["later"], tx.get(AgreementRow, digest=told["agreement"])
        tariff = None if deal is None else Tariff.from_json(deal.signed_terms["tariff"])
        total += 0 if tariff is None or tariff.period else order_amount(tariff, int(before), int(after))
    return total


def since(role: Side, begin: date) -> tuple[str, list[Any]]:
    """Return what windows of our role since a day are, as a condition with its values."""
    return _owed(role) + _SINCE, [role, *OWED[role], _instant(begin)]


def _instant(begin: date) -> int:
    return int(datetime.combine(begin, time(), UTC).timestamp()) * MICROSECONDS


def _owed(role: Side) -> str:
    return _WHERE.format(marks=", ".join("?" * len(OWED[role])))


def _sum(tx: Tx, where: str, values: list[Any]) -> int:
    return sums.total(tx.execute(f"SELECT {AMOUNT} FROM windows {where}", *values)[0], "amount")  # noqa: S608  # named here
