"""What the chain's clock says, as far as a participant can tell, for it alone decides when a voucher lapses (spec 3.2).

Law: it runs on while nobody looks: it is reckoned from the newest block and the time since that was seen, and never
behind our own, so that a claim is early rather than late. That a voucher *is* lapsed only a block can say.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger.chain.errors import ChainUnreachable
from ledger.stamp import at_second

if TYPE_CHECKING:
    from datetime import datetime

    from connector.channel.doors import Desk
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx


def latest(tx: Tx, desk: Desk, now: datetime) -> datetime:
    """Return max(own clock, newest block time): a clock that was set back begins no period anew.

    Raises ChainUnreachable where the chain was not seen since the start: nothing is promised then.
    """
    return max(now, desk.chain.sight(tx).block_time)


def reckoned(tx: Tx, desk: Desk, now: datetime) -> datetime:
    """Return what the chain's clock says at the least; our own where the chain was not seen since the start."""
    try:
        sight = desk.chain.sight(tx)
    except ChainUnreachable:
        return now
    return max(now, sight.block_time + max(now - sight.seen_at, timedelta()))


def seen(tx: Tx, desk: Desk) -> datetime:
    """Return the time of the newest block; the beginning of time where the chain was not seen since the start."""
    try:
        return desk.chain.sight(tx).block_time
    except ChainUnreachable:
        return at_second(0)


def end_of(account: ChannelRow, valid_until: int) -> datetime | None:
    """Return until when a voucher can be claimed, None for one that never lapses; an ended freeze gave time back."""
    return at_second(valid_until + (account.frozen_for or 0)) if valid_until else None
