"""A later edition of a product: published again under its id, from what its files hold now (spec 1.5, 1.7).

Law: until the new edition is durable, the product is on offer as it was; agreements keep the edition they name. Pieces
that did not change are repeated unless their equality would say too much about people. What has nothing new in it is
no new edition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.custody.cutting import piece_size
from connector.custody.former import Former
from connector.custody.seal import FIXED
from connector.runtime.errors import InvalidInput
from connector.store.rows.vault import EditionRow, VaultState
from ledger.edition.row_table import RowTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.hints import Suggestion
    from connector.custody.sealed import Sealed
    from connector.custody.secrets import Keys
    from connector.custody.sources import Source
    from connector.store.rows.product import ProductRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

CDC = "cdc"
REASONS_SHOWN = 3
# data of a higher grade are personal, important or core: which of their pieces stayed equal is nobody's business
GRADE_MAX_REPEATED = 2


def check_layout(name: str, suggested: Suggestion) -> None:
    """Refuse content-defined pieces for data of a grade that is personal, important or core (spec 1.1)."""
    if name == CDC and suggested.grade > GRADE_MAX_REPEATED:
        why = "; ".join(suggested.reasons[:REASONS_SHOWN])
        text = f"the layout `{CDC}` is refused for personal, important or core data, of grade {suggested.grade}: {why}"
        raise InvalidInput(text, "lengths and repeats of its pieces would tell of people; use `fixed`")


def saving(edition: EditionRow) -> JsonObject:
    """Return how much of an edition repeats the one before: rows, and plain bytes."""
    table = RowTable(edition.rows)
    repeated = [int(number) for number in edition.repeated or ()]
    size = sum(table.plain_bytes(number, 1) for number in repeated)
    return {"repeatedRows": len(repeated), "repeatedBytes": str(size)}


def former(tx: Tx, keys: Keys, product: ProductRow) -> Former | None:
    """Return the product's edition as it is on offer, None before the first."""
    row = tx.get(EditionRow, id=product.edition) if product.edition else None
    return None if row is None else Former(keys, row)


def next_number(tx: Tx, product: str) -> int:
    """Return the number of the next edition of a product: they grow, also when an earlier one is on offer again."""
    rows = tx.find(EditionRow, "product = ?", (product,), "number desc", 1)
    return rows[0].number + 1 if rows else 1


def leaked_since(tx: Tx, before: Former | None) -> bool:
    """Say whether the edition before leaked while its rows were being repeated."""
    row = None if before is None or before.leaked else tx.get(EditionRow, id=before.edition_id.hex())
    return row is not None and row.state == VaultState.LEAKED


def piece_bytes(brief: Mapping[str, Any], source: Source, before: Former | None) -> int:
    """Return the size of a product's pieces: what its brief says, else that of the edition before, which then repeats.

    What is sold by the piece is not cut otherwise because there is more of it.
    """
    if said := brief.get("pieceKiB"):
        return int(said) << 10
    if before is not None:
        return before.header.piece_bytes
    return piece_size.piece_bytes(brief.get("layout") or FIXED, 0 if brief["unit"] == "piece" else source.size)


def is_new(sealed: Sealed, before: Former | None, watermarks: Mapping[str, str]) -> bool:
    """Say whether an edition holds anything that the one before did not: other bytes, names, places, unleaked keys.

    Nor is it the same where other `watermarks` are declared: who bought the one before agreed to no mark.
    """
    if before is None or before.leaked or before.watermarks != watermarks:
        return True
    header, known = sealed.header, before.header
    return (sealed.index.json(), header.layout, header.piece_bytes, header.suite) != (
        before.index,
        known.layout,
        known.piece_bytes,
        known.suite,
    )
