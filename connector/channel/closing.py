"""Closing a channel as its payee: what it is closed at is picked in the write after which nothing more is released.

Law: nothing that was released is given up. A channel on which more was released than can be claimed stays as it is,
until its payer has acknowledged what it received (spec 4, row 5, without a lock). What was offered and not paid is
void; its voucher, should it still come, is refused in writing, so that the payer may sign elsewhere at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import claims, payee, windows
from connector.store.rows.channel import Side

if TYPE_CHECKING:
    from datetime import datetime

    from connector.channel.claims import Claim
    from connector.channel.doors import Holder
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Picked:
    """What a channel is closed at: the claim, None if nothing is left to claim.

    `short` minor units were released and can be claimed by nothing; while there are any, the channel is not closing.
    """

    claim: Claim | None
    short: int


def begin(tx: Tx, holder: Holder, channel_id: bytes, now: datetime) -> Picked:
    """Pick what to close a channel at, and let nothing more be offered, taken or released on it."""
    account = accounts.load(tx, channel_id, Side.PAYEE)
    short = claims.shortfall(tx, holder, account, now)
    if not short:
        accounts.close(tx, account)
        void(tx, holder, account)
    return Picked(claims.newest(tx, holder, channel_id, now), short)


def void(tx: Tx, holder: Holder, account: ChannelRow) -> None:
    """Give up what was offered on a channel that is closing, or that the chain has closed: nobody can pay for it there.

    One that a back-up knows as offered only comes back when its payer shows it as released (`resume`).
    """
    waiting = windows.unreleased(tx, account)
    if waiting is not None:
        payee.void(tx, holder, waiting, "supersede", accounts.ENDING)
