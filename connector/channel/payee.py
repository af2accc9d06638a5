"""The payee's first half: from a key request to an offer (spec 4, messages 1 and 2).

Law: nothing is offered that policy denies, and no preimage leaves this file; `t` and the offer are one row, durable
before the caller can send anything. The same request gets the same offer, byte for byte, while it lives. Another
request before a voucher came replaces the unpaid offer; should its voucher still arrive, it is refused in writing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.channel import batch, box, chain_time, judgement, openings, receipts, said, turn, windows
from connector.channel.errors import fault
from connector.channel.messages import Denial, KeyRequest
from connector.channel.tally import OPEN
from connector.channel.turn import Turn
from connector.enforcement.use import OFFER
from connector.store.rows.channel import Side, WindowRow, WindowState
from connector.store.table_row import replace
from contracts.price_words import money
from contracts.typed_data import KeyOffer, digest
from ledger.edition import mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.channel.batch import Margins
    from connector.channel.doors import Holder
    from connector.channel.messages import OfferMessage
    from connector.channel.priced import Line
    from connector.store.rows.channel import ChannelRow
    from connector.store.transaction import Tx
    from contracts.typed_data import Order

PREIMAGE_BYTES = 32
# how many seqs one side may be ahead of the other: offers that never arrived, or that a restored back-up has forgotten
MAX_SEQ_GAP = 64


def on_key_request(
    tx: Tx, holder: Holder, peer: str, channel_id: bytes, request: KeyRequest, now: datetime
) -> OfferMessage | Denial:
    """Answer message 1: an offer, or the policy's denial; raises `ChannelFault` for what is wrong with the request."""
    account = accounts.load(tx, channel_id, Side.PAYEE, peer)
    accounts.require_open(account)
    _check_position(account, request)
    accounts.require_remembered(account)
    require_nothing_lost(tx, holder, account, request.account_hash)
    margins = batch.margins(batch.deals(tx, holder, account, request.orders).values())
    require_credit(tx, holder, account, margins, now)
    waiting = windows.unreleased(tx, account)
    if waiting is not None:
        if _answers(waiting, request) and _lives(tx, holder, waiting, margins, now):
            return said.offered(waiting)
        void(tx, holder, waiting, "supersede", "superseded")
    lines = price(tx, holder, account, request.orders, request.contexts, now)
    batch.check_money(tx, account, lines)
    receipts.require_clock(tx, holder, now)
    return _offer(tx, holder, account, request, lines, margins, now)


def price(
    tx: Tx,
    holder: Holder,
    account: ChannelRow,
    orders: Sequence[Order],
    contexts: Sequence[Mapping[str, str]],
    now: datetime,
) -> list[Line]:
    """Return the priced orders; raises for one that may not be had now or that says another amount (spec 3.6)."""
    lines = batch.read(tx, holder, account, orders, now, contexts=contexts)
    for line in lines:
        if line.order.use == OPEN:
            openings.require_lease(tx, Side.PAYEE, line.order, now)
        if line.amount != line.order.amount:
            costs, says = (money(each, line.deal.currency) for each in (line.amount, line.order.amount))
            raise fault("wrong-amount", f"the order costs {costs}, it says {says}")
    return lines


def require_credit(tx: Tx, holder: Holder, account: ChannelRow, margins: Margins, now: datetime) -> None:
    """Refuse to go on when the chain was not seen lately or the channel expires too soon (spec 3.5)."""
    sight = holder.chain.sight(tx)
    if (now - sight.seen_at).total_seconds() >= margins.stale:
        raise fault("stale-chain", "the chain was not seen lately")
    if chain_time.latest(tx, holder, now) + timedelta(seconds=margins.claim) >= account.expiry:
        raise fault("near-expiry", f"the channel expires at {account.expiry.isoformat()}")


def require_nothing_lost(tx: Tx, holder: Holder, account: ChannelRow, account_hash: bytes) -> None:
    """Refuse to sell another batch while one that was refused as lost may still turn out to be released and claimed.

    Its keys would come with that claim, and the other batch would then be paid with the same money. The same batch
    again costs and brings what the lost one did, whichever of the two is claimed (decision 0126).
    """
    lost = windows.lost(tx, account, int(chain_time.seen(tx, holder).timestamp()))
    if lost is not None and lost.account_hash != account_hash:
        end = chain_time.end_of(account, lost.valid_until)
        told = f"seq `{lost.seq}` may have been released before a back-up was restored, and can be claimed until"
        raise fault("lost-window", f"{told} {'' if end is None else end.isoformat()}")


