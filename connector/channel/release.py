"""The payee's second half: from a voucher to the preimage, a refusal, or an acknowledgement (spec 4, messages 3 to 5).

Law: the preimage leaves only in the answer of an act that has, in its one transaction, decided again, committed counts
and tally, stored the voucher, written `keys.released` and signed the receipt. The same voucher gets the same answer for
ever and counts once. A second, different voucher of one seq is kept as proof and stops the channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.channel import (
    batch,
    chain_time,
    equivocation,
    judgement,
    openings,
    payee,
    receipts,
    said,
    tally,
    turn,
    windows,
)
from connector.channel.errors import ChannelFault, fault
from connector.channel.messages import Denial
from connector.channel.tally import OPEN
from connector.channel.turn import Turn
from connector.enforcement import performed
from connector.enforcement.context import purpose_of
from connector.enforcement.use import RELEASE
from connector.store.rows.channel import ChannelState, Side, WindowRow, WindowState
from connector.store.table_row import replace
from contracts import signature, voucher
from contracts.canonical import canonical
from contracts.errors import ContractError
from contracts.labels import H
from contracts.typed_data import KeyOffer, Receipt, Refusal, digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.channel.doors import Holder
    from connector.channel.messages import Equivocation, RefusalMessage, ReleaseMessage, VoucherMessage
    from connector.channel.priced import Line
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx

# an acknowledgement may skip seqs that the payer saw offered and never signed
MAX_SEQ_GAP = payee.MAX_SEQ_GAP


def on_voucher(
    tx: Tx, holder: Holder, peer: str, channel_id: bytes, message: VoucherMessage, now: datetime
) -> ReleaseMessage | RefusalMessage | Equivocation:
    """Answer message 3; raises `ChannelFault`, having changed nothing, for a voucher that is not what was offered."""
    account = accounts.load(tx, channel_id, Side.PAYEE, peer)
    window = windows.find(tx, account, message.voucher.seq)
    if window is not None and window.voucher is not None:
        return _repeat(tx, holder, account, window, message, now)
    if window is None or account.state != ChannelState.CLOSING:
        accounts.require_open(account)
    if window is None or window.state == WindowState.OFFERED:
        accounts.require_remembered(account)
    if window is None:
        raise fault("no-offer", f"nothing was offered with seq `{message.voucher.seq}`")
    if window.state == WindowState.OFFERED:
        payee.require_nothing_lost(tx, holder, account, window.account_hash)
    margins = batch.margins(batch.deals(tx, holder, account, window.orders).values())
    start = int(chain_time.latest(tx, holder, now).timestamp())
    _check(holder, account, _offer(window), message, start, margins.least_ttl)
    window = replace(window, voucher=message.voucher, voucher_signature=message.signature)
    if window.state == WindowState.OFFERED and account.state == ChannelState.CLOSING:
        return _decline(tx, holder, window, accounts.ENDING, _why_void(account), now)
    if window.state == WindowState.VOID:
        return refuse(tx, holder, window, window.code, _why_void(account), now)
    payee.require_credit(tx, holder, account, margins, now)
    try:
        lines = payee.price(tx, holder, account, window.orders, window.contexts, now)
    except ChannelFault as error:
        return _decline(tx, holder, window, _late_code(error), (), now)
    decided = judgement.Request(window.account_hash, lines, window.contexts)
    verdict = judgement.judge(tx, holder, decided, RELEASE, now)
    if isinstance(verdict, Denial):
        return _decline(tx, holder, window, "denied", _reasons(verdict), now)
    receipts.require_clock(tx, holder, now)
    for granted in verdict.granted:
        holder.enforcement.take(tx, granted, now)
    return _release(tx, holder, account, window, lines, verdict.digest, now)


def on_acknowledge(
    tx: Tx, holder: Holder, peer: str, channel_id: bytes, message: VoucherMessage, now: datetime
) -> Equivocation | None:
    """Take message 5, the final acknowledgement without a lock; None when it is stored, now or before."""
    account = accounts.load(tx, channel_id, Side.PAYEE, peer)
    seq = message.voucher.seq
    window = windows.find(tx, account, seq)
    if window is not None and window.voucher is not None:
        return _same_voucher(tx, holder, account, window, message, now)
    if account.state != ChannelState.CLOSING:  # it promises nothing new, and is claimed with the rest
        accounts.require_open(account)
    last = windows.newest(tx, account, WindowState.PAID, WindowState.ACKNOWLEDGED)
    if last is None or seq <= last.seq or seq > account.seq + MAX_SEQ_GAP:
        raise fault("wrong-seq", f"seq `{seq}` does not follow the newest released window")
    _check(holder, account, replace(_offer(last), seq=seq, lock=voucher.NO_LOCK), message, int(now.timestamp()), 0)
    _end_offer(tx, holder, account, seq)
    turn.take(tx, holder, _closed(account, window, last, message, now))
    _acknowledge(tx, holder, account, last.account_hash, now)
    return None


def _end_offer(tx: Tx, holder: Holder, account: ChannelRow, seq: int) -> None:
    """Give up an offer that an acknowledgement took the seq of, or passed by.

    Its voucher would be for more than the acknowledgement and of an older seq; what is claimed is found by its seq.
    """
    waiting = windows.unreleased(tx, account)
    if waiting is not None and waiting.seq <= seq:
        payee.void(tx, holder, waiting, "supersede", "superseded")


def _closed(
    account: ChannelRow, offered: WindowRow | None, last: WindowRow, message: VoucherMessage, now: datetime
) -> Turn:
    """Return the turn that holds an acknowledgement: what may have been offered with its seq is forgotten."""
    closing = WindowRow(
        channel=account.id,
        seq=message.voucher.seq,
        role=Side.PAYEE,
        state=WindowState.NEW if offered is None else offered.state,
        created=now if offered is None else offered.created,
        prev=last.account_hash,
        account_hash=last.account_hash,
        amount=0,
        cumulative=last.cumulative,
        valid_until=0,
        voucher=message.voucher,
        voucher_signature=message.signature,
    )
    return Turn(closing, ("close",))


def _check(
    holder: Holder, account: ChannelRow, expects: KeyOffer, message: VoucherMessage, now: int, least_ttl: int
) -> None:
    ground = voucher.Ground(holder.channels, account.signer, account.deposit, expects, now, least_ttl)
    try:
        voucher.check(message.voucher, message.signature, ground)
    except ContractError as error:
        raise fault(error.code, str(error)) from error


def _repeat(
    tx: Tx, holder: Holder, account: ChannelRow, window: WindowRow, message: VoucherMessage, now: datetime
) -> ReleaseMessage | RefusalMessage | Equivocation:
    """Give a voucher that was answered before the same answer."""
    different = _same_voucher(tx, holder, account, window, message, now)
    if different is not None:
        return different
    if window.refusal is not None:
        return said.refused(window)
    if window.receipt is None or window.secret is None:
        raise fault("wrong-seq", "this seq holds no window of keys that could be released here")
    return said.released(window)


def _same_voucher(
    tx: Tx, holder: Holder, account: ChannelRow, window: WindowRow, message: VoucherMessage, now: datetime
) -> Equivocation | None:
    """Return None for the voucher that is stored; two by the signer are an equivocation, a stranger's is a fault."""
    signed = digest(holder.channels, message.voucher)
    if message.voucher.channel_id != account.channel_id or not signature.is_by(
        account.signer, signed, message.signature
    ):
        raise fault("foreign-signer", "this seq is paid, and this voucher is not by the channel's signer")
    if message.voucher == window.voucher:
        return None  # the stored one again; signed with another nonce it promises nothing else
    assert window.voucher is not None
    assert window.voucher_signature is not None
    first, second = (window.voucher, window.voucher_signature), (message.voucher, message.signature)
    return equivocation.keep(tx, holder, account, first, second, now)


