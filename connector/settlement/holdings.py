"""What lies in our channels, by our side of them: sums that pages and wallet share, so that they cannot differ.

Law: the database sums. Of a channel that is not closed its payer holds `deposit - claimed`: what is promised and not
claimed yet is owed, the rest is free and comes back when the channel is closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.store import sums
from connector.store.rows.channel import ChannelState, Side

if TYPE_CHECKING:
    from connector.store.transaction import Tx

SUMS = ("deposit", "cumulative", "claimed")


def all_time(tx: Tx, role: Side) -> tuple[int, dict[str, int]]:
    """Return how many channels there ever were on a side of ours, and what was paid in, promised and claimed."""
    return _sums(tx, "WHERE role = ?", role)


def open_now(tx: Tx, role: Side) -> tuple[int, dict[str, int]]:
    """Return the same of the channels that are not closed."""
    return _sums(tx, "WHERE role = ? AND state <> ?", role, ChannelState.CLOSED)


def free(tx: Tx) -> int:
    """Return what lies in open channels of ours and is promised to nobody: it comes back when they are closed."""
    _, found = open_now(tx, Side.PAYER)
    return max(0, found["deposit"] - found["cumulative"])


def owed(tx: Tx, role: Side) -> int:
    """Return what is promised by vouchers on open channels and not claimed yet: by us as payer, to us as payee."""
    _, found = open_now(tx, role)
    return max(0, found["cumulative"] - found["claimed"])


def _sums(tx: Tx, where: str, *values: str) -> tuple[int, dict[str, int]]:
    listed = ", ".join(sums.select(name, name) for name in SUMS)
    row = tx.execute(f"SELECT count(*) AS channels, {listed} FROM channels {where}", *values)[0]  # noqa: S608  # named here
    return int(row["channels"]), {name: sums.total(row, name) for name in SUMS}
