"""The states of a product of ours, and which of them let peers ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.store.rows.product import ProductRow, ProductState

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.transaction import Tx


# states from which a product goes on by itself, in the order of the journey
UNDER_WAY = (ProductState.DRAFT, ProductState.RENEWING, ProductState.SEALED, ProductState.REGISTERED)
# the last state of a product that is on offer, here or at the exchange
OFFERED = (ProductState.SUBMITTED, ProductState.UNLISTED)
# states in which peers may ask for a product
ON_OFFER = (ProductState.REGISTERED, *OFFERED, ProductState.RENEWING)


def listed(tx: Tx) -> list[str]:
    """Return the ids of the products that the exchange lists, may list or is about to, whatever is done to them here.

    One that is sealed anew, or whose next version failed, is listed as it was handed in before.
    """
    rows = tx.execute(
        "SELECT id, state FROM products WHERE blind IS NULL AND state <> ? ORDER BY id", ProductState.WITHDRAWN.value
    )
    handed_in = {row["product"] for row in tx.execute("SELECT DISTINCT product FROM product_versions")}
    return [row["id"] for row in rows if row["state"] in ON_OFFER or row["id"] in handed_in]


def take_off(tx: Tx, now: datetime) -> None:
    """Offer nothing any more, and let nothing that is under way come on offer."""
    for state in (*UNDER_WAY, *OFFERED):
        tx.update(ProductRow, {"state": state}, state=ProductState.WITHDRAWN, renewal=None, updated=now)


def offered(product: ProductRow) -> ProductState:
    """Return the state of a product when all is done."""
    return ProductState.UNLISTED if product.blind else ProductState.SUBMITTED
