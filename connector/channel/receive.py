"""The payer's second half: from a release, a refusal or a claim on chain to keys (spec 4, message 4; spec 6).

Law: a secret is used only after it met its commitment. A preimage that fits the lock counts, whoever published it; the
same one again changes nothing. A key that does not fit ends the channel with a bundle; the keys that do fit are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import batch, bundle, openings, receipts, tally, turn, windows
from connector.channel.errors import fault
from connector.channel.tally import OPEN
from connector.channel.turn import Turn
from connector.enforcement.context import purpose_of
from connector.store.rows.channel import ChannelRow, ChannelState, Side, WindowState
from connector.store.table_row import replace
from contracts import signature
from contracts.canonical import canonical
from contracts.labels import H
from contracts.typed_data import digest
from ledger.edition import mask
from ledger.edition.row import key_commitment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.channel.doors import Buyer
    from connector.channel.messages import RefusalMessage, ReleaseMessage
    from connector.store.rows.channel import WindowRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Order
    from ledger.edition.row_table import RowTable

KEY = "key"
LAPSED = "lapsed"
# codes of windows that were given up while their payee may have released them, and forgotten that
_GIVEN_UP = (LAPSED, windows.LOST)


@dataclass(frozen=True, slots=True)
class Key:
    """One verified secret: of which order of the batch and which row of its edition."""

    order: Order
    row: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Received:
    """What a release brought. `code` is empty, or `key` when a secret was wrong; then `bundle` names the proof.

    `preimage` is what `on_fault` needs for a piece that its right key does not open.
    """

    seq: int
    keys: tuple[Key, ...]
    code: str = ""
    bundle: str = ""
    preimage: bytes = field(default=b"", repr=False)


def read(tx: Tx, buyer: Buyer, channel_id: bytes, message: ReleaseMessage) -> Received:
    """Return what message 4 brings, so that its pieces can be opened before it is taken; writes nothing.

    Raises `ChannelFault` if preimage or receipt are not for our voucher.
    """
    account = accounts.load(tx, channel_id, Side.PAYER)
    window = _released(tx, account, message)
    return brought(buyer, account, window, batch.tables(tx, buyer, _editions(window)), message)


def brought(
    buyer: Buyer, account: ChannelRow, window: WindowRow, tables: Mapping[bytes, RowTable], message: ReleaseMessage
) -> Received:
    """Return what message 4 brings to a window that waits for it, with the row tables of its orders; as `read`."""
    _check_receipt(buyer, account, window, message)
    assert window.offer is not None
    if mask.lock(message.preimage) != window.offer.lock:
        raise fault("wrong-preimage", "the released preimage does not fit the lock")
    return _received(window, tables, message.preimage)


def on_release(
    tx: Tx,
    buyer: Buyer,
    channel_id: bytes,
    message: ReleaseMessage,
    now: datetime,
    known: Received | None = None,
) -> Received:
    """Take message 4, whose keys are `known` if it was `read` before; raises as `read`, having changed nothing.

    Raises `bad-receipt`, too, for one that says another time than its keys were released at: no lease begins by it.
    """
    received = known or read(tx, buyer, channel_id, message)
    account = accounts.load(tx, channel_id, Side.PAYER)
    window = _released(tx, account, message)
    assert (received.seq, received.preimage) == (window.seq, message.preimage), "what was read is what is taken"
    if window.state == WindowState.RELEASED:
        _keep(tx, buyer, received)
        return received
    receipts.check_time(message.receipt, window.created, now)
    window = replace(window, receipt=message.receipt, receipt_signature=message.signature)
    return take(tx, buyer, account, window, received, "release", message.receipt.released_at, now)


def on_refusal(tx: Tx, buyer: Buyer, channel_id: bytes, message: RefusalMessage) -> int:
    """Take the payee's signed no to the waiting voucher; return its seq, which is void now."""
    account = accounts.load(tx, channel_id, Side.PAYER)
    window = windows.newest(tx, account, WindowState.SIGNED)
    if window is None:
        raise fault("bad-refusal", "no voucher waits for an answer")
    check_refusal(buyer, account, window, message)
    turn.take(tx, buyer, refused(window, "refuse", message))
    return window.seq


