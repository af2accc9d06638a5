"""Row tables in memory, proven once each: an edition's id commits to its table, so there is only one for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.row_table import RowTable

# half a million rows: their bytes and offsets are some 90 MiB, one edition of 100 GiB has a fifth of them
ROWS_KEPT = 1 << 19


class Tables:
    """The tables used last, `ROWS_KEPT` rows of them at most, and always the newest; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, RowTable] = OrderedDict()

    def find(self, edition_id: bytes, prove: Callable[[], RowTable | None]) -> RowTable | None:
        """Return the table of an edition; `prove` reads it from the store where it is not here, None if nowhere."""
        table = self._kept.get(edition_id) or prove()
        if table is None:
            return None
        with self._lock:
            self._kept[edition_id] = table
            self._kept.move_to_end(edition_id)
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > ROWS_KEPT:
                self._kept.popitem(last=False)
        return table
