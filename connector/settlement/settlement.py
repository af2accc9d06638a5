"""Settling: the newest voucher is claimed, the channel closed on chain, the shares withdrawn (spec 3).

Law: (1) the program pays by the voucher alone; here is only the order of the acts and what came of them. Every act is
stored before it is sent and named by its cause, so settling twice settles once. (2) A channel is closed at a voucher
that was picked in the write after which nothing more is released on it, once that is claimed. (3) What one channel met
stops no other, nor what may be withdrawn.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.channel import claims, closing
from connector.runtime.errors import ChainReverted, PaymentRefused, PeerUnreachable, explain_failure
from connector.settlement import acknowledging, claimed
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import ChannelRow, ChannelState, PaidRowsRow, Side
from contracts import address, price_words
from contracts.tariff import Tariff
from ledger.chain import acts, batch
from ledger.chain.programs import confirmed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.chain.chain_watch import ChainWatch
    from connector.chain.transactions import Transactions
    from connector.channel.claims import Claim
    from connector.channel.closing import Picked
    from connector.channel.doors import Holder
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.settlement.paying import Payments
    from connector.settlement.purse import Purse
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Channel, Programs

# who buys answers at once; who does not is not waited for
ASK_SECONDS = 10.0
# a claim is final after some blocks: that of the slowest chains we know takes seconds; who asks does not wait for ever
CONFIRMED_SECONDS, LOOK_SECONDS = 120.0, 0.5
log = logging.getLogger(__name__)


class Settlements:
    """What this participant settles as payee, and what it withdraws as payee or payer."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        transactions: Transactions,
        watch: ChainWatch,
        holder: Holder,
        payments: Payments,
        purse: Purse,
    ) -> None:
        self._core, self._space, self._programs, self._transactions = core, space, programs, transactions
        self._watch, self._holder, self._payments = watch, holder, payments
        self._purse = purse

    async def preview(self, agreement: str | None) -> JsonObject:
        """Return what `settle` would settle now: what is claimed on chain, and the newest voucher above it."""

        def look(tx: Tx) -> list[JsonObject]:
            wanted = {"role = ?": Side.PAYEE, "state <> ?": ChannelState.CLOSED}
            return [self._claimable(tx, row) for row in _channels(tx, agreement, wanted)]

        await self._watch.look()
        channels = await self._core.store.read(look)
        credit, currency = await self._purse.credit(), self._deployment.currency
        return {"channels": channels, "withdrawable": str(credit), "currency": currency}

    async def settle(self, agreement: str | None) -> JsonObject:
        """Settle all open channels on which we are paid (or those of one agreement), then withdraw what is ours.

        What an arbitrator holds is left out, and settled when it is asked for after that. A channel that could not be
        settled has its `fault` in the answer.
        """
        await self._watch.look()
        wanted = await self._core.store.read(lambda tx: _channels(tx, agreement, {}))
        together = [wanted[at : at + batch.CALLS_MAX] for at in range(0, len(wanted), batch.CALLS_MAX)]
        ended = [told for rows in together for told in await self._end(rows)]
        withdrawn = await self._purse.withdraw()
        return {"channels": ended, "withdrawn": str(withdrawn), "currency": self._deployment.currency}

    async def close(self, row: ChannelRow) -> None:
        """Close one channel as its payee, at the newest voucher; one that an arbitrator holds stays as it is."""
        await self._settle(row)

    async def _end(self, rows: Sequence[ChannelRow]) -> list[JsonObject]:
        """End channels side by side, for claims that wait together are brought together."""
        ended = await asyncio.gather(*(self._ended(row) for row in rows))
        return [told for told in ended if told is not None]

    async def _ended(self, row: ChannelRow) -> JsonObject | None:
        """End a channel and return what is told of it, with its fault where it could not be ended."""
        does = {Side.PAYEE: self._settle, Side.PAYER: self._refund}
        try:
            return await does[row.role](row)
        except Exception as fault:  # noqa: BLE001  # it is told with its channel, and stops no other
            log.warning("channel `%s` is not settled: %s", row.id, fault)
            now = await self._core.store.read(lambda tx: _row(tx, row.id))
            return {**await self._told(now, now.claimed), "fault": explain_failure(fault).as_json()}

    async def _stands_still(self, found: Channel) -> bool:
        """Say whether an arbitrator holds the channel: what is sent now would be refused, and never sent again."""
        until = None if found.closed else found.frozen_until
        return until is not None and (await self._programs.chain.newest()).at < until

    async def _settle(self, row: ChannelRow) -> JsonObject | None:
        """Claim and close a channel as its payee; return what came of it, None if it is left out."""
        channel, settled = row.channel_id, row.claimed
        if row.state != ChannelState.CLOSED:
            found = await self._programs.channel(channel)
            if found is None or await self._stands_still(found):
                return None
            if not found.closed:  # an arbitrator may have ended it, and we have not heard of it yet
                await self._close(row, found)
            settled = await self.note_closed(row)
        return await self._told(row, settled)

    async def _told(self, row: ChannelRow, settled: int) -> JsonObject:
        """Return what is told of a channel of which `settled` minor units are paid."""
        return {
            "channel": row.id,
            "agreement": row.agreement,
            "settled": str(settled),
            "bill": await self._core.store.read(lambda tx: _bill(tx, row.agreement)),
            "shares": _shares(row, settled),
        }

    async def _close(self, row: ChannelRow, found: Channel) -> None:
        """Claim what was picked and close the channel at it; raises PaymentRefused if that would give something up."""
        channel, why = row.channel_id, await self._asked(row)
        picked = await self._pick(channel)
        while picked.claim is not None:  # an acknowledgement may arrive while the chain is slow
            await self._claim(row, found, picked.claim)
            picked = await self._pick(channel)
        if picked.short:
            raise PaymentRefused(
                f"{self._money(picked.short)} of what was released can be claimed by no voucher that is here, and the "
                f"buyer did not acknowledge them ({why or 'its acknowledgement is for less'}); the channel stays open",
                "settle again when the buyer answers; what could be claimed is claimed",
            )
        await self._settled_for_good(channel)
        closing_it = acts.close(self._deployment, channel)._replace(sender=found.payee)
        await self._transactions.submit("close:" + row.id, closing_it, anew=True)

    async def _asked(self, row: ChannelRow) -> str:
        """Ask the buyer for its acknowledgement where there is none; return why it did not come, empty if it did.

        It may know of windows that a restored back-up does not.
        """
        channel = row.channel_id
        if await self._core.store.read(lambda tx: claims.is_acknowledged(tx, channel)):
            return ""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await acknowledging.ask(self._core, self._space, self._holder, self._payments, row)
        except Exception as fault:  # noqa: BLE001  # what can be claimed is claimed, whatever the buyer says
            return explain_failure(fault).text
        return ""

    async def _pick(self, channel: bytes) -> Picked:
        holder, now = self._holder, self._core.clock.now
        return await self._core.store.write(lambda tx: closing.begin(tx, holder, channel, now()))

    async def claim(self, row: ChannelRow) -> None:
        """Claim, without closing, the greatest amount that can be claimed on a channel of ours."""
        channel = row.channel_id
        found = await self._programs.channel(channel)
        if found is not None and not found.closed and not await self._stands_still(found):
            holder, now = self._holder, self._core.clock.now()
            newest = await self._core.store.read(lambda tx: claims.newest(tx, holder, channel, now))
            await self._claim(row, found, newest)

    async def _refund(self, row: ChannelRow) -> None:
        """Take back, as the payer, what nobody claimed before the channel expired in block time (spec 3.4)."""
        if row.state == ChannelState.CLOSED:
            return
        channel = row.channel_id
        found = await self._programs.channel(channel)
        if found is not None and not found.closed and (await self._programs.chain.newest()).at >= found.expiry:
            refund = acts.refund(self._deployment, channel)._replace(sender=found.payer)
            await self._transactions.submit("refund:" + row.id, refund)
        await self.note_closed(row)

    async def _claim(self, row: ChannelRow, found: Channel, claim: Claim | None) -> None:
        """Claim, unless the chain already paid as much; note it in any case."""
        if claim is None:
            return
        cumulative = claim.voucher.cumulative_amount
        if cumulative <= found.claimed:
            await self._core.store.write(lambda tx: tx.update(ChannelRow, {"id": row.id}, claimed=found.claimed))
            return
        try:
            mined = await self._transactions.submit(claim.key, claim.act(self._deployment), anew=True)
        except ChainReverted:
            if not await self._overtaken(row, cumulative):
                raise
            return
        shares = _shares(row, cumulative)

        def note(tx: Tx) -> None:
            if _row(tx, row.id).claimed < cumulative:
                tx.update(ChannelRow, {"id": row.id}, claimed=cumulative)
                fields = {"cumulative": str(cumulative), "tx": mined.transaction, "shares": shares}
                self._record(tx, "channel.claimed", row, fields)

        await self._core.store.write(note)

    async def _overtaken(self, row: ChannelRow, cumulative: int) -> bool:
        """Say whether another claim has brought as much already, and note it."""
        found = await self._programs.channel(row.channel_id)
        if found is None or found.claimed < cumulative:
            return False
        await self._core.store.write(lambda tx: tx.update(ChannelRow, {"id": row.id}, claimed=found.claimed))
        return True

    async def _settled_for_good(self, channel: bytes) -> None:
        """Wait until what was claimed has the agreed confirmations; raises PeerUnreachable where that takes too long.

        A close that was sent before could be mined again alone, after a reorganisation that took the claim back.
        """
        confirmations = self._core.settings.chain.confirmations
        if not confirmations:
            return
        row = await self._core.store.read(lambda tx: _row(tx, channel.hex()))
        with suppress(TimeoutError):
            async with asyncio.timeout(CONFIRMED_SECONDS):
                while True:
                    last = await confirmed(self._programs.chain, confirmations)
                    found = await self._programs.channel(channel, at=last)
                    if found is not None and found.claimed >= row.claimed:
                        return
                    await asyncio.sleep(LOOK_SECONDS)
        raise PeerUnreachable(
            "the claim waits for its confirmations before the channel is closed", "settle again later"
        )

    async def note_closed(self, row: ChannelRow) -> int:
        """Record that the chain closed the channel, once; an open one is left as it is. Return what was claimed.

        Raises ChainUnreachable.
        """
        channel = row.channel_id
        found = await self._programs.channel(channel)
        if found is None or not found.closed:
            return row.claimed if found is None else found.claimed
        closed = await self._programs.told("channels", "Closed", channelId=channel)
        shares = _shares(row, found.claimed)
        fields = {"cumulative": str(found.claimed), "tx": closed.transaction.hex(), "shares": shares}
        fields["refund"] = str(found.deposit - found.claimed)
        # after this nobody follows the channel, and a payee may yet have to be shown what it was paid for
        opened = await claimed.lock(self._programs, row, found.claimed)
        last: JsonObject = {"claimed": found.claimed, "claimed_lock": opened, "deposit": found.deposit}

        def note(tx: Tx) -> None:
            if _row(tx, row.id).state != ChannelState.CLOSED:
                tx.update(ChannelRow, {"id": row.id}, state=ChannelState.CLOSED, close_tx=fields["tx"], **last)
                if row.role == Side.PAYEE:
                    self._end_offers(tx, accounts.load(tx, channel, Side.PAYEE))
                self._record(tx, "channel.closed", row, fields)

        await self._core.store.write(note)
        return found.claimed

    def _end_offers(self, tx: Tx, account: ChannelRow) -> None:
        """Give up what was offered on a channel that the chain has closed, and tell of what a back-up forgot of it."""
        closing.void(tx, self._holder, account)
        if accounts.has_forgotten(account):
            self._core.topics.release_forgotten.after(tx, account.id)

    def _claimable(self, tx: Tx, row: ChannelRow) -> JsonObject:
        """Return what settling would make of a channel; `short` is what was released and can be claimed by nothing."""
        channel, holder, now = row.channel_id, self._holder, self._core.clock.now()
        claim = claims.newest(tx, holder, channel, now)
        account = accounts.load(tx, channel, Side.PAYEE)
        return {
            "channel": row.id,
            "agreement": row.agreement,
            "claimed": str(row.claimed),
            "newest": str(row.claimed if claim is None else claim.voucher.cumulative_amount),
            "short": str(claims.shortfall(tx, holder, account, now)),
            "bill": _bill(tx, row.agreement),
        }

    def _record(self, tx: Tx, kind: str, row: ChannelRow, fields: JsonObject) -> None:
        self._core.evidence.record(tx, kind, part=row.id, fields=fields, now=self._core.clock.now())

    def _money(self, minor: int) -> str:
        return price_words.money(minor, self._deployment.currency)

    @property
    def _deployment(self) -> Any:
        return self._programs.deployment


