"""The number of a change of the catalogue: of a product or service listed here, or of a product found elsewhere.

Law: every change takes the next number in its transaction, so whoever has seen all up to one number (the index, another
exchange) lacks exactly what is beyond it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from catalog import found, service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.row import Row
    from connector.store.transaction import Tx


# what an id begins with → the table of what has such ids; a product listed here begins with none of them
BEGINS: Final[Mapping[str, str]] = {service.PREFIX: "services", found.PREFIX: "federated"}
NUMBERED: Final = ("listings", *BEGINS.values())


def table_of(key: str) -> str:
    """Return the table in which what has this id is kept."""
    return next((table for prefix, table in BEGINS.items() if key.startswith(prefix)), "listings")


def newest(tx: Tx) -> int:
    """Return the number of the newest change, 0 before the first."""
    return max(int(tx.execute(f"SELECT coalesce(max(seq), 0) AS newest FROM {name}")[0]["newest"]) for name in NUMBERED)  # noqa: S608 - a row of the table above


def following(tx: Tx) -> int:
    """Return the number of the next change."""
    return newest(tx) + 1


def beyond(tx: Tx, seq: int, limit: int) -> list[Row]:
    """Return the next rows of every kind in one order; those of products found elsewhere have an `origin`."""
    rows = [row for name in NUMBERED for row in tx.find(name, "seq > ?", (seq,), "seq", limit)]
    return sorted(rows, key=lambda row: row["seq"])[:limit]
