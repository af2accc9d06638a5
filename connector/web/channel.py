"""The provider's half of the window protocol over HTTP; every message brings and takes a checkpoint (spec 4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connector.channel import payee, release, resume, wire
from connector.channel.errors import fault
from connector.channel.messages import Equivocation, KeyRequest, Resume, VoucherMessage
from connector.web.faults import as_json
from contracts.canonical import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from connector.anchor.peer_logs import Keep
    from connector.store.transaction import Tx
    from connector.web.call import Call

BODY_BYTES_MAX = 1_048_576
_CHANNEL = re.compile(r"[0-9a-f]{64}")


async def request(call: Call) -> web.Response:
    """Message 1: answer with a key offer, or with the policy's denial."""
    body, keep = await _body(call)
    message = wire.decode(KeyRequest, body)
    channel = _channel(call)
    await call.connector.meet_channel(channel, call.peer, message.orders[0].agreement_digest)
    holder, now = call.connector.holder, call.connector.clock.now
    return await _answer(call, keep, lambda tx: payee.on_key_request(tx, holder, call.peer, channel, message, now()))


async def voucher(call: Call) -> web.Response:
    """Message 3: answer with the release, or with a signed refusal."""
    body, keep = await _body(call)
    message = wire.decode(VoucherMessage, body)
    channel, holder, now = _channel(call), call.connector.holder, call.connector.clock.now
    return await _answer(call, keep, lambda tx: release.on_voucher(tx, holder, call.peer, channel, message, now()))


async def acknowledge(call: Call) -> web.Response:
    """Message 5: take the final acknowledgement."""
    body, keep = await _body(call)
    message = wire.decode(VoucherMessage, body)
    channel, holder, now = _channel(call), call.connector.holder, call.connector.clock.now
    return await _answer(call, keep, lambda tx: release.on_acknowledge(tx, holder, call.peer, channel, message, now()))


async def resume_channel(call: Call) -> web.Response:
    """Compare newest signed states."""
    body, keep = await _body(call)
    message = wire.decode(Resume, body)
    channel, holder, now = _channel(call), call.connector.holder, call.connector.clock.now
    return await _answer(call, keep, lambda tx: resume.on_resume_payee(tx, holder, call.peer, channel, message, now()))


async def _body(call: Call) -> tuple[Any, Keep]:
    """Read the body, check the sender's checkpoint, look at the chain; also return what keeps the checkpoint."""
    body = load(await call.request.read(), max_bytes=BODY_BYTES_MAX)
    keep = await call.connector.peer_logs.check(
        call.peer, body.get(wire.CHECKPOINT) if isinstance(body, dict) else None
    )
    await call.connector.watch.look()
    return body, keep


async def _answer(call: Call, keep: Keep, act: Callable[[Tx], Any]) -> web.Response:
    """Keep their checkpoint and do the act in one transaction with the caller's token; our newest head rides back."""

    def acting(tx: Tx) -> Any:
        keep(tx)
        return act(tx)

    message = await call.act(acting)
    if isinstance(message, Equivocation):
        raise fault("stopped", f"two different messages with seq `{message.seq}` are kept as `{message.bundle}`")
    body = {} if message is None else wire.encode(message)
    return as_json({**body, wire.CHECKPOINT: await call.connector.heads.riding(call.peer)})


def _channel(call: Call) -> bytes:
    text = call.path["id"]
    if not _CHANNEL.fullmatch(text):
        raise fault("unknown-channel", "a channel id has 64 hex digits")
    return bytes.fromhex(text)
