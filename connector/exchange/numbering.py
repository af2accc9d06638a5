"""The number of a change of the catalogue: of a product or service listed here, or of a product found elsewhere.

Law: every change takes the next number in its transaction, so whoever has seen all up to one number (the index, another
exchange) lacks exactly what is beyond it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from catalog.found import is_found
from catalog.service import is_service

if TYPE_CHECKING:
    from connector.store.transaction import Tx

NUMBERED: Final = ("listings", "services", "federated")


def table_of(key: str) -> str:
    """Return the table in which what has this id is kept."""
    if is_found(key):
        return "federated"
    return "services" if is_service(key) else "listings"


def newest(tx: Tx) -> int:
    """Return the number of the newest change, 0 before the first."""
    return max(int(tx.execute(f"SELECT coalesce(max(seq), 0) AS newest FROM {name}")[0]["newest"]) for name in NUMBERED)  # noqa: S608 - a row of the table above


def following(tx: Tx) -> int:
    """Return the number of the next change."""
    return newest(tx) + 1
