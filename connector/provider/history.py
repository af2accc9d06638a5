"""What of a product of ours is kept of each version, as it was submitted (decision 0073)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.negotiation.on_offer import version
from connector.runtime.limits import LISTING_VERSIONS_MAX
from connector.store.rows.product import ProductVersionRow
from connector.store.table_row import replace
from contracts.canonical import sha

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.rows.product import ProductRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


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


def rewrite(tx: Tx, version: ProductVersionRow, kept: JsonObject) -> None:
    """Keep a version otherwise: what it says of who is paid for it."""
    if kept != version.kept:
        tx.change(version, replace(version, kept=kept, digest=sha(kept).hex()))


def same(before: ProductRow, after: ProductRow) -> bool:
    """Say whether two rows of a product would be kept as one version."""
    return version(before) == version(after)
