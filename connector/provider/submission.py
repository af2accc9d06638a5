"""Handing a product in at the exchange, which reviews and lists it; one that is unlisted is shown to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.negotiation.protocol import offers

if TYPE_CHECKING:
    from connector.provider.resources import Resources
    from connector.space.exchange import ExchangeDoor
    from connector.store.rows.product import ProductRow
    from connector.store.rows.vault import EditionRow


async def hand_in(exchange: ExchangeDoor, resources: Resources, product: ProductRow, edition: EditionRow) -> str:
    """Submit a product with its edition's header; return the state of its listing; raises as `ExchangeDoor.ask`."""
    offer = offers.offer_id(product.id, product.offer)
    body = {
        "id": product.id,
        "title": product.title,
        "tier": product.tier,
        "dataset": product.dataset,
        "offer": {
            "id": offer,
            "ask": product.limits["ask"],
            "terms": product.terms,
            "policy": product.policy,
        },
        "header": edition.header,
        "edition": product.edition,
    } | ({"space": product.brief["space"]} if product.brief.get("space") else {})
    body |= {"sample": product.sample} if product.sample else {}
    body |= await resources.of(product.brief, product.id)
    answer = await exchange.ask("POST", "/exchange/products", body)
    return str(answer["state"])