def check_refusal(buyer: Buyer, account: ChannelRow, window: WindowRow, message: RefusalMessage) -> None:
    """Raise `bad-refusal` unless the payee signed a refusal of this window's voucher for the reasons it gives."""
    assert window.voucher is not None
    told = H("refusal", message.code.encode("utf-8"), b"\0", canonical([dict(reason) for reason in message.reasons]))
    meant = digest(buyer.channels, window.voucher) == message.refusal.voucher_digest and told == message.refusal.reason
    if not meant or not signature.is_by(account.payee, digest(buyer.registry, message.refusal), message.signature):
        raise fault("bad-refusal", "the refusal is not of our voucher, or not by the channel's payee")


def refused(window: WindowRow, act: str, message: RefusalMessage) -> Turn:
    """Return the turn by the refusal that ends a window."""
    no, signed = message.refusal, message.signature
    row = replace(window, refusal=no, refusal_signature=signed, code=message.code, reasons=message.reasons)
    return Turn(row, (act,))


def on_claimed(
    tx: Tx, buyer: Buyer, channel_id: bytes, cumulative: int, account_hash: bytes, preimage: bytes, now: datetime
) -> Received | None:
    """Take a `Claimed` of the chain, whose preimage is `t`; None when it brings no keys that we lack.

    Of a window given up before it was looked for, and after which nothing was signed but the same batch again, the
    payee may have forgotten the release: it counts here as one that came late, so that it can be acknowledged.
    """
    account = accounts.load(tx, channel_id, Side.PAYER)
    tx.update(ChannelRow, {"id": account.id}, claimed=max(account.claimed, cumulative))
    window = windows.by_lock(tx, account, mask.lock(preimage))
    if window is None or window.masked is None or window.account_hash != account_hash:
        return None
    if window.state not in (WindowState.SIGNED, WindowState.VOID):
        return None
    received = of_window(tx, buyer, window, preimage)
    if window.state == WindowState.SIGNED:
        return take(tx, buyer, account, window, received, "claimed", int(now.timestamp()), now)
    waiting = windows.unreleased(tx, account)
    is_next = window.prev == account.account_hash and (waiting is None or waiting.account_hash == account_hash)
    if window.code in _GIVEN_UP and is_next:
        late = replace(window, code="", refusal=None, refusal_signature=None)  # the chain knows more
        return take(tx, buyer, account, late, received, "late", int(now.timestamp()), now)
    turn.take(tx, buyer, Turn(replace(window, code="claimed", masked=None), ("claimed",)))
    _keep(tx, buyer, received)
    return received


def lapse(tx: Tx, buyer: Buyer, channel_id: bytes, *, closed: bool = False) -> int | None:
    """Give up the waiting voucher once it lapsed in block time; return its seq, None while it still may be claimed.

    `closed` says that the chain has closed the channel, and paid nothing for this voucher.
    """
    account = accounts.load(tx, channel_id, Side.PAYER)
    window = windows.unreleased(tx, account)
    if window is None or (account.state == ChannelState.FROZEN and not closed):
        return None
    alive_until = window.valid_until + (account.frozen_for or 0)
    if not closed and alive_until >= int(buyer.chain.sight(tx).block_time.timestamp()):
        return None
    turn.take(tx, buyer, Turn(replace(window, code=LAPSED), ("lapse",)))
    return window.seq


def on_fault(
    tx: Tx, buyer: Buyer, channel_id: bytes, seq: int, row: int, code: str, preimage: bytes, now: datetime
) -> str:
    """Take that a released piece failed to open (`edition`): stop paying, store the bundle, return its id.

    `preimage` is that of the release; after a crash the payee sends it again for the same voucher.
    """
    account = accounts.load(tx, channel_id, Side.PAYER)
    window = windows.find(tx, account, seq)
    if window is None or window.state != WindowState.RELEASED:
        raise fault("nothing-released", f"the keys of seq `{seq}` are not waiting to be acknowledged")
    assert window.offer is not None
    if mask.lock(preimage) != window.offer.lock:
        raise fault("wrong-preimage", "the preimage does not fit the lock")
    position = [number for _, number in bundle.places(window.orders)].index(row)
    return _fault(tx, buyer, account, window, position, code, preimage, now)


