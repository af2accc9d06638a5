"""Resuming: each side shows its newest signed states, and the newest valid one wins, also over a back-up (spec 4).

    payer → Resume{its newest released seq, its newest signed window}
    payee → Resume{the same of its own, and the windows the payer lacks}
    payer → the windows the payee lacks, if it is the one behind; until both are level

Law: only signatures move a side forward, never the word of the other: a window is adopted when it follows from our own
newest state, was offered and receipted by the payee and paid by the signer. A locked voucher shows an order, not a
release: a payee that does not know a window as released adopts it by its own receipt, or by a voucher without a lock;
one that it refused, replaced or let lapse comes back by its receipt alone, which shows that a back-up forgot it; and
one that it claimed and forgot because the chain says which it was. What
we signed and lost counts against us. Nothing adopted lowers what can be claimed (`connector.channel.claims`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import (
    batch,
    equivocation,
    judgement,
    offer_check,
    openings,
    payer,
    receipts,
    receive,
    release,
    said,
    tally,
    turn,
    windows,
)
from connector.channel.errors import ChannelFault, fault
from connector.channel.messages import Equivocation, Resume, Testimony
from connector.channel.tally import OPEN
from connector.channel.turn import Turn
from connector.enforcement.context import purpose_of
from connector.store.rows.channel import ChannelState, Side, WindowRow, WindowState
from connector.store.table_row import replace
from contracts import signature
from contracts.typed_data import Batch, digest, struct_hash
from ledger.edition import mask

if TYPE_CHECKING:
    from datetime import datetime

    from connector.channel.doors import Buyer, Desk, Holder
    from connector.channel.messages import RefusalMessage, VoucherMessage
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx

# windows shown in one message; the rest follows in the next round
MAX_WINDOWS = 16
_RELEASED = {
    Side.PAYER: (WindowState.RELEASED, WindowState.ACKNOWLEDGED, WindowState.FAULT),
    Side.PAYEE: (WindowState.PAID, WindowState.ACKNOWLEDGED),
}


def show(tx: Tx, channel_id: bytes, role: Side, after: int | None = None) -> Resume:
    """Return our newest state, with our windows after seq `after`, or only the newest signed one if None."""
    account = accounts.load(tx, channel_id, role)
    seq = _newest_released(tx, account)
    shown = windows.later(tx, account, seq - 1 if after is None else after, MAX_WINDOWS)
    final = windows.newest(tx, account, WindowState.CLOSING)
    told = tuple(
        _testimony(window, final) for window in shown if window.offer is not None and window.voucher is not None
    )
    return Resume(seq, account.account_hash, told[-1:] if after is None else told)


def show_all(tx: Tx, buyer: Buyer, channel_id: bytes, now: datetime) -> Resume:
    """Return what the payer begins with: as `show`, and keys that came from the chain, without a receipt, acknowledged.

    Nothing else could show the payee, should it have forgotten them, that they were released.
    """
    account = accounts.load(tx, channel_id, Side.PAYER)
    last = windows.newest(tx, account, *_RELEASED[Side.PAYER])
    unproven = last is not None and last.receipt is None and last.state == WindowState.RELEASED
    if unproven and account.state == ChannelState.OPEN:  # nothing was signed since, or it were acknowledged by that
        payer.acknowledge(tx, buyer, channel_id, now)
    return show(tx, channel_id, Side.PAYER)


def on_resume_payee(
    tx: Tx, holder: Holder, peer: str, channel_id: bytes, message: Resume, now: datetime
) -> Resume | Equivocation:
    """Adopt what the payer shows and we lost; answer with our newest state and what the payer lacks."""
    account = accounts.load(tx, channel_id, Side.PAYEE, peer)
    answers, released = [], _released_before(holder, account, message)
    for told in message.windows:
        account = accounts.load(tx, channel_id, Side.PAYEE)
        known = windows.find(tx, account, told.paid.voucher.seq)
        if different := _differs(tx, holder, account, known, told, now):
            return different
        if told.prev != account.account_hash:
            continue
        if told.offered.offer.account_hash in released or _shows_release(account, known, told):
            _adopt_as_payee(tx, holder, account, known, told, now)
        elif _is_lost(account, known, told, message):
            answers.append(replace(told, refused=_refuse_lost(tx, holder, account, told, now)))
    mine = show(tx, channel_id, Side.PAYEE, message.seq)
    return replace(mine, windows=(*answers, *mine.windows))


def on_resume_payer(
    tx: Tx, buyer: Buyer, channel_id: bytes, message: Resume, now: datetime, sent: Resume | None = None
) -> Resume | Equivocation | None:
    """Adopt what the payee shows and we lack; return the next message to send, None when both sides are level.

    `sent` is what this answers: a voucher that waits and was not in it is shown to a payee that is level now.
    """
    for told in message.windows:
        account = accounts.load(tx, channel_id, Side.PAYER)
        known = windows.find(tx, account, told.paid.voucher.seq)
        if different := _differs(tx, buyer, account, known, told, now):
            return different
        if told.refused is not None:
            _adopt_refusal(tx, buyer, account, known, told, now)
        elif told.prev == account.account_hash and told.receipt is not None:
            _adopt_as_payer(tx, buyer, account, known, told, now)
    account = accounts.load(tx, channel_id, Side.PAYER)
    if message.account_hash == account.account_hash:
        return None if sent is None else _unshown(tx, account, sent)
    mine = show(tx, channel_id, Side.PAYER, message.seq)
    if not mine.windows or mine.seq < message.seq:
        if len(message.windows) >= MAX_WINDOWS:
            return show(tx, channel_id, Side.PAYER)
        raise fault("bad-testimony", "the two sides' states do not follow from each other")
    return mine


def _unshown(tx: Tx, account: ChannelRow, sent: Resume) -> Resume | None:
    """Return what shows a voucher that waits, unless it was shown last.

    A payee that lost its offer refuses it only where it builds on what both know; shown to one that was behind, and not
    among the windows by which that came level, it would wait for a release that nobody can make.
    """
    waiting = windows.newest(tx, account, WindowState.SIGNED)
    if waiting is None or waiting.seq in {one.paid.voucher.seq for one in sent.windows}:
        return None
    return show(tx, account.channel_id, Side.PAYER)


def _is_lost(account: ChannelRow, known: WindowRow | None, told: Testimony, message: Resume) -> bool:
    """Say whether a paid window is to be refused: it did not lapse, and is not one that we claimed and forgot."""
    waits = known is None and told.paid.voucher.seq > message.seq
    return waits and not accounts.has_forgotten(account)


def _released_before(desk: Desk, account: ChannelRow, message: Resume) -> set[bytes]:
    """Return which of the shown windows the payee released and claimed and then forgot, by their account hashes.

    It is the one whose lock was opened on chain, and whatever a released one builds on; a payer that still waits for
    its keys looks at the chain first. The account hash of a claim names nothing: a payer may sign free money of any
    amount for any, and claim that itself, but it opens no lock of an offer. Free money shows nothing then: what it
    acknowledges the chain has paid, and another window than the claimed one would come for nothing.
    """
    if not accounts.has_forgotten(account):
        return set()
    sure: set[bytes] = set()
    found = set()
    for told in reversed(message.windows):
        _check(desk, account, told)
        offer = told.offered.offer
        if offer.seq > message.seq:
            continue
        is_shown = offer.account_hash in sure or offer.lock == account.claimed_lock
        is_paid = is_shown and offer.cumulative_amount <= account.claimed
        if told.receipt is not None or is_paid:
            found.add(offer.account_hash)
            sure.add(told.prev)
    return found


def _shows_release(account: ChannelRow, known: WindowRow | None, told: Testimony) -> bool:
    """Say whether a shown window that the payee does not know as released was: its own receipt or free money say so.

    On a closed channel free money brings nothing any more, and so shows nothing.
    """
    given_up = known is not None and known.state == WindowState.VOID
    over = account.state == ChannelState.CLOSED or accounts.has_forgotten(account)
    return told.receipt is not None or (told.acknowledged is not None and not given_up and not over)


def _newest_released(tx: Tx, account: ChannelRow) -> int:
    window = windows.newest(tx, account, *_RELEASED[account.role])
    return 0 if window is None else window.seq


def _testimony(window: WindowRow, final: WindowRow | None) -> Testimony:
    """Return what shows a window: `final` is the channel's newest acknowledgement, which may be of this one."""
    return Testimony(
        prev=window.prev,
        orders=window.orders,
        contexts=window.contexts,
        offered=said.offered(window),
        paid=said.paid(window),
        receipt=window.receipt,
        receipt_signature=window.receipt_signature or b"",
        preimage=window.secret if window.receipt is not None else None,
        refused=None if window.refusal is None else said.refused(window),
        acknowledged=_acknowledgement(window, final),
    )


