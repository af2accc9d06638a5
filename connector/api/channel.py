"""The window protocol over HTTP, as it is served; every message brings and takes a checkpoint (spec 4)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from connector.api.faults import as_json
from connector.chain.chain_watch import ChainWatch
from connector.channel import account as accounts
from connector.channel import acknowledgement as acknowledgements
from connector.channel import payee, payer, release, resume, wire
from connector.channel import step as steps
from connector.channel.doors import Buyer, Holder
from connector.channel.errors import ChannelFault, fault
from connector.channel.messages import Equivocation, KeyRequest, Released, Resume, Step, VoucherMessage
from connector.identity.space.peer_logs import PeerLogs
from connector.licence.duties import FAILED, Duties
from connector.settlement.meeting import Meetings
from connector.settlement.paying import Payments
from connector.settlement.receivables import Receivables
from connector.settlement.returning import Returning
from connector.settlement.turns import Turns
from connector.store.heads import Heads
from connector.store.rows.channel import Side, WindowRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from connector.api.call import Call
    from connector.identity.space.peer_logs import Keep
    from connector.store.transaction import Tx

T = TypeVar("T")
_CHANNEL = re.compile(r"[0-9a-f]{64}")


async def request(call: Call) -> web.Response:
    """Message 1: answer with a key offer, or with the policy's denial."""
    message, keep = await _message(call, KeyRequest)
    channel = _channel(call)
    await call.of(Meetings).meet(channel, call.peer, message.orders[0].agreement_digest)
    holder, now = call.of(Holder), call.core.clock.now
    return await _answer(call, keep, lambda tx: payee.on_key_request(tx, holder, call.peer, channel, message, now()))


async def voucher(call: Call) -> web.Response:
    """Message 3: answer with the release, or with a signed refusal."""
    message, keep = await _message(call, VoucherMessage)
    channel, holder, now = _channel(call), call.of(Holder), call.core.clock.now
    return await _released(
        call, keep, message, lambda tx: release.on_voucher(tx, holder, call.peer, channel, message, now())
    )


async def step(call: Call) -> web.Response:
    """Messages 3 and 1 together: answer with the release and the next offer, or with a signed refusal."""
    message, keep = await _message(call, Step)
    channel, holder, now = _channel(call), call.of(Holder), call.core.clock.now
    return await _released(
        call, keep, message.paid, lambda tx: steps.on_step(tx, holder, call.peer, channel, message, now())
    )


async def acknowledge(call: Call) -> web.Response:
    """Message 5: take the final acknowledgement."""
    message, keep = await _message(call, VoucherMessage)
    channel, holder, now = _channel(call), call.of(Holder), call.core.clock.now
    return await _answer(call, keep, lambda tx: release.on_acknowledge(tx, holder, call.peer, channel, message, now()))


async def resume_channel(call: Call) -> web.Response:
    """Compare newest signed states."""
    message, keep = await _message(call, Resume)
    channel, holder, now = _channel(call), call.of(Holder), call.core.clock.now

    def act(tx: Tx) -> Resume | Equivocation:
        tx.after(partial(call.of(Receivables).wake, channel.hex()))  # what came back may have no preimage here
        return resume.on_resume_payee(tx, holder, call.peer, channel, message, now())

    return await _answer(call, keep, act)


async def acknowledgement(call: Call) -> web.Response:
    """Acknowledge, as the payer, what we received on a channel: its payee asks, having lost what it claims with."""
    message, keep = await _message(call, Released)
    channel = _channel(call)
    account = await call.core.store.read(lambda tx: accounts.load(tx, channel, Side.PAYER, call.peer))
    if account.account_hash != message.account_hash:
        await call.of(Payments).level(call.peer, channel)
    buyer, now = call.of(Buyer), call.core.clock.now

    def act(tx: Tx) -> VoucherMessage:
        owed = acknowledgements.owed(tx, channel)
        if owed is not None and owed.runs_until is not None and now() < owed.runs_until:
            raise fault("unreleased", "keys of this channel are being read: it is acknowledged when that has ended")
        return payer.acknowledge(tx, buyer, channel, now())

    async with call.of(Turns).of(channel):
        return await _answer(call, keep, act)


async def close(call: Call) -> web.Response:
    """Close a channel of the caller's whose `agreement` is over: the rest of its deposit goes back to it."""
    channel, told = _channel(call), await call.texts("agreement")
    await call.spend()
    return as_json(await call.of(Returning).close(channel, call.peer, told["agreement"]))


async def _message(call: Call, kind: type[T]) -> tuple[T, Keep]:
    """Read the message, check the sender's checkpoint, look at the chain; also return what keeps the checkpoint."""
    body = await call.document()
    message = wire.decode(kind, body)  # before anything is waited for: what is no message does not stay in memory
    keep = await call.of(PeerLogs).check(call.peer, body.get(wire.CHECKPOINT))
    await call.of(ChainWatch).look()
    return message, keep


async def _answer(call: Call, keep: Keep, act: Callable[[Tx], Any]) -> web.Response:
    """Keep their checkpoint and do the act in one transaction with the caller's token; our newest head rides back."""

    def acting(tx: Tx) -> Any:
        keep(tx)
        return act(tx)

    message = await call.act(acting)
    if isinstance(message, Equivocation):
        raise fault("stopped", f"two different messages with seq `{message.seq}` are kept as `{message.bundle}`")
    body = {} if message is None else wire.encode(message)
    return as_json({**body, wire.CHECKPOINT: await call.of(Heads).riding(call.peer)})


async def _released(call: Call, keep: Keep, paid: VoucherMessage, act: Callable[[Tx], Any]) -> web.Response:
    """Answer a voucher; a duty that failed is told to whoever can do something about it."""
    try:
        return await _answer(call, keep, act)
    except ChannelFault as failure:
        if failure.code == FAILED:
            await call.of(Duties).note(failure, await _agreements(call, _channel(call), paid.voucher.seq))
        raise


async def _agreements(call: Call, channel: bytes, seq: int) -> list[str]:
    """Return the agreements of a window."""
    window = await call.core.store.read(lambda tx: tx.get(WindowRow, channel=channel.hex(), seq=seq))
    return [] if window is None else sorted({order.agreement_digest.hex() for order in window.orders})


def _channel(call: Call) -> bytes:
    text = call.path["id"]
    if not _CHANNEL.fullmatch(text):
        raise fault("unknown-channel", "a channel id has 64 hex digits")
    return bytes.fromhex(text)