def _why_void(account: ChannelRow) -> tuple[Mapping[str, Any], ...]:
    """Return the reason for refusing what was given up before its voucher came, where it is not the offer's own."""
    if account.state != ChannelState.CLOSING:
        return ()
    return ({"code": accounts.ENDING, "text": "the channel is being settled: go on in another"},)


def _late_code(error: ChannelFault) -> str:
    """Return why an offer no longer holds: an amount that differs now was moved by another channel."""
    return "repriced" if error.code == "wrong-amount" else error.code


def _reasons(denial: Denial) -> tuple[Mapping[str, Any], ...]:
    return denial.reasons or ({"code": denial.outcome, "text": denial.outcome},)


def _decline(
    tx: Tx, holder: Holder, window: WindowRow, code: str, reasons: tuple[Mapping[str, Any], ...], now: datetime
) -> RefusalMessage:
    """Refuse the voucher of an offer that cannot be kept any more; what it held is given back."""
    judgement.give_back(tx, window.orders)
    return refuse(tx, holder, window, code, reasons, now)


def refuse(
    tx: Tx,
    holder: Holder,
    window: WindowRow,
    code: str,
    reasons: tuple[Mapping[str, Any], ...],
    now: datetime,
    act: str = "refuse",
) -> RefusalMessage:
    """Sign and keep the refusal of a window's voucher; `act` is `lost` for one that is not known here."""
    account = accounts.load(tx, bytes.fromhex(window.channel), Side.PAYEE)
    _acknowledge(tx, holder, account, window.prev, now)
    return said.refused(turn.take(tx, holder, _refused(holder, account, window, code, reasons, act, now), now))


