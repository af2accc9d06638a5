"""The payer's first half: from a wish to a signed voucher (spec 4, messages 1 to 3 and 5).

Law: on a channel at most one voucher is unreleased; while it is, nothing else is signed. `masked` and the voucher are
one row, durable before the caller can send it, and the row is what is sent again after a crash. What is signed has been
priced here, from our own books, and never by the other side.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import batch, chain_time, equivocation, offer_check, receipts, said, states, turn, windows
from connector.channel.errors import fault
from connector.channel.payee import MAX_SEQ_GAP
from connector.channel.plan import ready
from connector.channel.turn import Turn
from connector.runtime.limits import CLOCK_LEEWAY_SECONDS
from connector.store.rows.channel import Side, WindowRow, WindowState
from connector.store.table_row import replace
from contracts import signature, voucher
from contracts.typed_data import Order, Voucher, digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from connector.channel.doors import Buyer
    from connector.channel.messages import Equivocation, KeyRequest, OfferMessage, VoucherMessage
    from connector.channel.priced import Line
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx


def on_offer(
    tx: Tx, buyer: Buyer, channel_id: bytes, request: KeyRequest, message: OfferMessage, now: datetime
) -> VoucherMessage | Equivocation:
    """Check message 2 against our own request and books; sign, keep and return message 3.

    Raises `ChannelFault`, having changed nothing, for a wrong offer: it is the payee's, and nothing is owed for it.
    """
    account = accounts.load(tx, channel_id, Side.PAYER)
    known = windows.find(tx, account, message.offer.seq)
    if known is not None and known.offer is not None:
        return _known(tx, buyer, account, known, message, now)
    account = ready(tx, channel_id)
    if request.prev != account.account_hash:
        raise fault("behind", "the request was planned before the newest released window")
    lines = batch.read(tx, buyer, account, request.orders, now, contexts=request.contexts)
    batch.check_money(tx, account, lines)
    if [line.amount for line in lines] != [order.amount for order in request.orders]:
        raise fault("wrong-amount", "the request was planned on another state of our books")
    receipts.require_clock(tx, buyer, now)
    offer_check.check(message, _expected(tx, buyer, account, request, lines, now))
    if windows.lock_known(tx, message.offer.lock):
        raise fault("offer-lock", "the lock was used before")
    masked = offer_check.open_masked(
        message, _readers(tx, buyer, request.orders), sum(len(line.rows) for line in lines)
    )
    amount = sum(line.amount for line in lines)
    window = turn.take(tx, buyer, _signed(tx, buyer, account, request, message, masked, amount, now))
    acknowledge_released(tx, buyer, account)
    return said.paid(window)


def waiting(tx: Tx, channel_id: bytes) -> VoucherMessage | None:
    """Return the one unreleased voucher, to be sent again with the same bytes; None when there is none."""
    found = windows.unreleased(tx, accounts.load(tx, channel_id, Side.PAYER))
    return None if found is None else said.paid(found)


def acknowledge(tx: Tx, buyer: Buyer, channel_id: bytes, now: datetime) -> VoucherMessage:
    """Return message 5, the final acknowledgement of all keys received; asked again, the same one."""
    account = ready(tx, channel_id)
    last = windows.newest(tx, account, WindowState.RELEASED, WindowState.ACKNOWLEDGED, WindowState.CLOSING)
    if last is None:
        raise fault("nothing-released", "no keys were received on this channel")
    # else an older window came after it
    if last.state == WindowState.CLOSING and last.account_hash == account.account_hash:
        return said.paid(last)
    closing = turn.take(tx, buyer, _closed(buyer, account, now))
    acknowledge_released(tx, buyer, account)
    return said.paid(closing)


def _closed(buyer: Buyer, account: ChannelRow, now: datetime) -> Turn:
    """Return the turn that holds the final acknowledgement, signed."""
    signed = Voucher(account.channel_id, account.seq + 1, account.cumulative, account.account_hash, voucher.NO_LOCK, 0)
    closing = WindowRow(
        channel=account.id,
        seq=signed.seq,
        role=Side.PAYER,
        state=WindowState.NEW,
        created=now,
        prev=account.account_hash,
        account_hash=account.account_hash,
        amount=0,
        cumulative=account.cumulative,
        valid_until=0,
        voucher=signed,
        voucher_signature=buyer.sign(digest(buyer.channels, signed), account.signer),
    )
    return Turn(closing, ("close",))


def acknowledge_released(tx: Tx, buyer: Buyer, account: ChannelRow) -> None:
    """Mark the newest keys as acknowledged by what was just signed, and forget their masked form."""
    last = windows.newest(tx, account, WindowState.RELEASED)
    if last is not None:
        assert last.account_hash == account.account_hash
        turn.take(tx, buyer, Turn(replace(last, masked=None), ("acknowledge",)))


def _readers(tx: Tx, buyer: Buyer, orders: Sequence[Order]) -> dict[bytes, X25519PrivateKey]:
    readers = {}
    for key in batch.reader_keys(orders):
        reader = buyer.keyring.reader(tx, key)
        if reader is None:
            raise fault("bad-reader-key", "the private key of a reader key of ours is gone")
        readers[key] = reader
    return readers


def _expected(
    tx: Tx, buyer: Buyer, account: ChannelRow, request: KeyRequest, lines: Sequence[Line], now: datetime
) -> offer_check.Expected:
    margins = batch.margins(line.deal for line in lines)
    latest = max(now, buyer.chain.sight(tx).block_time)
    furthest = min(latest + timedelta(seconds=margins.lock + CLOCK_LEEWAY_SECONDS), account.expiry)
    return offer_check.Expected(
        domain=buyer.registry,
        payee=account.payee,
        channel_id=account.channel_id,
        seq_above=account.seq,
        seq_up_to=account.seq + MAX_SEQ_GAP,
        account_hash=request.account_hash,
        cumulative=account.cumulative + sum(line.amount for line in lines),
        until_from=int(latest.timestamp()) + margins.least_ttl,
        until_to=int(furthest.timestamp()),
    )


def _signed(
    tx: Tx,
    buyer: Buyer,
    account: ChannelRow,
    request: KeyRequest,
    message: OfferMessage,
    masked: bytes,
    amount: int,
    now: datetime,
) -> Turn:
    """Return the turn that takes an offer and holds the voucher for it, signed."""
    offer = message.offer
    signed = Voucher(
        account.channel_id, offer.seq, offer.cumulative_amount, offer.account_hash, offer.lock, offer.valid_until
    )
    entry = WindowRow(
        channel=account.id,
        seq=offer.seq,
        role=Side.PAYER,
        state=WindowState.NEW,
        created=chain_time.latest(tx, buyer, now),
        prev=request.prev,
        account_hash=request.account_hash,
        amount=amount,
        cumulative=offer.cumulative_amount,
        valid_until=offer.valid_until,
        orders=request.orders,
        contexts=request.contexts,
        lock=offer.lock,
        masked=masked,
        offer=offer,
        offer_signature=message.signature,
        voucher=signed,
        voucher_signature=buyer.sign(digest(buyer.channels, signed), account.signer),
    )
    return Turn(entry, ("offer", "sign"))


def _known(
    tx: Tx, buyer: Buyer, account: ChannelRow, known: WindowRow, message: OfferMessage, now: datetime
) -> VoucherMessage | Equivocation:
    """Answer an offer whose seq we know: the same one has its voucher, another one is a proof against the payee."""
    assert known.offer is not None
    assert known.offer_signature is not None
    if message.offer == known.offer:
        if known.state not in states.UNRELEASED[known.role]:
            raise fault("offer-seq", "this offer is settled")
        return said.paid(known)
    if not signature.is_by(account.payee, digest(buyer.registry, message.offer), message.signature):
        raise fault("offer-signature", "the offer is not signed by the channel's payee")
    first, second = (known.offer, known.offer_signature), (message.offer, message.signature)
    return equivocation.keep(tx, buyer, account, first, second, now)