def _acknowledgement(window: WindowRow, final: WindowRow | None) -> VoucherMessage | None:
    if final is None or final.account_hash != window.account_hash:
        return None
    return said.paid(final)


def _differs(
    tx: Tx, desk: Desk, account: ChannelRow, known: WindowRow | None, told: Testimony, now: datetime
) -> Equivocation | None:
    """Check the signatures of a testimony; keep both where one seq has two signed vouchers or offers."""
    _check(desk, account, told)
    if known is None:
        return None
    pairs = (
        (known.voucher, known.voucher_signature, told.paid.voucher, told.paid.signature),
        (known.offer, known.offer_signature, told.offered.offer, told.offered.signature),
    )
    for mine, mine_signed, other, other_signed in pairs:
        if mine is not None and mine != other:
            assert mine_signed is not None
            return equivocation.keep(tx, desk, account, (mine, mine_signed), (other, other_signed), now)
    return None


def _check(desk: Desk, account: ChannelRow, told: Testimony) -> None:
    """Raise unless offer, voucher and receipt are signed by their sides and are of one window."""
    offer, paid = told.offered.offer, told.paid.voucher
    agrees = (
        offer.channel_id == paid.channel_id == account.channel_id
        and offer.seq == paid.seq
        and offer.account_hash == paid.account_hash == struct_hash(Batch(told.prev, told.orders))
        and offer.cumulative_amount == paid.cumulative_amount
        and offer.lock == paid.lock
        and signature.is_by(account.payee, digest(desk.registry, offer), told.offered.signature)
        and signature.is_by(account.signer, digest(desk.channels, paid), told.paid.signature)
    )
    if not agrees or not (told.receipt is None or _receipted(desk, account, told)):
        raise fault("bad-testimony", "a shown window is not signed by both sides, or its parts do not agree")


