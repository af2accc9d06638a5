"""Proven row tables in memory: an edition's id commits to its table, so what was proven once stays so.

Law: a table is believed by its edition's id alone, and only after it was proven here; who asks whether what lies on the
disk is still that table proves it anew (`scrub`). What is kept is bounded in bytes; the rest is proven again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from ledger.edition.header import agreed

if TYPE_CHECKING:
    from ledger.edition.row_table import RowTable

# four editions of the most rows there can be, or thousands of usual ones
KEPT_BYTES_MAX = 64 * 2**20


class Tables:
    """The tables that were used last; safe to use from several threads."""

    def __init__(self, kept_bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._most = kept_bytes_max
        self._kept: OrderedDict[bytes, RowTable] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def known(self, edition_id: bytes) -> RowTable | None:
        """Return the table of an edition if it was proven here lately."""
        with self._lock:
            table = self._kept.get(edition_id)
            if table is not None:
                self._kept.move_to_end(edition_id)
            return table

    def proven(self, edition_id: bytes, header: Any, rows: bytes) -> RowTable:
        """Return the table of an edition; `ContractError` if header or rows are not those of its id."""
        table = self.known(edition_id)
        if table is None:
            table = agreed(edition_id, header, rows)[1]
            with self._lock:
                self._keep(edition_id, table)
        return table

    def _keep(self, edition_id: bytes, table: RowTable) -> None:
        if edition_id not in self._kept:
            self._bytes += len(table.data)
        self._kept[edition_id] = table
        while self._bytes > self._most and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.data)


TABLES = Tables()
