"""Settling: the newest voucher is claimed, the channel closed on chain, the shares withdrawn (spec 3).

Law: the program pays by the voucher alone; here is only the order of the acts and what came of them. Every
act is stored before it is sent and named by its cause, so settling twice settles once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.channel import claims
from connector.engine.driver import Driver
from contracts import address, price_words
from contracts.tariff import Tariff
from ledger import acts, batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.engine.trader import Trader
    from connector.store.transaction import Tx
    from ledger.programs import Channel

CLOSED = "closed"
Row = dict[str, Any]


class Settlements:
    """What this participant settles as payee, and what it withdraws as payee or payer."""

    def __init__(self, trader: Trader) -> None:
        self._trader = trader
        self.driver = Driver("licence", self._grant, self._left)
        self._granted: dict[str, str] = {}
        self._purse = asyncio.Lock()

    async def recover(self) -> None:
        """Note licences that were mined while nobody listened."""
        for row in await self._trader.store.read(lambda tx: tx.find("chain_txs", "state = ?", ("mined",))):
            self._trader.mined(row)

    def licence_granted(self, digest: str, transaction: str) -> None:
        """Take note, off the caller's path, that a licence is on chain."""
        self._granted[digest] = transaction
        self.driver.wake(digest)

    async def _grant(self, digest: str) -> None:
        transaction = self._granted[digest]
        await self._trader.store.write(lambda tx: self._trader.grant(tx, digest, transaction))
        self._granted.pop(digest, None)

    async def _left(self, digest: str, _fault: Exception) -> None:
        """Leave a failed note for the next start, which finds the mined transaction again."""
        self._granted.pop(digest, None)

    async def preview(self, agreement: str | None) -> Row:
        """Return what `settle` would settle now: what is claimed on chain, and the newest voucher above it."""

        def look(tx: Tx) -> list[Row]:
            wanted = {"role = ?": accounts.PAYEE, "state <> ?": CLOSED}
            return [_claimable(tx, row) for row in _channels(tx, agreement, wanted)]

        channels = await self._trader.store.read(look)
        credit = await self._trader.programs.credit(self._trader.keys.address)
        return {"channels": channels, "withdrawable": str(credit)}

    async def settle(self, agreement: str | None) -> Row:
        """Settle all open channels on which we are paid (or those of one agreement), then withdraw what is ours.

        What an arbitrator holds is left out, and settled when it is asked for after that.
        """
        wanted = await self._trader.store.read(lambda tx: _channels(tx, agreement, {}))
        together = [wanted[at : at + batch.CALLS_MAX] for at in range(0, len(wanted), batch.CALLS_MAX)]
        ended = [told for rows in together for told in await self._end(rows)]
        return {"channels": ended, "withdrawn": str(await self._withdraw())}

    async def close(self, row: Row) -> None:
        """Close one channel as its payee, at the newest voucher; one that an arbitrator holds stays as it is."""
        await self._settle(row)

    async def _end(self, rows: Sequence[Row]) -> list[Row]:
        """End channels side by side, for claims that wait together are brought together; the first fault is raised."""
        does = {accounts.PAYEE: self._settle, accounts.PAYER: self._refund}
        ended = await asyncio.gather(*(does[row["role"]](row) for row in rows), return_exceptions=True)
        for fault in ended:
            if isinstance(fault, BaseException):
                raise fault
        return [told for told in ended if isinstance(told, dict)]

    async def _stands_still(self, found: Channel) -> bool:
        """Say whether an arbitrator holds the channel: what is sent now would be refused, and never sent again."""
        until = None if found.closed else found.frozen_until
        return until is not None and (await self._trader.chain.newest()).at < until

    async def _settle(self, row: Row) -> Row | None:
        """Claim and close a channel as its payee; return what came of it, None if it is left out."""
        trader = self._trader
        channel, settled = bytes.fromhex(row["id"]), row["claimed"]
        if row["state"] != CLOSED:
            found = await trader.programs.channel(channel)
            if found is None or await self._stands_still(found):
                return None
            if not found.closed:  # an arbitrator may have ended it, and we have not heard of it yet
                await self._claim(row, found)
                await trader.transactions.submit("close:" + row["id"], acts.close(self._deployment, channel))
            settled = await self.note_closed(row)
        return {
            "channel": row["id"],
            "agreement": row["agreement"],
            "settled": str(settled),
            "bill": await trader.store.read(lambda tx: _bill(tx, row["agreement"])),
            "shares": await self._shares(row, settled),
        }

    async def _refund(self, row: Row) -> None:
        """Take back, as the payer, what nobody claimed before the channel expired in block time (spec 3.4)."""
        trader = self._trader
        if row["state"] == CLOSED:
            return
        channel = bytes.fromhex(row["id"])
        found = await trader.programs.channel(channel)
        if found is not None and not found.closed and (await trader.chain.newest()).at >= found.expiry:
            await trader.transactions.submit("refund:" + row["id"], acts.refund(self._deployment, channel))
        await self.note_closed(row)

    async def _claim(self, row: Row, found: Channel) -> None:
        """Claim the newest voucher, unless the chain already paid as much."""
        trader = self._trader
        claim = await trader.store.read(lambda tx: claims.newest(tx, bytes.fromhex(row["id"])))
        if claim is None or claim.voucher.cumulative_amount <= found.claimed:
            return
        cumulative = claim.voucher.cumulative_amount
        mined = await trader.transactions.submit(claim.key, claim.act(self._deployment))
        shares = await self._shares(row, cumulative)

        def note(tx: Tx) -> None:
            known = tx.get("channels", id=row["id"])
            if known is not None and known["claimed"] < cumulative:
                tx.update("channels", {"id": row["id"]}, claimed=cumulative)
                fields = {"cumulative": str(cumulative), "tx": mined["hash"], "shares": shares}
                self._record(tx, "channel.claimed", row, fields)

        await trader.store.write(note)

    async def note_closed(self, row: Row) -> int:
        """Record that the chain closed the channel, once; an open one is left as it is. Return what was claimed."""
        trader = self._trader
        channel = bytes.fromhex(row["id"])
        found = await trader.programs.channel(channel)
        if found is None or not found.closed or row["state"] == CLOSED:
            return row["claimed"] if found is None else found.claimed
        closed = await trader.programs.events("channels", "Closed", channelId=channel)
        shares = await self._shares(row, found.claimed)
        fields = {"cumulative": str(found.claimed), "tx": closed[0].transaction.hex(), "shares": shares}
        fields["refund"] = str(found.deposit - found.claimed)

        def note(tx: Tx) -> None:
            known = tx.get("channels", id=row["id"])
            if known is not None and known["state"] != CLOSED:
                tx.update("channels", {"id": row["id"]}, state=CLOSED, close_tx=fields["tx"], claimed=found.claimed)
                self._record(tx, "channel.closed", row, fields)

        await trader.store.write(note)
        return found.claimed

    async def _shares(self, row: Row, cumulative: int) -> dict[str, str]:
        """Return payee address → its share of `cumulative`, as the agreement's split says."""
        channel = await self._trader.store.read(lambda tx: accounts.load(tx, bytes.fromhex(row["id"]), row["role"]))
        parts = zip(channel.split.parts, channel.split.shares(cumulative), strict=True)
        return {address.show(payee): str(share) for (payee, _), share in parts}

    async def _withdraw(self) -> int:
        """Withdraw what the channels have credited to us; returns the amount. One at a time: a credit is there once."""
        trader = self._trader
        async with self._purse:
            credit = await trader.programs.credit(trader.keys.address)
            if credit == 0:
                return 0
            block = (await trader.chain.newest()).number
            await trader.transactions.submit(f"withdraw:{block}", acts.withdraw(self._deployment))
            return credit

    def _record(self, tx: Tx, kind: str, row: Row, fields: Row) -> None:
        self._trader.evidence.record(tx, kind, part=row["id"], fields=fields, now=self._trader.clock.now())

    @property
    def _deployment(self) -> Any:
        return self._trader.programs.deployment


