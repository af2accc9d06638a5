"""When a receipt may say that keys were released (spec 4, **A receipt's `releasedAt`**; decision 0111).

Law: a lease, a bill and an audit reckon with a time that the payee signed, so the payer holds it against what it knows
itself: keys are released after their voucher was signed and before their receipt is read, give or take `clockLeeway`.
A side whose own clock is behind the chain could sign or believe no such receipt: it offers, signs and releases nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connector.channel import batch
from connector.channel.errors import fault
from connector.runtime.limits import RECEIPT_LEEWAY_SECONDS
from ledger.stamp import at_second

if TYPE_CHECKING:
    from datetime import datetime

    from connector.channel.doors import Desk
    from connector.store.rows.channel import ChannelRow, WindowRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Receipt

LEEWAY = timedelta(seconds=RECEIPT_LEEWAY_SECONDS)


def check_time(receipt: Receipt, signed: datetime, now: datetime) -> None:
    """Raise `bad-receipt` unless a receipt's time lies between the signing of its voucher and now.

    `signed` is no earlier than the newest block that was seen then. A receipt that comes again later, after a crash or
    by resuming, is held against the same two.
    """
    try:
        released = at_second(receipt.released_at)
    except ValueError as error:
        raise fault("bad-receipt", f"the receipt bears no time: {error}") from error
    if not signed - LEEWAY <= released <= now + LEEWAY:
        between = f"between {signed.isoformat()} and {now.isoformat()}"
        raise fault("bad-receipt", f"the receipt says that keys were released at {released.isoformat()}, not {between}")


def first_signed(tx: Tx, desk: Desk, account: ChannelRow, known: WindowRow | None, shown: WindowRow) -> datetime:
    """Return when the voucher of a `shown` window was signed, or could have been at the earliest if that is lost here.

    Such a voucher lapses within `lockTtl` of its offer, and that time is signed by ourselves.
    """
    if known is not None:
        return known.created
    lock_seconds = batch.margins(batch.deals(tx, desk, account, shown.orders).values()).lock
    return at_second(shown.valid_until - lock_seconds)


def require_clock(tx: Tx, desk: Desk, now: datetime) -> None:
    """Refuse to go on while the newest block is of later than our own clock says: one of the two is wrong."""
    ahead = desk.chain.sight(tx).block_time - now
    if ahead > LEEWAY:
        seconds = int(ahead.total_seconds())
        raise fault("wrong-clock", f"the newest block is of {seconds} s after what the clock here says")
