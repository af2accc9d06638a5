"""What the catalogue's index holds of each product, and how its next changes get there, in this process or another."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from catalog.errors import CatalogError
from catalog.question import Entry
from connector.exchange import kinds
from connector.exchange.federation import showing
from connector.exchange.numbering import Numbered, beyond, seq_of
from connector.store.offline import look
from connector.store.rows.catalogue import FederatedRow
from connector.store.tables import TABLES
from contracts.errors import ContractError

if TYPE_CHECKING:
    from pathlib import Path

    from connector.store.transaction import Tx


# a listing's row with its description has some ten kilobytes
ROWS_PER_COMMIT = 2_000
# a snapshot keeps the database's write-ahead log from being shortened: a short one for so many
ROWS_PER_LOOK = 250

log = logging.getLogger(__name__)


def take_in(place: Path | str, folder: Path, seq: int, heap_bytes: int) -> int:
    """Take the next changes beyond `seq` from a database into an index; returns how far it is then."""
    entries: list[Entry] = []
    reached = seq
    while len(entries) < ROWS_PER_COMMIT:
        found = look(place, TABLES, partial(following, seq=reached, limit=ROWS_PER_LOOK))
        if not found:
            break
        entries += found
        reached = found[-1].seq
    if entries:
        from catalog.index import Index  # noqa: PLC0415  # the library of searches, which only an exchange needs

        Index(folder).put(entries, heap_bytes)
    return reached


def following(tx: Tx, seq: int, limit: int) -> list[Entry]:
    """Return the entries of the next changes in their order, of every kind."""
    return [_readable(tx, row) for row in beyond(tx, seq, limit)]


def _readable(tx: Tx, row: Numbered) -> Entry:
    """Return the entry of a product; one that cannot be read (an older program took it in) holds nobody else up."""
    try:
        if isinstance(row, FederatedRow):
            return showing.indexed(tx, row)
        return kinds.of(row.id).indexed(row)
    except (CatalogError, ContractError):
        log.exception("the product `%s` cannot be found: it is not what a product must be", row.id)
        return Entry(row.id, seq_of(row))
