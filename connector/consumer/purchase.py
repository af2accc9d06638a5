"""Buying the keys of a transfer: a request, a voucher, a release; and release and next offer in one (spec 4).

Law: every step is durable here before the next message leaves, and the message that leaves is the stored one. What a
purchase remembers only saves a look: made anew after any crash, it sends what is stored, or goes on. What a buyer calls
a purchase, from finding to opening, is in `connector.consumer.acquisition`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.channel import payer, plan, receive, step, wire
from connector.channel.errors import ChannelFault, fault
from connector.channel.messages import (
    Denial,
    Equivocation,
    OfferMessage,
    RefusalMessage,
    ReleaseMessage,
    Step,
    StepMessage,
    VoucherMessage,
)
from connector.channel.tally import OPEN
from connector.channel.window import MAX_BATCH_ROWS
from connector.consumer import next_channel
from connector.runtime.errors import NotPermitted, PeerRefused, PeerUnreachable, VerificationFailed, explain_failure
from connector.settlement import disputes, paying

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from connector.chain.chain_watch import ChainWatch
    from connector.channel.doors import Buyer
    from connector.channel.messages import KeyRequest
    from connector.channel.pace import Paces
    from connector.channel.plan import Waiting, Want
    from connector.channel.receive import Received
    from connector.channel.step import Stepped
    from connector.consumer.acknowledging import Acknowledging
    from connector.core.core import Core
    from connector.identity.space.peer_logs import Keep
    from connector.settlement.paying import Payments
    from connector.settlement.turns import Turns
    from connector.store.transaction import Tx

# a voucher waits so long for the bytes of the next window, to take its request along; with slower bytes it goes alone
PATIENCE_SECONDS = 0.25
# codes of two sides whose newest states differ, and how often they are made level for one window
FORGOTTEN = "forgotten"
OUT_OF_STEP = frozenset({"behind", FORGOTTEN, "offer-seq"})
# codes of two sides whose books of the agreement differ: what was paid through another channel is not known to both
OTHER_BOOKS = frozenset({"over-exposure", "wrong-amount", "not-paid"})
LEVEL_TRIES = 3


async def _everything(_after: int) -> int:
    """Wait for nothing: no row is to be here."""
    return MAX_BATCH_ROWS


def _always(_tx: Tx) -> None:
    """Go on whatever happens: nobody pauses this."""


async def _nothing(_received: Received) -> None:
    """Find nothing wrong."""


@dataclass(frozen=True, slots=True)
class Till:
    """What keys are bought with: our half of the channel, what it looks up, and the way to the provider."""

    core: Core
    buyer: Buyer
    watch: ChainWatch
    paces: Paces
    turns: Turns
    payments: Payments
    acknowledging: Acknowledging


class Purchase:
    """The windows of one transfer, one after the other; from the second on each costs one round trip.

    `here` says how many rows behind the next n may be asked for, waiting for the first, 0 when none is left; `prove`
    opens what was released and returns the first row that does not open. `going` raises NotPermitted where nothing more
    is to be signed, in the transaction that would: a provider may take its time with an offer.
    """

    def __init__(
        self,
        till: Till,
        provider: str,
        channel: bytes,
        here: Callable[[int], Awaitable[int]] = _everything,
        prove: Callable[[Received], Awaitable[int | None]] = _nothing,
        going: Callable[[Tx], None] = _always,
    ) -> None:
        self._till, self._provider, self._channel = till, provider, channel
        self._here, self._prove, self._going = here, prove, going
        self._asked = 0
        self._signed: VoucherMessage | None = None
        self._waiting: Waiting | None = None
        self._steps = True
        self._pace = till.paces.begin(provider)
        self._released = self._now()

    async def next(self, want: Want, *, further: bool = False) -> Received | None:
        """Buy the next window of `want`; None when all of it is paid. `further`: its next one may be asked for, too.

        Raises NotPermitted with the provider's reasons, VerificationFailed when its keys or words are wrong, and
        PeerUnreachable when a settlement brought the keys meanwhile.
        """
        await self._till.watch.look()
        voucher, self._signed = self._signed or await self._sign(want), None
        if voucher is None:
            return None
        request = await self._further(want) if further and self._steps else None
        try:
            if request is not None and (stepped := await self._step(voucher, request, want)) is not None:
                return stepped
            return await self._finish(voucher)
        except ChannelFault as refusal:
            if not await self._acknowledged(voucher):
                raise
            told = f"the keys of window {voucher.voucher.seq} came by a settlement while they were asked for"
            raise PeerUnreachable(told, "it goes on from what is here") from refusal

    async def resume(self, readers: Collection[bytes] = ()) -> Received | None:
        """Bring a window that an earlier run left unreleased to its end; None when there is none.

        With `readers` also a released but unacknowledged window for one of these keys is asked for again: same keys, no
        count. What the chain shows is taken whatever the provider says; then both sides are made level, for one that
        was restored from a back-up may have lost the offer.
        """
        till, channel = self._till, self._channel
        self._waiting = None
        await till.watch.look()
        if (shown := await self._shown(await till.core.store.read(lambda tx: payer.waiting(tx, channel)))) is not None:
            return shown
        await till.core.store.write(lambda tx: receive.lapse(tx, till.buyer, channel))
        await till.payments.level(self._provider, channel)
        voucher = await till.core.store.read(lambda tx: paying.unfinished(tx, channel, readers))
        voucher = voucher or await self._lost()
        if voucher is None:
            return None
        try:
            return await self._shown(voucher) or await self._finish(voucher)
        except ChannelFault:
            if not await self._acknowledged(voucher):
                raise
            return None

    async def _acknowledged(self, voucher: VoucherMessage) -> bool:
        """Say whether a settlement asked for the acknowledgement while the same release was on its way."""
        return await self._till.core.store.read(lambda tx: paying.acknowledged(tx, self._channel, voucher))

    async def _shown(self, voucher: VoucherMessage | None) -> Received | None:
        """Take the keys of a voucher that the provider claimed on chain; None when it did not."""
        claimed = None if voucher is None else await self._till.payments.claimed(self._channel, voucher)
        if claimed is None:
            return None
        return await self._taken(claimed, None if claimed.code else await self._prove(claimed))

    async def _finish(self, voucher: VoucherMessage) -> Received:
        """Send a voucher by itself and take what it brings."""
        answer, keep = await self._release("voucher", wire.encode(voucher))
        message = wire.decode_one(answer, ReleaseMessage, RefusalMessage)
        if isinstance(message, RefusalMessage):
            raise await self._refused(message, keep)
        till, channel = self._till, self._channel
        received, wrong = await self._read(message)

        def take(tx: Tx) -> Received:
            keep(tx)
            return receive.on_release(tx, till.buyer, channel, message, till.core.clock.now(), received)

        return await self._taken(await till.core.store.write(take), wrong)

    async def _sign(self, want: Want) -> VoucherMessage | None:
        """Ask for the next window by itself and sign for its offer; None when nothing is left.

        Where the two sides' newest states differ, here or on an earlier channel of the agreement, they are made level
        first: one of them was restored from a back-up, or we acknowledged something meanwhile.
        """
        for tries_left in reversed(range(LEVEL_TRIES)):
            try:
                return await self._signed_for(want)
            except (ChannelFault, PeerRefused) as refusal:
                code = explain_failure(refusal).code
                if not tries_left or code not in OUT_OF_STEP | OTHER_BOOKS:
                    raise
            if code in OTHER_BOOKS:
                await self._till.payments.level_former(self._provider, self._channel)
            if code == FORGOTTEN:
                await self._till.payments.recall(self._channel)
            await self._till.payments.level(self._provider, self._channel)
        raise AssertionError("the last try returns or raises")

    async def _signed_for(self, want: Want) -> VoucherMessage | None:
        till, channel, buyer = self._till, self._channel, self._till.buyer
        now = till.core.clock.now()
        # an opening costs the same for all its rows: to split it would put its price at risk for fewer keys
        pace = MAX_BATCH_ROWS if want.use == OPEN else self._pace.rows
        most = min(pace, await self._here(0))
        async with till.turns.of(channel):  # an acknowledgement would take the seq that is offered
            request = await till.core.store.read(lambda tx: plan.plan(tx, buyer, channel, [want], now, most))
            if request is None:
                return None
            self._asked = _rows(request)
            return await self._offered(request, want)

    async def _lost(self) -> VoucherMessage | None:
        """Ask again for a batch whose window the provider lost, and sign for its offer; None when it lost none."""
        till, channel, buyer = self._till, self._channel, self._till.buyer
        now = till.core.clock.now()
        async with till.turns.of(channel):
            request = await till.core.store.read(lambda tx: plan.lost(tx, buyer, channel, now))
            return None if request is None else await self._offered(request)

    async def _offered(self, request: KeyRequest, want: Want | None = None) -> VoucherMessage:
        """Ask for a batch and sign for its offer; `want` is what more is looked up for meanwhile."""
        till, channel, buyer = self._till, self._channel, self._till.buyer
        answer, keep = await self._post("request", wire.encode(request))
        offer = wire.decode_one(answer, OfferMessage, Denial)
        if isinstance(offer, Denial):
            raise NotPermitted(paying.words(offer.reasons) or offer.outcome)

        def sign(tx: Tx) -> tuple[VoucherMessage | Equivocation, Waiting | None]:
            self._going(tx)
            keep(tx)
            signed = payer.on_offer(tx, buyer, channel, request, offer, till.core.clock.now())
            return signed, None if want is None else self._look(tx, want)

        answered, self._waiting = await till.core.store.write(sign)
        signed: VoucherMessage = paying.no_equivocation(answered)
        return signed

    def _look(self, tx: Tx, want: Want) -> Waiting | None:
        """Return the voucher that waits now and what is planned after it, None where something is in the way."""
        try:
            return plan.waiting(tx, self._till.buyer, self._channel, [want], self._till.core.clock.now())
        except ChannelFault:
            return None  # it is said when the next window is asked for by itself

    async def _further(self, want: Want) -> KeyRequest | None:
        """Return what follows the window that waits, once its bytes are here; None when that must be asked alone."""
        if self._waiting is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                most = min(self._pace.rows, await self._here(self._asked))
            return plan.ahead(self._waiting, [want], self._till.core.clock.now(), most)
        except (ChannelFault, TimeoutError):
            return None  # a limit is in the way until the keys are here; or the bytes are slower than the keys

    async def _step(self, voucher: VoucherMessage, request: KeyRequest, want: Want) -> Received | None:
        """Send a voucher with the request for what follows; None when the provider wants one message at a time."""
        till, channel = self._till, self._channel
        try:
            answer, keep = await self._release("step", wire.encode(Step(voucher, request)))
        except PeerRefused:
            self._steps = False  # whatever it is, the voucher alone has the same answer, or its own
            return None
        message = wire.decode_one(answer, StepMessage, RefusalMessage)
        if isinstance(message, RefusalMessage):
            raise await self._refused(message, keep)
        received, wrong = await self._read(message.released)

        def take(tx: Tx) -> tuple[Stepped, Waiting | None]:
            keep(tx)
            answered = message if wrong is None and self._goes(tx) else replace(message, offered=None)
            stepped = step.on_stepped(tx, till.buyer, channel, request, answered, received, till.core.clock.now())
            return stepped, None if stepped.signed is None else self._look(tx, want)

        stepped, self._waiting = await till.core.store.write(take)
        taken = await self._taken(stepped.received, wrong)
        if stepped.fault is not None:
            raise stepped.fault
        self._signed, self._asked = paying.no_equivocation(stepped.signed), _rows(request)
        return taken

    def _goes(self, tx: Tx) -> bool:
        """Say whether more is to be signed; what was released is taken either way."""
        try:
            self._going(tx)
        except NotPermitted:
            return False
        return True

    async def _read(self, message: ReleaseMessage) -> tuple[Received, int | None]:
        """Return the keys of a release before it is taken, and the first of its rows that does not open."""
        till, channel, waiting = self._till, self._channel, self._waiting
        if waiting is not None and waiting.window.seq == message.receipt.seq:
            received = receive.brought(till.buyer, waiting.account, waiting.window, waiting.tables, message)
        else:
            received = await till.core.store.read(lambda tx: receive.read(tx, till.buyer, channel, message))
        return received, None if received.code else await self._prove(received)

    async def _taken(self, received: Received, wrong: int | None) -> Received:
        """Return what was taken; raises VerificationFailed when keys or pieces are wrong."""
        if wrong is None and not received.code:
            self._till.paces.delivered(self._provider, len(received.keys))
            self._till.acknowledging.served(self._channel)
            return received
        self._till.paces.disappointed(self._provider)
        if wrong is not None:
            await disputes.accuse(self._till.core, self._till.buyer, self._channel, received, wrong)
        raise VerificationFailed(
            f"a released key of window {received.seq} is not the committed one",
            disputes.next_steps(received.bundle),
        )

    async def _refused(self, message: RefusalMessage, keep: Keep) -> Exception:
        till, channel = self._till, self._channel

        def take(tx: Tx) -> None:
            keep(tx)
            receive.on_refusal(tx, till.buyer, channel, message)

        await till.core.store.write(take)
        if message.code in next_channel.CODES:
            return fault(message.code, f"refused before release: {paying.words(message.reasons)}")
        return NotPermitted(f"refused before release ({message.code}): {paying.words(message.reasons)}")

    async def _release(self, what: str, body: dict[str, Any]) -> tuple[Any, Keep]:
        """Post what is answered with a release, and let that set the pace."""
        begun, before = self._now(), self._released
        answered = await self._post(what, body)
        self._released = self._now()
        self._pace.released(self._released - begun, self._released - before)
        return answered

    async def _post(self, what: str, body: dict[str, Any]) -> tuple[Any, Keep]:
        return await self._till.payments.post(self._provider, self._channel, what, body)

    def _now(self) -> float:
        return self._till.core.clock.monotonic()


def _rows(request: KeyRequest) -> int:
    return sum(one.count for order in request.orders for one in order.ranges)