def _refused(
    holder: Holder,
    account: ChannelRow,
    window: WindowRow,
    code: str,
    reasons: tuple[Mapping[str, Any], ...],
    act: str,
    now: datetime,
) -> Turn:
    assert window.voucher is not None
    told = H("refusal", code.encode("ascii"), b"\0", canonical([dict(reason) for reason in reasons]))
    refusal = Refusal(digest(holder.channels, window.voucher), told, int(now.timestamp()))
    signed = holder.sign(digest(holder.registry, refusal), account.payee)
    row = replace(window, refusal=refusal, refusal_signature=signed, code=code, reasons=reasons, secret=None)
    return Turn(row, (act,), {"reason": code})


def _release(
    tx: Tx,
    holder: Holder,
    account: ChannelRow,
    window: WindowRow,
    lines: Sequence[Line],
    decision_digest: bytes,
    now: datetime,
) -> ReleaseMessage:
    _acknowledge(tx, holder, account, window.prev, now)
    for line in lines:
        tally.save(tx, line.deal, line.after)
    released_at = int(now.timestamp())
    window = turn.take(tx, holder, _paid(holder, account, window, decision_digest, released_at), now)
    for line, context in zip(lines, window.contexts, strict=True):
        if line.order.use == OPEN:
            purpose = purpose_of(context)
            openings.released(tx, holder.evidence, Side.PAYEE, line, purpose, released_at, now)
            act = performed.read(line.deal.peer, now)
            performed.record(tx, line.deal.digest.hex(), openings.identity(Side.PAYEE, line.order), act)
            holder.books.used(tx, line.deal)
    return said.released(window)


def _paid(holder: Holder, account: ChannelRow, window: WindowRow, decision_digest: bytes, released_at: int) -> Turn:
    """Return the turn that releases a window's keys; its receipt names the event that says so."""
    paid = window.voucher
    assert paid is not None

    def receipted(leaf: bytes) -> Mapping[str, Any]:
        receipt = Receipt(
            channel_id=paid.channel_id,
            seq=window.seq,
            voucher_digest=digest(holder.channels, paid),
            offer_digest=digest(holder.registry, _offer(window)),
            decision_digest=decision_digest,
            log_leaf=leaf,
            released_at=released_at,
        )
        return {"receipt": receipt, "receipt_signature": holder.sign(digest(holder.registry, receipt), account.payee)}

    return Turn(window, ("pay",), {"decisionDigest": decision_digest.hex()}, receipted)


def _acknowledge(tx: Tx, holder: Holder, account: ChannelRow, prev: bytes, now: datetime) -> None:
    """Take a signature on `prev` as the acknowledgement of the keys of the window with that account hash (spec 4)."""
    last = windows.newest(tx, account, WindowState.PAID)
    if last is not None and last.account_hash == prev:
        turn.take(tx, holder, Turn(replace(last, masked=None), ("acknowledge",)), now)


def _offer(window: WindowRow) -> KeyOffer:
    """Return the offer; a window adopted from the other side has one, too."""
    assert window.offer is not None
    return window.offer
