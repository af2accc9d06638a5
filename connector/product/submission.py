"""Handing a product in at the exchange, which reviews and lists it; one that is unlisted is shown to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.protocol import offers

if TYPE_CHECKING:
    from connector.engine.trader import Trader

    Row = dict[str, Any]

REGISTERED, SUBMITTED, UNLISTED, RENEWING = "registered", "submitted", "unlisted", "renewing"
# the last state of a product that is on offer, here or at the exchange
OFFERED = (SUBMITTED, UNLISTED)
# states in which peers may ask for a product
ON_OFFER = (REGISTERED, *OFFERED, RENEWING)


def offered(product: Row) -> str:
    """Return the state of a product when all is done."""
    return UNLISTED if product["blind"] else SUBMITTED


async def hand_in(trader: Trader, product: Row, edition: Row) -> None:
    """Submit a product with its edition's header; raises as `Base.ask_exchange`."""
    offer = offers.offer_id(product["id"], product["offer"])
    body = {
        "id": product["id"],
        "title": product["title"],
        "tier": product["tier"],
        "dataset": product["dataset"],
        "offer": {
            "id": offer,
            "ask": product["limits"]["ask"],
            "terms": product["terms"],
            "policy": product["policy"],
        },
        "header": edition["header"],
        "edition": product["edition"],
    } | ({"space": product["brief"]["space"]} if product["brief"].get("space") else {})
    body |= {"sample": product["sample"]} if product["sample"] else {}
    body |= await trader.resources.of(product["brief"], product["id"])
    await trader.ask_exchange("POST", "/exchange/products", body)