def _receipted(desk: Desk, account: ChannelRow, told: Testimony) -> bool:
    assert told.receipt is not None
    return (
        told.receipt.voucher_digest == digest(desk.channels, told.paid.voucher)
        and told.receipt.offer_digest == digest(desk.registry, told.offered.offer)
        and signature.is_by(account.payee, digest(desk.registry, told.receipt), told.receipt_signature)
    )


def _next_window(account: ChannelRow, told: Testimony, now: datetime) -> WindowRow:
    """Return a shown window that builds on our newest released one; its amount must follow from there."""
    window = _window(account, told, now)
    if window.cumulative != account.cumulative + window.amount:
        raise fault("bad-testimony", "the amount of a shown window does not follow from the newest common state")
    return window


def _window(account: ChannelRow, told: Testimony, now: datetime) -> WindowRow:
    offer = told.offered.offer
    return WindowRow(
        channel=account.id,
        seq=offer.seq,
        role=account.role,
        state=WindowState.NEW,
        created=now,
        prev=told.prev,
        account_hash=offer.account_hash,
        amount=sum(order.amount for order in told.orders),
        cumulative=offer.cumulative_amount,
        valid_until=told.paid.voucher.valid_until,
        orders=told.orders,
        contexts=told.contexts,
        lock=offer.lock,
        offer=offer,
        offer_signature=told.offered.signature,
        voucher=told.paid.voucher,
        voucher_signature=told.paid.signature,
        receipt=told.receipt,
        receipt_signature=told.receipt_signature or None,
    )


