"""The buyer's half of the window protocol over HTTP: a request, a voucher, a release; and the way back after a crash.

Law: every step is durable here before the next message leaves, and the message that leaves is the stored one. So this
file keeps no state: called again after any crash, it sends what is stored, or goes on.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.channel import payer, plan, receive, resume, states, windows, wire
from connector.channel.messages import (
    Denial,
    Equivocation,
    OfferMessage,
    RefusalMessage,
    ReleaseMessage,
    Resume,
    VoucherMessage,
)
from connector.errors import NotPermitted, PeerRefused, VerificationFailed, explain_failure
from contracts.ranges import RowSet
from ledger.chain_error import ChainUnreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from connector.anchor.peer_logs import Keep
    from connector.channel.doors import Buyer
    from connector.channel.plan import Want
    from connector.channel.receive import Received
    from connector.engine.trader import Trader
    from connector.store.transaction import Tx

UNMET = "unknown-channel"  # code of a refusal
Row = dict[str, Any]


async def buy(
    trader: Trader,
    provider: str,
    channel: bytes,
    want: Want,
    need: Callable[[RowSet], Awaitable[None]] | None = None,
) -> Received | None:
    """Buy the next window of `want`; None when all of it is paid. `need` waits for the bytes of its rows.

    Raises NotPermitted with the provider's reasons, or VerificationFailed when the provider's keys or words are wrong.
    """
    await trader.watch.look()
    now = trader.clock.now()
    buyer = trader.buyer
    request = await trader.store.read(lambda tx: plan.plan(tx, buyer, channel, [want], now))
    if request is None:
        return None
    if need is not None:
        await need(RowSet.of((one.first, one.count) for order in request.orders for one in order.ranges))
    answer, keep = await _post(trader, provider, channel, "request", wire.encode(request))
    offer = wire.decode_one(answer, OfferMessage, Denial)
    if isinstance(offer, Denial):
        raise NotPermitted(_words(offer.reasons) or offer.outcome)

    def sign(tx: Tx) -> VoucherMessage | Equivocation:
        keep(tx)
        return payer.on_offer(tx, buyer, channel, request, offer, trader.clock.now())

    signed = _no_equivocation(await trader.store.write(sign))
    return await _pay(trader, provider, channel, signed)


async def finish(trader: Trader, provider: str, channel: bytes, reader_key: bytes | None = None) -> Received | None:
    """Bring a window that an earlier run left unreleased to its end; None when there is none.

    With `reader_key` also a released but unacknowledged window for that reader is asked for again: same keys, no count.
    """
    await trader.watch.look()
    buyer = trader.buyer
    await trader.store.write(lambda tx: receive.lapse(tx, buyer, channel))
    voucher = await trader.store.read(lambda tx: _unfinished(tx, channel, reader_key))
    if voucher is None:
        return None
    return await _claimed(trader, channel, voucher) or await _pay(trader, provider, channel, voucher)


async def level(trader: Trader, provider: str, channel: bytes) -> None:
    """Compare the newest signed states of both sides until they are level (spec 4, resume)."""
    buyer = trader.buyer
    told: Resume | None = await trader.store.read(lambda tx: resume.show(tx, channel, accounts.PAYER))
    if told is not None and told.seq == 0 and not told.windows:
        return  # nothing was ever signed here, and the provider may not even know the channel
    while told is not None:
        try:
            answer, keep = await _post(trader, provider, channel, "resume", wire.encode(told))
        except PeerRefused as refusal:
            if explain_failure(refusal).code == UNMET and not told.windows:
                return  # the provider meets a channel with its first key request
            raise
        act = partial(_resumed, buyer=buyer, channel=channel, theirs=wire.decode(Resume, answer), keep=keep)
        told = _no_equivocation(await trader.store.write(partial(act, now=trader.clock.now())))


async def acknowledge(trader: Trader, provider: str, channel: bytes) -> None:
    """Send the final acknowledgement: the provider can claim without publishing a preimage."""
    buyer = trader.buyer
    message = await trader.store.write(lambda tx: payer.acknowledge(tx, buyer, channel, trader.clock.now()))
    _, keep = await _post(trader, provider, channel, "acknowledge", wire.encode(message))
    await trader.store.write(keep)


async def _claimed(trader: Trader, channel: bytes, voucher: VoucherMessage) -> Received | None:
    """Look whether the provider took the money on chain: the preimage it had to show there unlocks the keys."""
    try:
        last = (await trader.chain.newest()).number
        claimed = await trader.programs.events("channels", "Claimed", 0, last, channelId=channel)
    except ChainUnreachable:
        return None  # the provider itself is asked next; the chain is only the other road to the same keys
    mine = [one.fields for one in claimed if one.fields["accountHash"] == voucher.voucher.account_hash]
    if not mine:
        return None
    buyer, newest = trader.buyer, mine[-1]
    return await trader.store.write(
        lambda tx: receive.on_claimed(
            tx,
            buyer,
            channel,
            newest["cumulativeAmount"],
            newest["accountHash"],
            newest["preimage"],
            trader.clock.now(),
        )
    )


async def _pay(trader: Trader, provider: str, channel: bytes, voucher: VoucherMessage) -> Received:
    """Send a stored voucher and take what it brings."""
    buyer = trader.buyer
    answer, keep = await _post(trader, provider, channel, "voucher", wire.encode(voucher))
    message = wire.decode_one(answer, ReleaseMessage, RefusalMessage)

    def take(tx: Tx) -> Received | None:
        keep(tx)
        if isinstance(message, RefusalMessage):
            receive.on_refusal(tx, buyer, channel, message)
            return None
        return receive.on_release(tx, buyer, channel, message, trader.clock.now())

    received = await trader.store.write(take)
    if isinstance(message, RefusalMessage):
        raise NotPermitted(f"refused before release ({message.code}): {_words(message.reasons)}")
    assert received is not None
    if received.code:
        raise VerificationFailed(
            f"a released key of window {received.seq} is not the committed one",
            f"anyone can judge it: penstock show {received.bundle} --json > bundle.json, penstock verify bundle.json",
        )
    return received


async def _post(trader: Trader, provider: str, channel: bytes, what: str, body: Row) -> tuple[Any, Keep]:
    """Post a message with our newest checkpoint; return the answer and what keeps the checkpoint that came with it.

    The caller keeps it in the transaction of what it does with the answer.
    """
    member = trader.space.members[provider]
    body[wire.CHECKPOINT] = await trader.heads.riding(provider)
    url = f"{member.url}/channel/{channel.hex()}/{what}"
    answer = (await trader.outbound.post(url, body, headers=trader.authorization(provider))).json()
    return answer, await trader.peer_logs.check(
        provider, answer.get(wire.CHECKPOINT) if isinstance(answer, dict) else None
    )


def _resumed(tx: Tx, *, buyer: Buyer, channel: bytes, theirs: Resume, keep: Keep, now: datetime) -> Any:
    keep(tx)
    return resume.on_resume_payer(tx, buyer, channel, theirs, now)


def _unfinished(tx: Tx, channel: bytes, reader_key: bytes | None) -> VoucherMessage | None:
    waiting = payer.waiting(tx, channel)
    if waiting is not None or reader_key is None:
        return waiting
    account = accounts.load(tx, channel, accounts.PAYER)
    last = windows.newest(tx, account, states.RELEASED)
    if last is None or last.voucher is None or all(order.reader_key != reader_key for order in last.orders):
        return None
    assert last.voucher_signature is not None
    return VoucherMessage(last.voucher, last.voucher_signature)


def _no_equivocation(message: Any) -> Any:
    if isinstance(message, Equivocation):
        raise VerificationFailed(
            f"the provider signed two different messages with seq {message.seq}",
            f"both are kept as {message.bundle}; nothing goes on with this channel",
        )
    return message


def _words(reasons: Any) -> str:
    return "; ".join(str(reason.get("text", reason.get("code", ""))) for reason in reasons)
