"""Versions that wait for the exchange's review, and what comes of them; what is sold meanwhile is the one before.

Law: a provider sells what the exchange lists. Which version that is, only the exchange says: it is asked before
somebody looks at the product, before the next version is sealed, and now and then; who cannot be asked changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connector.negotiation.on_offer import OFFERED, keep, version
from connector.negotiation.protocol import offers
from connector.provider import steps
from connector.runtime.errors import Absent, Conflict, PenstockError, as_reason
from connector.store.rows.product import ProductRow, ProductState, ProductVersionRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# how long an answer of the exchange is good for, so that who looks often does not make us ask as often
ANSWER_SECONDS = 0.25
ASK_SECONDS = 5.0
# products that one round asks about
ROUND_PRODUCTS = 100
# one that is sealed anew still is what it was
ASKED = (*OFFERED, ProductState.RENEWING)
REFUSED_HINT = "read the reason, change it and publish it again; what was listed before is sold as before"

log = logging.getLogger(__name__)


class Waiting:
    """The products of this provider beside which an earlier version stands."""

    def __init__(self, core: Core, exchange: ExchangeDoor) -> None:
        self._core, self._exchange = core, exchange
        self._asked: dict[str, float] = {}

    async def look(self) -> None:
        """Ask for all that wait: a round's chore."""
        query = "SELECT id FROM products WHERE standing IS NOT NULL ORDER BY updated LIMIT ?"
        for key in await self._core.store.read(lambda tx: tx.column(query, ROUND_PRODUCTS)):
            await self.settle(str(key))

    async def settle(self, product: str) -> None:
        """Take note of what the exchange lists of a product, where an earlier version stands beside the one it has."""
        row = await self._core.store.read(lambda tx: _standing(tx, product))
        if row is None or row.state not in ASKED or self._fresh(product):
            return
        try:
            async with asyncio.timeout(ASK_SECONDS):
                listing = await self._exchange.ask("GET", f"/exchange/products/{quote(product, safe='')}")
        except Absent:  # taken off: nobody finds either
            return
        except (PenstockError, TimeoutError) as fault:
            log.info("the exchange does not say what it lists of `%s`: %s", product, fault)
            return
        await self._core.store.write(lambda tx: self._note(tx, row, listing))

    def _fresh(self, product: str) -> bool:
        """Say whether the exchange was asked a moment ago, and note that it is asked now."""
        now = asyncio.get_running_loop().time()
        known = self._asked.get(product)
        self._asked = {key: at for key, at in self._asked.items() if now - at < ANSWER_SECONDS}
        if known is not None and now - known < ANSWER_SECONDS:
            return True
        self._asked[product] = now
        return False

    def _note(self, tx: Tx, asked: ProductRow, listing: JsonObject) -> None:
        row, now = tx.get(ProductRow, id=asked.id), self._core.clock.now()
        if row is None or row.standing is None or (row.state, row.updated) != (asked.state, asked.updated):
            return
        if _says(listing, version(row)):
            keep(tx, self._core.evidence, row, steps.listed(row, now))
            return
        before, row = row, steps.beside(row, _handed_in(tx, row, listing))
        if listing.get("waits") is None:
            text = f"the exchange refused the version of `{row.id[:100]}` that was handed in last"
            why = Conflict(f"{text}: {listing.get('reason') or 'it gave no reason'}", REFUSED_HINT)
            row = steps.refused(row, as_reason(why), now)
        if row is not before:
            keep(tx, self._core.evidence, before, row)


def _standing(tx: Tx, product: str) -> ProductRow | None:
    """Return the row of a product beside which a version stands, without reading another's."""
    stands = tx.column("SELECT id FROM products WHERE id = ? AND standing IS NOT NULL", product)
    return tx.get(ProductRow, id=product) if stands else None


def _handed_in(tx: Tx, row: ProductRow, listing: JsonObject) -> JsonObject | None:
    """Return the version that a listing shows: the one that stands, or another that was handed in; None for neither."""
    versions = tx.find(ProductVersionRow, "product = ?", (row.id,), "number desc")
    return next((one for one in (row.standing, *(each.kept for each in versions)) if one and _says(listing, one)), None)


def _says(listing: JsonObject, told: JsonObject) -> bool:
    """Say whether a listing shows a version, its price apart."""
    theirs: Any = (listing["edition"], listing["title"], listing["dataset"], offers.rules(listing["offer"]["policy"]))
    return bool(theirs == (told["edition"], told["title"], told["dataset"], offers.rules(told["policy"])))