def _channels(tx: Tx, agreement: str | None, wanted: Mapping[str, str]) -> list[Row]:
    """Return the channels of an agreement, or of all, the oldest first; `wanted` is condition → value."""
    asked = {**wanted} if agreement is None else {**wanted, "agreement = ?": agreement}
    return tx.find("channels", " and ".join(asked), tuple(asked.values()), order="created")


def _claimable(tx: Tx, row: Row) -> Row:
    claim = claims.newest(tx, bytes.fromhex(row["id"]))
    return {
        "channel": row["id"],
        "agreement": row["agreement"],
        "claimed": str(row["claimed"]),
        "newest": str(row["claimed"] if claim is None else claim.voucher.cumulative_amount),
        "bill": _bill(tx, row["agreement"]),
    }


def _bill(tx: Tx, agreement: str) -> str:
    """Return what was paid under an agreement in words: a quantity and its price; empty where nothing was."""
    row, paid = tx.get("agreements", digest=agreement), tx.get("paid_rows", agreement=agreement)
    if row is None or paid is None or not row["terms"]:
        return ""
    tariff = Tariff.from_json(row["terms"]["tariff"])
    money = price_words.money(paid["amount"], tariff.currency)
    return f"{price_words.quantity(tariff, paid['quantity'])} at {price_words.price(tariff)}: {money}"
