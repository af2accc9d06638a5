"""The buyer's half of the window protocol over HTTP: what goes with every message, and the way back after a crash.

Law: every step is durable here before the next message leaves, and the message that leaves is the stored one. So this
file keeps no state: called again after any crash, it sends what is stored, or goes on.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.channel import acknowledgement, payer, receive, resume, said, windows, wire
from connector.channel.errors import ChannelFault, fault
from connector.channel.messages import (
    Equivocation,
    Resume,
    VoucherMessage,
)
from connector.runtime.errors import PeerRefused, VerificationFailed, explain_failure
from connector.store.rows.channel import ChannelRow, Side, WindowState
from ledger.chain.errors import ChainUnreachable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from connector.channel.doors import Buyer
    from connector.channel.receive import Received
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.peer_logs import Keep, PeerLogs
    from connector.identity.space.view import SpaceView
    from connector.settlement.turns import Turns
    from connector.store.heads import Heads
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

UNMET = "unknown-channel"  # code of a refusal
# messages of one comparison, of sixteen windows each: more than a channel ever had between two back-ups
LEVEL_ROUNDS_MAX = 4096
# channels of one agreement that are made level for the one that goes on; a back-up is seldom older than one of them
FORMER_MAX = 16


class Payments:
    """The buyer's half of the window protocol over HTTP; keeps no state."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        peers: Peers,
        buyer: Buyer,
        heads: Heads,
        peer_logs: PeerLogs,
        turns: Turns,
    ) -> None:
        self._core, self._space, self._programs, self._peers = core, space, programs, peers
        self._buyer, self._heads, self._peer_logs, self._turns = buyer, heads, peer_logs, turns

    async def level(self, provider: str, channel: bytes) -> None:
        """Compare the newest signed states of both sides until they are level (spec 4, resume)."""
        buyer, now = self._buyer, self._core.clock.now
        async with self._turns.of(channel):  # what it may sign takes a seq
            told: Resume | None = await self._core.store.write(lambda tx: resume.show_all(tx, buyer, channel, now()))
        if told is not None and told.seq == 0 and not told.windows:
            return  # nothing was ever signed here, and the provider may not even know the channel
        for _ in range(LEVEL_ROUNDS_MAX):
            if told is None:
                return
            try:
                answer, keep = await self.post(provider, channel, "resume", wire.encode(told))
            except PeerRefused as refusal:
                if explain_failure(refusal).code == UNMET and not told.windows:
                    return  # the provider meets a channel with its first key request
                raise
            act = partial(
                _resumed, buyer=buyer, channel=channel, theirs=wire.decode(Resume, answer), sent=told, keep=keep
            )
            before, told = told, no_equivocation(await self._core.store.write(partial(act, now=now())))
            if told == before:
                break
        raise fault("bad-testimony", "the provider's state does not follow from ours, whatever it is shown")

    async def level_former(self, provider: str, channel: bytes) -> None:
        """Make the channels level that were there before this one under its agreement, closed ones, too.

        A payee that went on with a back-up lacks what it released there, in the books by which it prices what follows.
        """
        for each in await self._core.store.read(lambda tx: _former(tx, channel)):
            with suppress(ChannelFault, PeerRefused):  # one that it cannot make level leaves its books as they are
                await self.level(provider, each)

    async def acknowledge(self, provider: str, channel: bytes) -> None:
        """Send the final acknowledgement, kept first: the provider can claim without publishing a preimage."""
        buyer = self._buyer
        async with self._turns.of(channel):
            message = await self._core.store.write(
                lambda tx: payer.acknowledge(tx, buyer, channel, self._core.clock.now())
            )
        _, keep = await self.post(provider, channel, "acknowledge", wire.encode(message))

        def took(tx: Tx) -> None:
            keep(tx)
            acknowledgement.taken(tx, channel, message.voucher.seq)

        await self._core.store.write(took)

    async def claimed(self, channel: bytes, voucher: VoucherMessage) -> Received | None:
        """Look whether the provider took the money on chain: the preimage it had to show there unlocks the keys."""
        try:
            events = await self._programs.events("channels", "Claimed", channelId=channel)
        except ChainUnreachable:
            return None  # the provider itself is asked next; the chain is only the other road to the same keys
        mine = [one.fields for one in events if one.fields["accountHash"] == voucher.voucher.account_hash]
        return await self._take_claimed(channel, mine[-1]) if mine else None

    async def recall(self, channel: bytes) -> None:
        """Take what the provider claimed on chain and forgot, so that it can be acknowledged when both are made level.

        Raises ChainUnreachable.
        """
        for one in await self._programs.events("channels", "Claimed", channelId=channel):
            await self._take_claimed(channel, one.fields)

    async def _take_claimed(self, channel: bytes, told: Mapping[str, Any]) -> Received | None:
        buyer, at = self._buyer, (told["cumulativeAmount"], told["accountHash"], told["preimage"])
        now = self._core.clock.now()
        return await self._core.store.write(lambda tx: receive.on_claimed(tx, buyer, channel, *at, now))

    async def post(self, provider: str, channel: bytes, what: str, body: JsonObject) -> tuple[Any, Keep]:
        """Post a message with our newest checkpoint; return the answer and what keeps the checkpoint that came with it.

        The caller keeps it in the transaction of what it does with the answer.
        """
        member = self._space.last().members[provider]
        body[wire.CHECKPOINT] = await self._heads.riding(provider)
        url = f"{member.url}/channel/{channel.hex()}/{what}"
        answer = (await self._core.outbound.post(url, body, headers=self._peers.authorization(provider))).json()
        return answer, await self._peer_logs.check(
            provider, answer.get(wire.CHECKPOINT) if isinstance(answer, dict) else None
        )


