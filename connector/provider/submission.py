"""Handing a product in at the exchange, which reviews and lists it; one that is unlisted is shown to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from connector.licence import hosted
from connector.negotiation.protocol import offers
from connector.runtime.errors import Absent
from contracts.delegation import LIST

if TYPE_CHECKING:
    from connector.identity.space.exchange import ExchangeDoor
    from connector.provider.resources import Resources
    from connector.store.rows.product import ProductRow
    from connector.store.rows.vault import EditionRow


OFF: Final = "off"


async def take_off(exchange: ExchangeDoor, product: str, reason: str) -> str:
    """Ask the exchange to list a product no more; return the state of its listing; raises as `ExchangeDoor.ask`."""
    try:
        answer = await exchange.ask(
            "POST", f"/exchange/products/{quote(product, safe='')}/unlisting", {"reason": reason}
        )
    except Absent:  # it was never handed in
        return OFF
    return str(answer["state"])


async def hand_in(exchange: ExchangeDoor, resources: Resources, product: ProductRow, edition: EditionRow) -> str:
    """Submit a product with its edition's header; return the state of its listing; raises as `ExchangeDoor.ask`.

    Empty where it is to be listed nowhere, not everybody may know of it, or there is no exchange.
    """
    terms = product.terms or {}
    unlisted = hosted.HOSTED in terms and not hosted.of(terms).may(LIST)
    if product.blind or product.access is not None or exchange.alone or unlisted:
        return ""
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
    body |= await resources.of(product.brief, product.id, product.title)
    answer = await exchange.ask("POST", "/exchange/products", body)
    return str(answer["state"])
