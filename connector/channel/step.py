"""A window's last message and the next one's first in one round trip: offer n+1 rides on release n (spec 4).

    payer → Step{voucher n, request n+1}        payee: release n and offer n+1, one transaction
    payee → StepMessage{release n, offer n+1}   payer: keys of n and voucher n+1, one transaction

Law: what becomes of n+1 never harms n. Each side first does all of n; n+1 is a part of the same transaction that may
fail alone, and then it is asked for by itself. Every crash point is one of the two windows' own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.channel import payee, payer, receive, release
from connector.channel.errors import ChannelFault
from connector.channel.messages import Denial, Equivocation, ReleaseMessage, StepMessage, VoucherMessage

if TYPE_CHECKING:
    from datetime import datetime

    from connector.channel.doors import Buyer, Holder
    from connector.channel.messages import KeyRequest, RefusalMessage, Step
    from connector.channel.receive import Received
    from connector.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step brought the payer: the keys of one window, and what was signed for the next.

    `signed` is None when nothing was offered, or when `fault` says what is wrong with what was.
    """

    received: Received
    signed: VoucherMessage | Equivocation | None
    fault: ChannelFault | None = None


def on_step(
    tx: Tx, holder: Holder, peer: str, channel_id: bytes, message: Step, now: datetime
) -> StepMessage | RefusalMessage | Equivocation:
    """Answer a voucher as by itself, and beside its release the request for what follows it."""
    released = release.on_voucher(tx, holder, peer, channel_id, message.paid, now)
    if not isinstance(released, ReleaseMessage):
        return released
    try:
        offered = tx.attempt(lambda tx: payee.on_key_request(tx, holder, peer, channel_id, message.request, now))
    except ChannelFault:
        return StepMessage(released, None)
    return StepMessage(released, None if isinstance(offered, Denial) else offered)


def on_stepped(
    tx: Tx,
    buyer: Buyer,
    channel_id: bytes,
    request: KeyRequest,
    message: StepMessage,
    read: Received,
    now: datetime,
) -> Stepped:
    """Take a release whose keys were `read` and have opened their pieces; sign for the offer that came with it."""
    received = receive.on_release(tx, buyer, channel_id, message.released, now, read)
    offered = message.offered
    if offered is None or received.code:
        return Stepped(received, None)
    try:
        signed = tx.attempt(lambda tx: payer.on_offer(tx, buyer, channel_id, request, offered, now))
    except ChannelFault as fault:
        return Stepped(received, None, fault)
    return Stepped(received, signed)
