"""The participant's own log in its tables: `ledger.log.Shelf` over one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.store.transaction import Tx

_SIZE = "SELECT coalesce(max(idx) + 1, 0) AS size FROM log_entries"
_LEAVES = "SELECT leaf AS hash FROM log_entries WHERE idx >= ? AND idx < ? ORDER BY idx"
_HASHES = "SELECT hash FROM log_hashes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"


class TxShelf:
    """Reads the log within `tx`; an entry to append is described by `kind`, `part` and `at` for the tables' columns.

    What was read once is kept: a shelf lives no longer than a method of the evidence, and appends only through itself.
    """

    def __init__(self, tx: Tx, kind: str = "", part: str = "", at: datetime | None = None) -> None:
        self._tx = tx
        self._columns = {"kind": kind, "part": part, "at": at}
        self._size: int | None = None
        self._read: dict[tuple[int, int, int], Sequence[bytes]] = {}

    def size(self) -> int:
        """Return the number of entries."""
        if self._size is None:
            self._size = int(self._tx.execute(_SIZE)[0]["size"])
        return self._size

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """Return `count` consecutive hashes of a tile level; all of them or an assertion."""
        found = self._read.get((level, first, count))
        if found is None:
            query = (_LEAVES,) if level == 0 else (_HASHES, level)
            found = [row["hash"] for row in self._tx.execute(*query, first, first + count)]
            assert len(found) == count, f"the log's level {level} lacks hashes from {first}"
            self._read[level, first, count] = found
        return found

    def put_hash(self, level: int, index: int, value: bytes) -> None:
        """Keep a hash of level 1 or above; an existing one is never changed."""
        self._tx.insert("log_hashes", level=level, idx=index, hash=value)

    def entry(self, index: int) -> bytes:
        """Return an entry."""
        row = self._tx.get("log_entries", idx=index)
        assert row is not None, f"the log has no entry {index}"
        return bytes(row["entry"])

    def put_entry(self, index: int, entry: bytes, leaf: bytes) -> None:
        """Keep an entry and its leaf hash; an existing one is never changed."""
        self._tx.insert("log_entries", idx=index, entry=entry, leaf=leaf, **self._columns)
        self._size = index + 1
