"""Settled trades, as the exchange keeps them: shown by their providers, proven by the chain, one for each agreement.

Law: what is kept of a trade is its class, its unit price and who traded; it is an event of the exchange's log in the
same transaction, and what members see is `catalog.trades` of it, never a single trade.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catalog import trades as prices
from catalog.trades import Trade, TradeClass
from connector.exchange import listings
from connector.runtime.errors import Conflict, NotPermitted
from connector.store.rows.catalogue import ListingRow, TradeChannelRow, TradeRow
from contracts.canonical import sha
from contracts.terms import product_key
from contracts.unit_price import measure, unit_price
from ledger.agreement import trade as shown

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.exchange.chain_events import ChainEvents
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

KIND = "trade.recorded"


class Trades:
    """What was traded at this exchange."""

    def __init__(self, core: Core, programs: Programs, space: SpaceView, chain_events: ChainEvents) -> None:
        self._core, self._programs, self._space, self._chain_events = core, programs, space, chain_events

    async def record(self, document: Any, member: str, write: Write) -> JsonObject:
        """Take in a trade that its provider shows; the same agreement again changes nothing.

        `write` runs an act in one transaction with what the caller's request uses up.
        """
        told = shown.parse(document)
        if told.agreement.provider not in self._space.last().members[member].accounts:
            raise NotPermitted("a trade is shown by its provider")
        channel = await self._programs.channel(told.channel)
        claim = await self._chain_events.claim(told.channel, (await self._programs.chain.newest()).number)
        claimed = claim.fields["accountHash"] if claim else b""
        key = shown.verify(told, self._programs.deployment, channel, claimed).hex()
        buyer = self._space.last().by_address(told.agreement.buyer)
        if buyer is None or channel is None:
            raise Conflict("the buyer is no member of this space")
        parties = {"provider": member, "buyer": buyer.did}
        now, amount = self._core.clock.now(), channel.claimed
        return await write(lambda tx: self._record(tx, key, told, parties, amount, now))

    async def prices(self) -> JsonObject:
        """Return the figures of every class that may be shown, and how many are kept quiet."""
        rows = await self._core.store.read(lambda tx: tx.find(TradeRow, "", (), "entry"))
        found, quiet = prices.cells(trade(row) for row in rows)
        least = {"trades": str(prices.TRADES_LEAST), "buyers": str(prices.BUYERS_LEAST)}
        log = self._core.evidence.origin
        return {"prices": [cell.json() for cell in found], "suppressed": str(quiet), "least": least, "log": log}

    def _record(
        self, tx: Tx, key: str, told: shown.Trade, parties: dict[str, str], amount: int, now: datetime
    ) -> JsonObject:
        known = tx.get(TradeRow, agreement=key)
        if known is None:
            listing = listings.find(tx, told.terms.product)
            assert told.agreement.product == product_key(listing.id)
            if listing.provider != parties["provider"]:
                raise NotPermitted("the product is listed by somebody else")
            about = {**_class(listing, told).json(), "price": str(unit_price(told.terms.tariff))}
            fields = {**about, "channel": told.channel.hex(), "amount": str(amount), "digest": sha(told.json()).hex()}
            link = (listing.id,)
            entry = self._core.evidence.record(tx, KIND, part=key, link=link, fields=fields, now=now)
            known = TradeRow(
                agreement=key,
                channel=told.channel.hex(),
                product=listing.id,
                **parties,
                **about,
                amount=amount,
                entry=entry,
                created=now,
            )
            tx.insert(known)
        elif known.channel != told.channel.hex():  # an agreement may be paid through one channel after another
            tx.put(TradeChannelRow(channel=told.channel.hex(), agreement=key, **parties, created=now))
        return {"agreement": key, "entry": str(known.entry)}


def _class(listing: ListingRow, told: shown.Trade) -> TradeClass:
    dataset, tariff = listing.dataset, told.terms.tariff
    classes = dataset.get("classes") or {}
    about = classes.get("topic", ""), str(dataset["grade"]), classes.get("form", "")
    return TradeClass(*about, told.terms.tier, measure(tariff), tariff.currency)


def trade(row: TradeRow) -> Trade:
    """Return a row of `trades` as a value."""
    kind = TradeClass(*(getattr(row, name) for name in prices.NAMES))
    return Trade(kind, Fraction(row.price), row.buyer, row.entry)