def _former(tx: Tx, channel: bytes) -> list[bytes]:
    account = accounts.load(tx, channel, Side.PAYER)
    about = account.agreement, Side.PAYER, account.id
    found = tx.find(ChannelRow, "agreement = ? and role = ? and id <> ?", about, "created desc", FORMER_MAX)
    return [row.channel_id for row in found]


def _resumed(tx: Tx, *, buyer: Buyer, channel: bytes, theirs: Resume, sent: Resume, keep: Keep, now: datetime) -> Any:
    keep(tx)
    return resume.on_resume_payer(tx, buyer, channel, theirs, now, sent)


def unfinished(tx: Tx, channel: bytes, readers: Collection[bytes]) -> VoucherMessage | None:
    """Return the voucher to send again: one that waits, or with `readers` the newest released for one of these keys."""
    waiting = payer.waiting(tx, channel)
    if waiting is not None or not readers:
        return waiting
    account = accounts.load(tx, channel, Side.PAYER)
    last = windows.newest(tx, account, WindowState.RELEASED)
    if last is None or last.voucher is None or all(order.reader_key not in readers for order in last.orders):
        return None
    return said.paid(last)


def acknowledged(tx: Tx, channel: bytes, voucher: VoucherMessage) -> bool:
    """Say whether the keys of a voucher are here and acknowledged: nothing waits for its release any more."""
    window = windows.find(tx, accounts.load(tx, channel, Side.PAYER), voucher.voucher.seq)
    return window is not None and window.state == WindowState.ACKNOWLEDGED


def no_equivocation(message: Any) -> Any:
    """Return a message; raises VerificationFailed if it is the proof that the provider signed two with one seq."""
    if isinstance(message, Equivocation):
        raise VerificationFailed(
            f"the provider signed two different messages with seq {message.seq}",
            f"nothing goes on with this channel; for a ruling: penstock dispute file {message.bundle}",
        )
    return message


def words(reasons: Any) -> str:
    """Return the provider's reasons in one line."""
    return "; ".join(str(reason.get("text", reason.get("code", ""))) for reason in reasons)