def void(tx: Tx, holder: Holder, window: WindowRow, act: str, code: str) -> WindowRow:
    """Give up an unpaid window and what it holds."""
    judgement.give_back(tx, window.orders)
    return turn.take(tx, holder, Turn(replace(window, code=code, secret=None), (act,)))


def lapse(tx: Tx, holder: Holder, now: datetime) -> int:
    """Give up every unpaid window whose voucher could no longer be claimed; return how many there were."""
    limit = int(chain_time.latest(tx, holder, now).timestamp())
    over = [window for window in windows.all_unreleased(tx, Side.PAYEE) if window.valid_until <= limit]
    for window in over:
        void(tx, holder, window, "lapse", "lapsed")
    return len(over)


def _check_position(account: ChannelRow, request: KeyRequest) -> None:
    if request.prev != account.account_hash:
        raise fault("behind", "the request builds on another state of the channel than the newest released one")
    if request.after > account.seq + MAX_SEQ_GAP:
        raise fault("seq-gap", f"seq `{request.after}` is far beyond `{account.seq}`")


def _answers(window: WindowRow, request: KeyRequest) -> bool:
    """Say whether an offer is of what is asked for, with a seq that its payer has not used since."""
    same = window.account_hash == request.account_hash and window.contexts == tuple(map(dict, request.contexts))
    return same and window.seq > request.after


def _lives(tx: Tx, holder: Holder, window: WindowRow, margins: Margins, now: datetime) -> bool:
    return window.valid_until >= int(chain_time.latest(tx, holder, now).timestamp()) + margins.least_ttl


def _offer(
    tx: Tx,
    holder: Holder,
    account: ChannelRow,
    request: KeyRequest,
    lines: Sequence[Line],
    margins: Margins,
    now: datetime,
) -> OfferMessage | Denial:
    decided = judgement.Request(request.account_hash, lines, request.contexts)
    verdict = judgement.judge(tx, holder, decided, OFFER, now)
    if isinstance(verdict, Denial):
        return verdict
    seq = max(account.seq, request.after) + 1
    preimage = holder.random(PREIMAGE_BYTES)
    assert not windows.lock_known(tx, mask.lock(preimage)), "a preimage is never used twice"
    masked = _masked(tx, holder, account, lines, seq, preimage)
    amount = sum(line.amount for line in lines)
    offer = KeyOffer(
        channel_id=account.channel_id,
        seq=seq,
        account_hash=request.account_hash,
        cumulative_amount=account.cumulative + amount,
        lock=mask.lock(preimage),
        masked_hash=mask.masked_hash(masked),
        decision_digest=verdict.digest,
        valid_until=_valid_until(tx, holder, account, margins, now),
    )
    keys = batch.reader_keys(request.orders)
    window = WindowRow(
        channel=account.id,
        seq=seq,
        role=Side.PAYEE,
        state=WindowState.NEW,
        created=now,
        prev=request.prev,
        account_hash=request.account_hash,
        amount=amount,
        cumulative=offer.cumulative_amount,
        valid_until=offer.valid_until,
        orders=request.orders,
        contexts=request.contexts,
        lock=offer.lock,
        secret=preimage,
        offer=offer,
        offer_signature=holder.sign(digest(holder.registry, offer), account.payee),
        sealed_keys={key: box.seal(masked, key, account.channel_id, seq) for key in keys},
    )
    return said.offered(turn.take(tx, holder, Turn(window, ("offer",)), now))


def _valid_until(tx: Tx, holder: Holder, account: ChannelRow, margins: Margins, now: datetime) -> int:
    """Return now + lockTtl, never beyond expiry; refuse when that is too near to claim."""
    start = int(chain_time.latest(tx, holder, now).timestamp())
    until = min(start + margins.lock, int(account.expiry.timestamp()))
    if until < start + margins.least_ttl:
        raise fault("near-expiry", f"the channel expires at {account.expiry.isoformat()}")
    return until


def _masked(tx: Tx, holder: Holder, account: ChannelRow, lines: Sequence[Line], seq: int, preimage: bytes) -> bytes:
    secrets = [
        secret for line in lines for secret in holder.secrets.secrets(tx, line.order.edition_id, list(line.rows))
    ]
    return mask.mask(preimage, account.channel_id, seq, secrets)
