"""What a provider does with a product that is on offer: price it anew, take it off, and see who bought what.

Law: (1) a price alone changes nothing that was reviewed: it is offered at once and listed without another review, and
what was agreed before keeps its price, for an agreement has its own. (2) What is taken off is offered to nobody; it
stays sealed, registered and here, and who has an agreement is served to its end. (3) What was bought is read off the
books that bills and statements are made of (`connector.provider.billing`), and counted nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.licence import hosted, pricing
from connector.licence.licensed import rows_of
from connector.licence.pricing import Goods
from connector.negotiation.on_offer import OFFERED, UNDER_WAY, keep, withdrawn
from connector.negotiation.protocol.states import PROVIDER
from connector.provider import brief as briefs
from connector.provider import negotiable, repricing, steps
from connector.provider.billing import orders
from connector.provider.submission import OFF, take_off
from connector.runtime import reasons, rehearsal
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.limits import BILLED_AGREEMENTS_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import PaidRowsRow, Side
from connector.store.rows.product import ProductRow, ProductState
from connector.store.rows.use import OpeningRow
from connector.store.rows.vault import EditionRow
from contracts import price_words
from contracts.decimals import read_coins
from contracts.errors import ContractError
from contracts.tariff import Tariff
from contracts.units import LEASED
from ledger.edition.header import read_header
from ledger.edition.row_table import RowTable

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.provider.publication import Publications
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

LANGUAGES = ("en", "zh")
OURS = "its id is what `penstock publish` printed"


class Shop:
    """The products of this provider that are on offer."""

    def __init__(self, core: Core, space: SpaceView, exchange: ExchangeDoor, publications: Publications) -> None:
        self._core, self._space, self._exchange, self._publications = core, space, exchange, publications

    async def price(self, product: str, amount: str, floor: str | None) -> JsonObject:
        """Ask another price, an amount as people write it, from now on; returns the old and the new one in words.

        The floor, where nobody says it, is the price if it was that before, else what it was, or the price if lower.
        """
        currency = self._space.last().currency
        ask = _minor(amount, "amount", currency)
        least = None if floor is None else _minor(floor, "floor", currency)
        now = self._core.clock.now()

        def act(tx: Tx) -> tuple[ProductRow, ProductRow]:
            row = _found(tx, product)
            if row.state not in OFFERED:
                raise Conflict(f"the product `{product[:100]}` is {row.state}", "wait until it is on offer")
            after = steps.priced(row, *_priced(tx, row, ask, least), now)
            if after.brief != row.brief:
                briefs.require_future(after.brief, now)
                keep(tx, self._core.evidence, row, after)
                repricing.remember(tx, row)
            return row, after

        before, after = await self._core.store.write(act)
        unchanged = before.brief == after.brief
        if not unchanged:
            rehearsal.refuse(rehearsal.SEND, "submission", self._space.last().exchange, {"id": product})
            await self._publications.resumed(product)
        return {
            "id": product,
            "title": after.title,
            "was": _words(before),
            "price": _words(after),
            "floor": after.limits["floor"],
            "unchanged": unchanged,
        }

    async def unpublish(self, product: str, reason: str) -> JsonObject:
        """Offer a product no more, here and at the exchange; the same again asks the exchange again.

        `agreements` are those that go on.
        """
        reasons.check(reason, "the exchange and the log have it")
        now = self._core.clock.now()

        def act(tx: Tx) -> tuple[ProductRow, int]:
            row = _found(tx, product)
            if row.state in (*OFFERED, *UNDER_WAY, ProductState.FAILED):
                row = keep(tx, self._core.evidence, row, withdrawn(row, now))
            return row, len(orders.running(tx, product))

        row, running = await self._core.store.write(act)
        listing = OFF
        if not row.blind and row.edition is not None:
            rehearsal.refuse(rehearsal.SEND, "unlisting", self._space.last().exchange, {"id": product})
            listing = await take_off(self._exchange, product, reason)
        return {"id": product, "title": row.title, "state": row.state, "listing": listing, "agreements": running}

    async def orders(self, product: str) -> JsonObject:
        """Return who bought a product, when, how much was delivered and paid, the newest first, and the sums."""

        def read(tx: Tx) -> JsonObject:
            row = _found(tx, product)
            where = ("product = ? and role = ?", (product, PROVIDER), "created desc, digest", BILLED_AGREEMENTS_MAX)
            found = [_order(tx, agreement) for agreement in tx.find(AgreementRow, *where) if agreement.terms]
            revenue: dict[str, int] = {}
            for one in found:
                revenue[one["currency"]] = revenue.get(one["currency"], 0) + int(one["amount"])
            return {
                "id": product,
                "title": row.title,
                "orders": found,
                "buyers": len({one["peer"] for one in found}),
                "bytes": str(sum(int(one["bytes"]) for one in found)),
                "revenue": {currency: str(amount) for currency, amount in revenue.items()},
                "sums": [price_words.money(amount, currency) for currency, amount in sorted(revenue.items())],
            }

        return await self._core.store.read(read)


def _found(tx: Tx, product: str) -> ProductRow:
    row = tx.get(ProductRow, id=product)
    if row is None:
        raise Absent(f"there is no product `{product[:200]}` of ours", OURS)
    return row


def _minor(amount: str, name: str, currency: str) -> int:
    try:
        return read_coins(amount, name, currency)
    except ContractError as error:
        raise InvalidInput(str(error), f"write it as 4.20 or 4.20 {currency}") from error


def _priced(tx: Tx, row: ProductRow, ask: int, least: int | None) -> tuple[JsonObject, JsonObject]:
    """Return the brief and the terms of a product at another price; raises InvalidInput for one that is none."""
    terms, edition = row.terms, tx.get(EditionRow, id=row.edition)
    assert terms is not None, "what is on offer has terms"
    assert edition is not None, "what is on offer is an edition"
    old_ask, old_floor = int(row.brief["price"]), int(row.brief["floor"])
    if least is None:
        least = ask if old_floor == old_ask else min(old_floor, ask)
    brief = briefs.check(row.brief | {"price": str(ask), "floor": str(least)})
    negotiable.limits(brief, row.limits["rounds"], terms["tariff"]["currency"])  # its variants have to fit the price
    try:
        tariff = Tariff.from_json({**terms["tariff"], "minor": str(ask)})
    except ContractError as error:
        raise InvalidInput(f"the price is none: {error}") from error
    table = RowTable(edition.rows)
    goods = Goods(rows_of(terms, table), table, read_header(edition.header).piece_bytes, tariff.records)
    if why := hosted.price_refusal(terms, (ask, least)):
        raise InvalidInput(why, "its provider sets the floor: `penstock hosting show`")
    exposure = brief.get("exposure") or str(pricing.exposure(tariff, goods))
    return brief, {**terms, "tariff": tariff.json(), "maxExposure": exposure}


def _words(row: ProductRow) -> dict[str, str]:
    assert row.terms is not None, "what is on offer has terms"
    tariff = Tariff.from_json(row.terms["tariff"])
    return {lang: price_words.price(tariff, lang) for lang in LANGUAGES}


def _order(tx: Tx, agreement: AgreementRow) -> JsonObject:
    """Return an order with the plain bytes that were delivered for what was paid.

    `openings` is how often it was opened, where keys are leased: otherwise that is counted by its buyer, not here.
    """
    told = orders.view(tx, agreement)
    paid = tx.get(PaidRowsRow, agreement=agreement.digest)
    delivered = told["quantity"] if told["payment"] != orders.CHANNEL else str((paid.plain or 0) if paid else 0)
    opened = len(tx.find(OpeningRow, "agreement = ? and role = ?", (agreement.digest, Side.PAYEE)))
    told |= {"openings": opened if agreement.signed_terms["tier"] == LEASED else None}
    return told | {"bytes": delivered, "sum": price_words.money(int(told["amount"]), told["currency"])}