def _row(tx: Tx, channel: str) -> ChannelRow:
    """Return the row of a channel as it is now."""
    row = tx.get(ChannelRow, id=channel)
    assert row is not None, "the row of a channel is never removed"
    return row


def _shares(row: ChannelRow, cumulative: int) -> dict[str, str]:
    """Return payee address → its share of `cumulative`, as the agreement's split says."""
    parts = zip(row.split.parts, row.split.shares(cumulative), strict=True)
    return {address.show(payee): str(share) for (payee, _), share in parts}


def _channels(tx: Tx, agreement: str | None, wanted: Mapping[str, str]) -> list[ChannelRow]:
    """Return the channels of an agreement, or of all, the oldest first; `wanted` is condition → value."""
    asked = {**wanted} if agreement is None else {**wanted, "agreement = ?": agreement}
    return tx.find(ChannelRow, " and ".join(asked), tuple(asked.values()), order="created")


def _bill(tx: Tx, agreement: str) -> str:
    """Return what was paid under an agreement in words: a quantity and its price; empty where nothing was."""
    row, paid = tx.get(AgreementRow, digest=agreement), tx.get(PaidRowsRow, agreement=agreement)
    if row is None or paid is None or not row.terms:
        return ""
    tariff = Tariff.from_json(row.terms["tariff"])
    money = price_words.money(paid.amount, tariff.currency)
    return f"{price_words.quantity(tariff, paid.quantity)} at {price_words.price(tariff)}: {money}"
