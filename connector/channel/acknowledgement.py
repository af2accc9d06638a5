"""What a served payer owes its payee: the voucher without a lock, in time (spec 4, message 5; decision 0112).

Law: keys are acknowledged once they were opened, or nobody will ask for them again; before that the same release may be
had again for nothing. A `closing` row is owed until its payee has taken it (`TAKEN`), whatever happened in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import openings, plan, windows
from connector.channel.errors import ChannelFault
from connector.channel.tally import OPEN
from connector.store.rows.channel import ChannelState, Side, WindowState
from connector.store.rows.use import OpeningRow, OpeningState
from connector.store.table_row import replace
from ledger.stamp import at_second

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.rows.channel import WindowRow
    from connector.store.transaction import Tx

TAKEN = "taken"  # the code of a payer's closing row whose payee has it
# from the channels that are open, which are few, to their windows: not from all windows that ever closed a channel
_OWED = (
    "SELECT DISTINCT channel FROM channels CROSS JOIN windows WHERE channels.state = ? "
    "AND windows.channel = channels.id AND windows.state IN (?, ?) AND windows.role = ? AND windows.code <> ?"
)


@dataclass(frozen=True, slots=True)
class Owed:
    """An acknowledgement that a payee lacks. `signed`: it is kept here already, and has only to arrive.

    `leased`: the keys are of openings; `runs_until` is when the last of them that was not ended is over, None if all
    were.
    """

    peer: str
    signed: bool = False
    leased: bool = False
    runs_until: datetime | None = None


def channels(tx: Tx) -> list[str]:
    """Return the channels on which something may be owed."""
    return tx.column(_OWED, ChannelState.OPEN, WindowState.RELEASED, WindowState.CLOSING, Side.PAYER, TAKEN)


def owed(tx: Tx, channel_id: bytes) -> Owed | None:
    """Return what is owed on a channel, None where a later voucher says the same, or nothing may be signed now."""
    try:
        account = plan.ready(tx, channel_id)
    except ChannelFault:
        return None
    last = windows.newest(tx, account, WindowState.RELEASED, WindowState.CLOSING)
    if last is None or last.code == TAKEN:
        return None
    if last.state == WindowState.CLOSING:
        return Owed(account.peer, signed=True)
    leased = any(order.use == OPEN for order in last.orders)
    return Owed(account.peer, leased=leased, runs_until=_runs_until(tx, last))


def taken(tx: Tx, channel_id: bytes, seq: int) -> None:
    """Note that the payee has the acknowledgement with this seq."""
    window = windows.find(tx, accounts.load(tx, channel_id, Side.PAYER), seq)
    assert window is not None, "what was sent is kept"
    windows.save(tx, replace(window, code=TAKEN))


def _runs_until(tx: Tx, window: WindowRow) -> datetime | None:
    """Return when the openings of a window end that run; at half of its voucher's life at the latest.

    So the payee has it well before it would have to claim with the preimage.
    """
    rows = [tx.get(OpeningRow, id=openings.identity(Side.PAYER, order)) for order in window.orders]
    ends = [row.lease_until for row in rows if row is not None and row.state == OpeningState.OPEN]
    half = window.created + (at_second(window.valid_until) - window.created) / 2
    return min(max(ends), half) if ends else None
