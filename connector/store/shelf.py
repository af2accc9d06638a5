"""The participant's own log in its tables: `ledger.log.Shelf` over one transaction, and its newest end in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from connector.store.errors import EvidenceBroken
from ledger.log import runs as spans
from ledger.merkle import Compact, perfect
from ledger.tiles import TILE_WIDTH_HASHES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.store.statements import Row
    from connector.store.transaction import Tx

TAIL = "log.tail"
_SIZE = "SELECT coalesce(max(idx) + 1, 0) AS size FROM log_entries"
_ENTRIES = "SELECT entry AS value FROM log_entries WHERE idx >= ? AND idx < ? ORDER BY idx"
_LEAVES = "SELECT leaf AS value FROM log_entries WHERE idx >= ? AND idx < ? ORDER BY idx"
_HASHES = "SELECT hash AS value FROM log_hashes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"


class Run(NamedTuple):
    """Consecutive hashes of one tile level, up to its newest: at least the tile being filled and the one before it."""

    first: int = 0
    hashes: tuple[bytes, ...] = ()

    @property
    def end(self) -> int:
        """Return the index after the newest hash."""
        return self.first + len(self.hashes)

    def grown(self, value: bytes) -> Run:
        """Return the run with one more hash, and without what lies more than a tile back."""
        dropped = TILE_WIDTH_HASHES if len(self.hashes) == 2 * TILE_WIDTH_HASHES else 0
        return Run(self.first + dropped, (*self.hashes[dropped:], value))


class Tail(NamedTuple):
    """The newest end of a log, enough to append to it and to prove it from any size of the last tile: `Hashes`.

    Never changed in place, so it may be used while the log goes on. `LookupError` for what lies further back.
    """

    tree: Compact
    runs: tuple[Run, ...]

    def size(self) -> int:
        """Return the number of entries."""
        return self.tree.size

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """Return `count` consecutive hashes of a tile level."""
        run = self.runs[level] if level < len(self.runs) else Run()
        at = first - run.first
        if at < 0 or first + count > run.end:
            raise LookupError(f"level {level} from {first} is not in memory")
        return run.hashes[at : at + count]

    def grown(self, level: int, value: bytes) -> Tail:
        """Return the tail with one more hash at a tile level."""
        tree = self.tree if level else self.tree.append(value)
        runs = self.runs if level < len(self.runs) else (*self.runs, Run())
        return Tail(tree, (*runs[:level], runs[level].grown(value), *runs[level + 1 :]))


class TxShelf:
    """Reads the log within `tx`; `columns` are what the table keeps of an entry to append, besides the entry itself.

    The tail is read from the tables once and remembered from act to act.
    """

    def __init__(self, tx: Tx, **columns: Any) -> None:
        self._tx = tx
        self._columns = columns

    def size(self) -> int:
        """Return the number of entries."""
        tail = self._tx.recall(TAIL)
        return int(self._tx.execute(_SIZE)[0]["size"]) if tail is None else int(tail.tree.size)

    def tail(self) -> Tail:
        """Return the newest end of the log."""
        tail = self._tx.recall(TAIL)
        if tail is None:
            tail = self._read_tail()
            self._tx.remember(TAIL, tail)
        assert isinstance(tail, Tail)
        return tail

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """Return `count` consecutive hashes of a tile level; raises EvidenceBroken if one is not there."""
        tail = self._tx.recall(TAIL)
        if tail is not None:
            try:
                found: Sequence[bytes] = tail.hashes(level, first, count)
            except LookupError:
                pass
            else:
                return found
        return self._read(level, first, count)

    def put_hash(self, level: int, index: int, value: bytes) -> None:
        """Keep a hash of level 1 or above; an existing one is never changed."""
        tail = self.tail()
        self._tx.insert("log_hashes", level=level, idx=index, hash=value)
        self._tx.remember(TAIL, tail.grown(level, value))

    def entries(self, first: int, count: int) -> Sequence[bytes]:
        """Return `count` consecutive entries; raises EvidenceBroken if one is not there."""
        return self._whole(0, first, count, self._tx.execute(_ENTRIES, first, first + count))

    def put_entry(self, index: int, entry: bytes, leaf: bytes) -> None:
        """Keep an entry and its leaf hash; an existing one is never changed."""
        tail = self.tail()
        assert index == tail.tree.size, "an entry goes to the end of the log"
        self._tx.insert("log_entries", idx=index, entry=entry, leaf=leaf, **self._columns)
        self._tx.remember(TAIL, tail.grown(0, leaf))

    def _read(self, level: int, first: int, count: int) -> Sequence[bytes]:
        query = (_LEAVES,) if level == 0 else (_HASHES, level)
        return self._whole(level, first, count, self._tx.execute(*query, first, first + count))

    def _whole(self, level: int, first: int, count: int, rows: Sequence[Row]) -> Sequence[bytes]:
        found = [row["value"] for row in rows]
        if len(found) != count or None in found:
            raise EvidenceBroken(f"the log's level {level} lacks something of the {count} values from {first} on")
        return found

    def _read_tail(self) -> Tail:
        size = int(self._tx.execute(_SIZE)[0]["size"])
        runs, level, width = [], 0, size
        while width:
            first = max(0, width // TILE_WIDTH_HASHES - 1) * TILE_WIDTH_HASHES
            runs.append(Run(first, tuple(self._read(level, first, width - first))))
            level, width = level + 1, width // TILE_WIDTH_HASHES
        peaks = (perfect(self._read(run.level, run.first, run.count)) for run in spans(0, size))
        return Tail(Compact(size, tuple(peaks)), tuple(runs))
