"""What a payee loses, and when, unless it claims or its payer acknowledges before (spec 3.5, 4; decision 0112).

Law: an amount is at risk as far as it is above all that the chain or an acknowledgement holds for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import chain_time, claims, windows
from connector.store.rows.channel import Side, WindowState

if TYPE_CHECKING:
    from datetime import datetime

    from connector.channel.doors import Desk
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx

# channels on which more was released than the chain or an acknowledgement holds; CROSS, so that SQLite begins with the
# channels that go on and not with all windows that ever were
_AT_RISK = (
    "SELECT DISTINCT channels.id FROM channels CROSS JOIN windows AS released "
    "WHERE released.channel = channels.id AND released.state IN (?, ?) AND released.cumulative = channels.cumulative "
    "AND channels.role = ? AND channels.state IN (?, ?, ?, ?) AND channels.claimed <> channels.cumulative "
    "AND released.valid_until > 0 AND NOT EXISTS (SELECT 1 FROM windows AS held WHERE held.channel = channels.id "
    "AND held.state = ? AND held.cumulative = channels.cumulative)"
)


@dataclass(frozen=True, slots=True)
class Lapse:
    """`amount` minor units on a channel lapse at `at`; from `claimed_from` on this participant claims them itself.

    `lost`: there is nothing left to claim them with; only the payer's acknowledgement brings them still.
    """

    channel: str
    agreement: str
    peer: str
    amount: int
    at: datetime
    claimed_from: datetime
    lost: bool


def lapses(tx: Tx, desk: Desk) -> list[Lapse]:
    """Return what lapses on our channels, or has lapsed; what comes first stands first."""
    rows = tx.execute(
        _AT_RISK, WindowState.PAID, WindowState.ACKNOWLEDGED, Side.PAYEE, *accounts.LIVE, WindowState.CLOSING
    )
    found = [_lapse(tx, desk, accounts.load(tx, bytes.fromhex(row["id"]), Side.PAYEE)) for row in rows]
    return sorted((each for each in found if each is not None), key=lambda each: each.at)


def _lapse(tx: Tx, desk: Desk, account: ChannelRow) -> Lapse | None:
    released = windows.newest(tx, account, WindowState.PAID, WindowState.ACKNOWLEDGED)
    if released is None:
        return None
    closing = windows.newest(tx, account, WindowState.CLOSING)
    safe = max(account.claimed, 0 if closing is None else closing.cumulative)
    in_hand = max(safe, claims.in_hand(tx, desk, account))
    lost = in_hand < released.cumulative
    amount = (released.cumulative if lost else in_hand) - (in_hand if lost else safe)
    end = chain_time.end_of(account, released.valid_until)
    if not amount or end is None:
        return None
    start = end - claims.margin(tx, desk, account, released)
    return Lapse(account.id, account.agreement, account.peer, amount, end, start, lost)
