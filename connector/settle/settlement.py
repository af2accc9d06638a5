"""Settling: the newest voucher is claimed, the channel closed on chain, the shares withdrawn (spec 3).

Law: the program pays by the voucher alone; here is only the order of the acts and what came of them. Every
act is stored before it is sent and named by its cause, so settling twice settles once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.channel import claims
from connector.engine.driver import Driver
from contracts import address, price_words
from contracts.tariff import Tariff
from ledger import acts

if TYPE_CHECKING:
    from connector.engine.trader import Trader
    from connector.store.transaction import Tx

CLOSED = "closed"
Row = dict[str, Any]


class Settlements:
    """What this participant settles as payee, and what it withdraws as payee or payer."""

    def __init__(self, trader: Trader) -> None:
        self._trader = trader
        self.driver = Driver("licence", self._grant, self._left)
        self._granted: dict[str, str] = {}

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

    async def settle(self, agreement: str | None) -> Row:
        """Settle all open channels on which we are paid (or those of one agreement), then withdraw what is ours.

        What an arbitrator holds is left out, and settled when it is asked for after that.
        """
        rows = await self._trader.store.read(lambda tx: tx.find("channels", order="created"))
        wanted = [row for row in rows if agreement in (None, row["agreement"])]
        paid = [row for row in wanted if row["role"] == accounts.PAYEE]
        settled = [await self._settle(row) for row in paid if not await self._stands_still(row)]
        for row in wanted:
            if row["role"] == accounts.PAYER:
                await self._refund(row)
                await self.note_closed(row)
        return {"channels": settled, "withdrawn": str(await self._withdraw())}

    async def _stands_still(self, row: Row) -> bool:
        """Say whether an arbitrator holds the channel: what is sent now would be refused, and never sent again."""
        trader = self._trader
        found = await trader.programs.channel(bytes.fromhex(row["id"]))
        until = None if found is None or found.closed else found.frozen_until
        return until is not None and (await trader.chain.newest()).at < until

    async def _settle(self, row: Row) -> Row:
        trader = self._trader
        channel = bytes.fromhex(row["id"])
        if row["state"] != CLOSED:
            await self._claim(row)
            await trader.transactions.submit("close:" + row["id"], acts.close(self._deployment, channel))
            await self.note_closed(row)
        found = await trader.programs.channel(channel)
        assert found is not None
        return {
            "channel": row["id"],
            "agreement": row["agreement"],
            "settled": str(found.claimed),
            "bill": await trader.store.read(lambda tx: _bill(tx, row["agreement"])),
            "shares": await self._shares(row, found.claimed),
        }

    async def _refund(self, row: Row) -> None:
        """Take back, as the payer, what nobody claimed before the channel expired in block time (spec 3.4)."""
        trader = self._trader
        channel = bytes.fromhex(row["id"])
        found = await trader.programs.channel(channel)
        newest = await trader.chain.newest()
        if found is not None and not found.closed and newest.at >= found.expiry:
            await trader.transactions.submit("refund:" + row["id"], acts.refund(self._deployment, channel))

    async def _claim(self, row: Row) -> None:
        """Claim the newest voucher, unless the chain already paid as much."""
        trader = self._trader
        channel = bytes.fromhex(row["id"])
        found = await trader.programs.channel(channel)
        claim = await trader.store.read(lambda tx: claims.newest(tx, channel))
        if found is None or claim is None or claim.voucher.cumulative_amount <= found.claimed:
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

    async def note_closed(self, row: Row) -> None:
        """Record that the chain closed the channel, once; an open one is left as it is."""
        trader = self._trader
        channel = bytes.fromhex(row["id"])
        found = await trader.programs.channel(channel)
        if found is None or not found.closed or row["state"] == CLOSED:
            return
        last = (await trader.chain.newest()).number
        closed = await trader.programs.events("channels", "Closed", 0, last, channelId=channel)
        shares = await self._shares(row, found.claimed)
        fields = {"cumulative": str(found.claimed), "tx": closed[0].transaction.hex(), "shares": shares}
        fields["refund"] = str(found.deposit - found.claimed)

        def note(tx: Tx) -> None:
            known = tx.get("channels", id=row["id"])
            if known is not None and known["state"] != CLOSED:
                tx.update("channels", {"id": row["id"]}, state=CLOSED, close_tx=fields["tx"], claimed=found.claimed)
                self._record(tx, "channel.closed", row, fields)

        await trader.store.write(note)

    async def _shares(self, row: Row, cumulative: int) -> dict[str, str]:
        """Return payee address → its share of `cumulative`, as the agreement's split says."""
        channel = await self._trader.store.read(lambda tx: accounts.load(tx, bytes.fromhex(row["id"]), row["role"]))
        parts = zip(channel.split.parts, channel.split.shares(cumulative), strict=True)
        return {address.show(payee): str(share) for (payee, _), share in parts}

    async def _withdraw(self) -> int:
        """Withdraw what the channels have credited to us; returns the amount."""
        trader = self._trader
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


def _bill(tx: Tx, agreement: str) -> str:
    """Return what was paid under an agreement in words: a quantity and its price; empty where nothing was."""
    row, paid = tx.get("agreements", digest=agreement), tx.get("paid_rows", agreement=agreement)
    if row is None or paid is None or not row["terms"]:
        return ""
    tariff = Tariff.from_json(row["terms"]["tariff"])
    money = price_words.money(paid["amount"], tariff.currency)
    return f"{price_words.quantity(tariff, paid['quantity'])} at {price_words.price(tariff)}: {money}"