def _adopt_as_payee(
    tx: Tx, holder: Holder, account: ChannelRow, known: WindowRow | None, told: Testimony, now: datetime
) -> None:
    """Take a window that we released and forgot; if its preimage is lost, an acknowledgement still makes it money."""
    window = _next_window(account, told, now)
    if window.cumulative > account.deposit:
        raise fault("bad-testimony", "a shown window is over the deposit that the chain has confirmed")
    lines = batch.bill(tx, holder, account, window.orders, window.contexts)
    released_at = int(now.timestamp()) if window.receipt is None else window.receipt.released_at
    judgement.recount(tx, holder, judgement.Request(window.account_hash, lines, window.contexts), now)
    for line, context in zip(lines, window.contexts, strict=True):
        tally.save(tx, line.deal, line.after)
        if line.order.use == OPEN:
            openings.adopt(tx, Side.PAYEE, line, purpose_of(context), released_at)
    kept = replace(window, state=known.state, secret=known.secret) if known else window
    turn.take(tx, holder, Turn(kept, ("resume",)))
    if told.acknowledged is not None and account.state != ChannelState.CLOSED:
        release.on_acknowledge(tx, holder, account.peer, account.channel_id, told.acknowledged, now)


def _refuse_lost(tx: Tx, holder: Holder, account: ChannelRow, told: Testimony, now: datetime) -> RefusalMessage:
    """Refuse in writing a window that was paid and never released: it is lost with its preimage."""
    window = _next_window(account, told, now)
    return release.refuse(tx, holder, window, windows.LOST, (), now, "lost")


def _adopt_as_payer(
    tx: Tx, buyer: Buyer, account: ChannelRow, known: WindowRow | None, told: Testimony, now: datetime
) -> None:
    """Take a released window that we lost or gave up, and its keys as far as their reader key is still here.

    Where the preimage is lost on the other side, too, what we signed and lost still counts: its keys can be had again
    for nothing (use 2). A window that still waits here is never taken without its preimage.
    """
    assert told.receipt is not None
    if told.preimage is None and known is not None:
        return
    if told.preimage is not None and mask.lock(told.preimage) != told.offered.offer.lock:
        raise fault("bad-testimony", "a released window is shown with another preimage")
    window = _next_window(account, told, now)
    receipts.check_time(told.receipt, receipts.first_signed(tx, buyer, account, known, window), now)
    masked = None if told.preimage is None else _masked(tx, buyer, told, known)
    window = replace(window, state=known.state if known else WindowState.NEW, masked=masked)
    payer.acknowledge_released(tx, buyer, account)
    act = "release" if window.state == WindowState.SIGNED else "resume"
    received = receive.of_window(tx, buyer, window, told.preimage or b"")
    receive.take(tx, buyer, account, window, received, act, told.receipt.released_at, now)


def _adopt_refusal(
    tx: Tx, buyer: Buyer, account: ChannelRow, known: WindowRow | None, told: Testimony, now: datetime
) -> None:
    """Take a refusal that never reached us; where the voucher itself is lost here, remember that its seq is used."""
    assert told.refused is not None
    if known is not None and known.state == WindowState.SIGNED:
        receive.on_refusal(tx, buyer, account.channel_id, told.refused)
    if known is None:
        window = _window(account, told, now)
        receive.check_refusal(buyer, account, window, told.refused)
        turn.take(tx, buyer, receive.refused(window, "lost", told.refused))


def _masked(tx: Tx, buyer: Buyer, told: Testimony, known: WindowRow | None) -> bytes | None:
    if known is not None and known.masked is not None:
        return known.masked
    readers = {key: buyer.keyring.reader(tx, key) for key in batch.reader_keys(told.orders)}
    private = {key: reader for key, reader in readers.items() if reader is not None}
    if len(private) < len(readers):
        return None
    rows = sum(each.count for order in told.orders for each in order.ranges)
    try:
        return offer_check.open_masked(told.offered, private, rows)
    except ChannelFault as error:
        raise fault("bad-testimony", error.text) from error