def _released(tx: Tx, account: ChannelRow, message: ReleaseMessage) -> WindowRow:
    window = windows.find(tx, account, message.receipt.seq)
    if window is None or window.state not in (WindowState.SIGNED, WindowState.RELEASED):
        raise fault("bad-receipt", f"no voucher with seq `{message.receipt.seq}` waits for its release")
    return window


def _check_receipt(buyer: Buyer, account: ChannelRow, window: WindowRow, message: ReleaseMessage) -> None:
    receipt = message.receipt
    assert window.voucher is not None
    assert window.offer is not None
    same = (
        receipt.channel_id == account.channel_id
        and receipt.seq == window.seq
        and receipt.voucher_digest == digest(buyer.channels, window.voucher)
        and receipt.offer_digest == digest(buyer.registry, window.offer)
    )
    if not same or not signature.is_by(account.payee, digest(buyer.registry, receipt), message.signature):
        raise fault("bad-receipt", "the receipt is not for our voucher and offer, or not by the channel's payee")


def take(
    tx: Tx,
    buyer: Buyer,
    account: ChannelRow,
    window: WindowRow,
    received: Received,
    act: str,
    released_at: int,
    now: datetime,
) -> Received:
    """Count what was paid for, keep the keys that fit, fault the channel if one does not."""
    lines = batch.bill(tx, buyer, account, window.orders, window.contexts)
    _keep(tx, buyer, received)
    for line, context in zip(lines, window.contexts, strict=True):
        tally.save(tx, line.deal, line.after)
        if line.order.use == OPEN:
            purpose = purpose_of(context)
            openings.released(tx, buyer.evidence, Side.PAYER, line, purpose, released_at, now)
    window = turn.take(tx, buyer, Turn(window, (act,)), now)
    if not received.code:
        return received
    tables = batch.tables(tx, buyer, _editions(window))
    wrong = _verified(window, tables, received.preimage).index(None)
    return replace(received, bundle=_fault(tx, buyer, account, window, wrong, KEY, received.preimage, now))


def _fault(
    tx: Tx,
    buyer: Buyer,
    account: ChannelRow,
    window: WindowRow,
    position: int,
    code: str,
    preimage: bytes,
    now: datetime,
) -> str:
    proof = bundle.keep(tx, buyer, account, window, position, code, preimage, now)
    turn.take(tx, buyer, Turn(replace(window, code=code), ("fault",), {"code": code, "bundle": proof}), now)
    return proof


def of_window(tx: Tx, buyer: Buyer, window: WindowRow, preimage: bytes) -> Received:
    """Return what a preimage that fits the window's lock brings: the secrets that meet their commitments."""
    return _received(window, batch.tables(tx, buyer, _editions(window)), preimage)


def _editions(window: WindowRow) -> list[bytes]:
    return [order.edition_id for order in window.orders]


def _received(window: WindowRow, tables: Mapping[bytes, RowTable], preimage: bytes) -> Received:
    if window.masked is None:  # acknowledged, or sealed to a reader key that is gone
        return Received(window.seq, (), preimage=preimage)
    keys = _verified(window, tables, preimage)
    good = tuple(key for key in keys if key is not None)
    return Received(window.seq, good, "" if len(good) == len(keys) else KEY, preimage=preimage)


def _keep(tx: Tx, buyer: Buyer, received: Received) -> None:
    """Store what was received of the tier kept."""
    kept: dict[bytes, dict[int, bytes]] = {}
    for key in received.keys:
        if key.order.use != OPEN:
            kept.setdefault(key.order.agreement_digest, {})[key.row] = key.secret
    for agreement, secrets in kept.items():
        buyer.keyring.keep(tx, agreement, secrets)


def _verified(window: WindowRow, tables: Mapping[bytes, RowTable], preimage: bytes) -> Sequence[Key | None]:
    """Return the batch's secrets in order, None for each that does not meet its commitment."""
    assert window.masked is not None
    assert window.offer is not None
    secrets = mask.unmask(preimage, window.offer.channel_id, window.seq, window.masked)
    keys: list[Key | None] = []
    for (order, number), secret in zip(bundle.places(window.orders), secrets, strict=True):
        table = tables[order.edition_id]
        fits = key_commitment(table.slot(number), secret) == table.key_commitment(number)
        keys.append(Key(order, number, secret) if fits else None)
    return keys
