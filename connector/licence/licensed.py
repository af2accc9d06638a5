"""What an agreement is about: its rows, of a contract for some columns theirs alone (spec 1.1), and what these are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contracts import facts
from contracts.ranges import RowSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from contracts.facts import Fact
    from ledger.edition.index import IndexedFile
    from ledger.edition.row_table import RowTable

FACTS: Final = "facts"  # the member of terms


def bytes_of(table: RowTable, rows: RowSet) -> Callable[[IndexedFile], int]:
    """Return how to tell how many bytes of a file such rows hold."""

    def due(file: IndexedFile) -> int:
        some = rows & RowSet.of([(file.first_row, file.row_count)])
        return sum(table.plain_bytes(first, count) for first, count in some.ranges)

    return due


def facts_of(terms: Mapping[str, Any]) -> Mapping[str, Fact]:
    """Return what terms (as JSON, read before) say of the product."""
    told = terms.get(FACTS)
    return facts.read(told, FACTS) if told else {}


def rows_of(terms: Mapping[str, Any], table: RowTable) -> RowSet:
    """Return the rows of the agreed edition's `table` that terms (as JSON, read before) are about."""
    return table.licensed({int(group) for group in terms.get("columns", {}).values()})
