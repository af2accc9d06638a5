"""What was spent and earned, as the rows of released windows sum up."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from connector.store import sums
from connector.store.rows.channel import Side, WindowState

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
AMOUNT = sums.select("windows.amount", "amount")


def spent(tx: Tx, begin: date) -> int:
    """Return what was spent since a day."""
    return _sum(tx, *since(Side.PAYER, begin))


def spent_on(tx: Tx, channel: str) -> int:
    """Return what was spent through a channel."""
    return _sum(tx, _owed(Side.PAYER) + _WITHIN, [Side.PAYER, *OWED[Side.PAYER], channel])


def since(role: Side, begin: date) -> tuple[str, list[Any]]:
    """Return what windows of our role since a day are, as a condition with its values."""
    since = int(datetime.combine(begin, time(), UTC).timestamp()) * MICROSECONDS
    return _owed(role) + _SINCE, [role, *OWED[role], since]


def _owed(role: Side) -> str:
    return _WHERE.format(marks=", ".join("?" * len(OWED[role])))


def _sum(tx: Tx, where: str, values: list[Any]) -> int:
    return sums.total(tx.execute(f"SELECT {AMOUNT} FROM windows {where}", *values)[0], "amount")  # noqa: S608  # named here
