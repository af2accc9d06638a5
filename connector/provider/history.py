"""What of a product of ours is kept of each version, as it was submitted (decision 0073)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.negotiation.on_offer import version
from connector.runtime.limits import LISTING_VERSIONS_MAX
from connector.store.rows.product import ProductVersionRow
from contracts.canonical import sha

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.rows.product import ProductRow
    from connector.store.transaction import Tx


def keep(tx: Tx, product: ProductRow, now: datetime) -> None:
    """Keep a product as it was submitted, unless a version is the same; forget the oldest."""
    kept = version(product)
    digest = sha(kept).hex()
    rows = tx.find(ProductVersionRow, "product = ?", (product.id,), "number")
    if any(row.digest == digest for row in rows):
        return
    number = rows[-1].number + 1 if rows else 1
    tx.insert(ProductVersionRow(product=product.id, number=number, kept=kept, digest=digest, created=now))
    for row in rows[: len(rows) + 1 - LISTING_VERSIONS_MAX]:
        tx.delete(ProductVersionRow, product=product.id, number=row.number)


def same(before: ProductRow, after: ProductRow) -> bool:
    """Say whether two rows of a product would be kept as one version."""
    return version(before) == version(after)
