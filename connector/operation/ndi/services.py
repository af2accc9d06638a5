"""The service parties that go with a provider's products: named in every contract that is proposed from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.errors import Absent
from connector.store.rows.contract import ServicePartyRow
from connector.store.rows.product import ProductRow
from contracts.ndi.services import ServiceParty, ordered

if TYPE_CHECKING:
    from connector.store.transaction import Tx


def require(tx: Tx, product: str, *tiers: str) -> None:
    """Raise Absent for what is no product of ours of one of these tiers."""
    row = tx.get(ProductRow, id=product)
    if row is None or row.tier not in tiers:
        raise Absent(f"there is no product `{product[:80]}` here of the tier {' or '.join(tiers)}", "penstock list")


def of(tx: Tx, product: str) -> tuple[ServiceParty, ...]:
    """Return the service parties of a product of ours, in their order; raises ContractError where they are too many."""
    rows = tx.find(ServicePartyRow, "product = ?", (product,))
    return ordered(ServiceParty(row.party, row.role, row.bps) for row in rows)
