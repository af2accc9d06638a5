"""What a product costs until the exchange has its new price: kept, so that a crash in between loses nothing.

Law: it is written in the transaction that begins the new price, and forgotten in the one that ends it, either way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.store.rows.console import FactRow
from connector.store.rows.product import ProductState

if TYPE_CHECKING:
    from connector.store.rows.product import ProductRow
    from connector.store.transaction import Tx

# what another price changes of a product
PRICED = ("brief", "terms", "limits", "standing")
_FACT = "priced:"


def remember(tx: Tx, row: ProductRow) -> None:
    """Keep what a product on offer costs before another price is asked."""
    told = {"edition": row.edition} | {name: getattr(row, name) for name in PRICED}
    tx.put(FactRow(name=_FACT + row.id, value=told))


def forget(tx: Tx, row: ProductRow) -> dict[str, Any] | None:
    """Forget it; return what the product cost before, None where no new price is on its way for this edition."""
    found = tx.get(FactRow, name=_FACT + row.id)
    if found is None:
        return None
    tx.delete(FactRow, name=found.name)
    told = dict(found.value)
    if told.pop("edition") != row.edition or row.state is not ProductState.REGISTERED:
        return None
    return told
