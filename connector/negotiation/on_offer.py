"""The states of a product of ours: which moves there are, which of them let peers ask for it, and who writes them.

Law: a product moves by `MOVES` or not at all, and `keep` alone writes where it is, with the events of its edition in
the same transaction. What it becomes is worked out before (`connector.provider.steps`).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from connector.negotiation.protocol import offers
from connector.store.rows.product import ProductRow, ProductState
from connector.store.table_row import replace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.store.recorder import Recorder
    from connector.store.transaction import Tx

# out of the way, or back to be sealed without what leaked: from wherever it is on its way or on offer
_ASIDE = frozenset({ProductState.WITHDRAWN, ProductState.DRAFT})
# also by a fault; a product whose next edition meets one is on offer as it was
_ENDED = _ASIDE | {ProductState.FAILED}
# where a product goes from each state
MOVES: Mapping[ProductState, frozenset[ProductState]] = MappingProxyType({
    ProductState.DRAFT: _ENDED | {ProductState.SEALED, ProductState.REGISTERED},
    ProductState.RENEWING: _ASIDE | {
        ProductState.RENEWING, ProductState.SEALED, ProductState.REGISTERED, ProductState.SUBMITTED,
        ProductState.UNLISTED,
    },
    # a product whose next version is refused on its way is on offer as it was
    ProductState.SEALED: _ENDED | {ProductState.SEALED, ProductState.REGISTERED, ProductState.SUBMITTED},
    ProductState.REGISTERED: _ENDED | {ProductState.REGISTERED, ProductState.SUBMITTED, ProductState.UNLISTED},
    # an earlier version is on its way again from where it had been registered
    # and what came of a review is learned while it stays where it is
    ProductState.SUBMITTED: _ENDED | {ProductState.RENEWING, ProductState.REGISTERED, ProductState.SUBMITTED},
    ProductState.UNLISTED: _ENDED | {ProductState.RENEWING, ProductState.REGISTERED},
    ProductState.FAILED: _ENDED,
    ProductState.WITHDRAWN: frozenset({ProductState.WITHDRAWN}),
})  # fmt: skip
# states from which a product goes on by itself, in the order of the journey
UNDER_WAY = (ProductState.DRAFT, ProductState.RENEWING, ProductState.SEALED, ProductState.REGISTERED)
# the last state of a product that is on offer, here or at the exchange
OFFERED = (ProductState.SUBMITTED, ProductState.UNLISTED)
# states in which peers may ask for a product
ON_OFFER = (ProductState.REGISTERED, *OFFERED, ProductState.RENEWING)
# and one more, while the version before stands
STANDING = ProductState.SEALED
# what of a product is a version of it
VERSION = ("title", "tier", "edition", "brief", "dataset", "sample", "policy", "terms", "limits", "offer")


def version(product: ProductRow) -> dict[str, Any]:
    """Return what a product is now, as a version of it."""
    return {name: getattr(product, name) for name in VERSION}


def stood(product: ProductRow) -> ProductRow:
    """Return a product as the version that stands beside it, or as it is."""
    return product if product.standing is None else replace(product, **product.standing, standing=None)


def sold(product: ProductRow) -> ProductRow | None:
    """Return a product as peers may ask for it now, None where it is not on offer (decision 0151)."""
    shown = product.state in ON_OFFER or (product.standing is not None and product.state is STANDING)
    return stood(product) if shown else None


def offered_as(product: ProductRow, offer: str) -> ProductRow | None:
    """Return a product as one of its offers has it, None where it has no such offer."""
    if offer == offers.offer_id(product.id, product.offer):
        return product
    told = next((one for one in product.offers or () if one["id"] == offer), None)
    if told is None:
        return None
    limits = product.limits | {"ask": told["price"], "floor": told["price"]}
    return replace(product, policy=told["policy"], access=told["access"], limits=limits, offer=offer)


def listed(tx: Tx) -> list[str]:
    """Return the ids of the products that the exchange lists, may list or is about to, whatever is done to them here.

    One that is sealed anew, or whose next version failed, is listed as it was handed in before.
    """
    rows = tx.execute(
        "SELECT id, state FROM products WHERE blind IS NULL AND state <> ? ORDER BY id", ProductState.WITHDRAWN.value
    )
    handed_in = {row["product"] for row in tx.execute("SELECT DISTINCT product FROM product_versions")}
    return [row["id"] for row in rows if row["state"] in ON_OFFER or row["id"] in handed_in]


@dataclass(frozen=True, slots=True)
class Told:
    """What the log says of an edition when its product moves."""

    kind: str
    edition: str
    fields: Mapping[str, Any]


def keep(tx: Tx, evidence: Recorder, before: ProductRow | None, after: ProductRow, *told: Told) -> ProductRow:
    """Write what becomes of a product, None `before` for a new one, with what the log says of it; return its row."""
    if before is None:
        tx.insert(after)
    else:
        assert after.state in MOVES[before.state], f"a product that is {before.state} cannot become {after.state}"
        tx.change(before, after)
    for one in told:
        evidence.record(tx, one.kind, part=one.edition, fields=one.fields, now=after.updated)
    return after


def show(tx: Tx, product: str, access: dict[str, Any] | None, others: list[dict[str, Any]] | None) -> None:
    """Write who may know of a product, if there is one, and what it is offered as besides; it stays where it is."""
    tx.update(ProductRow, {"id": product}, access=access, offers=others)


def pay(tx: Tx, product: ProductRow, terms: dict[str, Any] | None, standing: dict[str, Any] | None) -> None:
    """Write whom a product on offer pays, by its terms and by those of the version beside it; it stays where it is."""
    if (terms, standing) != (product.terms, product.standing):
        tx.change(product, replace(product, terms=terms, standing=standing))


def take_off(tx: Tx, evidence: Recorder, now: datetime) -> None:
    """Offer nothing any more, and let nothing that is under way come on offer."""
    among = (*UNDER_WAY, *OFFERED)
    for row in tx.find(ProductRow, f"state in ({', '.join('?' * len(among))})", among):
        keep(tx, evidence, row, withdrawn(row, now))


def withdrawn(product: ProductRow, now: datetime) -> ProductRow:
    """Return the row of a product that is offered no more."""
    return replace(product, state=ProductState.WITHDRAWN, renewal=None, standing=None, updated=now)


def offered(product: ProductRow) -> ProductState:
    """Return the state of a product when all is done."""
    return ProductState.UNLISTED if product.blind else ProductState.SUBMITTED
