"""The number of a change of the catalogue: of a product or service listed here, or of a product found elsewhere.

Law: every change takes the next number in its transaction, so whoever has seen all up to one number (the index, another
exchange) lacks exactly what is beyond it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from catalog import found, service
from connector.store.rows.catalogue import FederatedRow, ListingRow, ServiceRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.transaction import Tx


Stocked: TypeAlias = ListingRow | ServiceRow  # what is on the list here
Numbered: TypeAlias = Stocked | FederatedRow

# what an id begins with → the rows of what has such ids; a product listed here begins with none of them
BEGINS: Final[Mapping[str, type[Numbered]]] = {service.PREFIX: ServiceRow, found.PREFIX: FederatedRow}
NUMBERED: Final[tuple[type[Numbered], ...]] = (ListingRow, *BEGINS.values())


def row_of(key: str) -> type[Numbered]:
    """Return the class of the row that has this id."""
    return next((row for prefix, row in BEGINS.items() if key.startswith(prefix)), ListingRow)


def seq_of(row: Numbered) -> int:
    """Return the number of a row's newest change; an exchange that starts gives one to each listing of before."""
    assert row.seq is not None, "what is listed has its number from the start of the exchange on"
    return row.seq


def newest(tx: Tx) -> int:
    """Return the number of the newest change, 0 before the first."""
    return max(int(tx.column(f"SELECT coalesce(max(seq), 0) FROM {row.TABLE.name}")[0]) for row in NUMBERED)  # noqa: S608 - a row of the table above


def following(tx: Tx) -> int:
    """Return the number of the next change."""
    return newest(tx) + 1


def beyond(tx: Tx, seq: int, limit: int) -> list[Numbered]:
    """Return the next rows of every kind in one order."""
    rows: list[Numbered] = []
    for kind in NUMBERED:
        rows += tx.find(kind, "seq > ?", (seq,), "seq", limit)
    return sorted(rows, key=seq_of)[:limit]
