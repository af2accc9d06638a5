"""The rows that an agreement is about: of a contract for some columns theirs alone, else all (spec 1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.ranges import RowSet
    from ledger.row_table import RowTable


def rows_of(terms: Mapping[str, Any], table: RowTable) -> RowSet:
    """Return the rows of the agreed edition's `table` that terms (as JSON, read before) are about."""
    return table.licensed({int(group) for group in terms.get("columns", {}).values()})
