"""The participant's own log in its tables: `ledger.log.tree.Shelf` over one transaction, the newest end in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from connector.store.entries import entries_of
from connector.store.errors import EvidenceBroken
from connector.store.rows.evidence import LogEntryRow, LogHashRow
from ledger.log.merkle import Compact, perfect
from ledger.log.tiles import TILE_WIDTH_HASHES
from ledger.log.tree import runs as spans

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connector.store.transaction import Tx

TAIL = "log.tail"
_SIZE = "SELECT coalesce(max(idx) + 1, 0) FROM log_entries"
_LEAVES = "SELECT leaf FROM log_entries WHERE idx >= ? AND idx < ? ORDER BY idx"
_HASHES = "SELECT hash FROM log_hashes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"


class Run(NamedTuple):
    """Consecutive hashes of one tile level, up to its newest: at least the tile being filled and the one before it.

    Law: `hashes[:length]` never changes. Runs that follow each other share one list, of which each knows its own part;
    a run that is no longer the newest (its act failed) grows into a list of its own.
    """

    first: int
    hashes: list[bytes]
    length: int

    @property
    def end(self) -> int:
        """Return the index after the newest hash."""
        return self.first + self.length

    def grown(self, value: bytes) -> Run:
        """Return the run with one more hash, and without what lies more than a tile back."""
        first, hashes, length = self
        if length == 2 * TILE_WIDTH_HASHES:
            first, hashes, length = first + TILE_WIDTH_HASHES, hashes[TILE_WIDTH_HASHES:length], TILE_WIDTH_HASHES
        elif len(hashes) != length:
            hashes = hashes[:length]
        hashes.append(value)
        return Run(first, hashes, length + 1)


class Tail(NamedTuple):
    """The newest end of a log, enough to append to it and to prove it from any size of the last tile: `Hashes`.

    Never changed in place, so it may be used while the log goes on. `LookupError` for what lies further back.
    The tree is worked out up to `known`; the leaves after it are in the run, for the next head to take together.
    """

    known: Compact
    runs: tuple[Run, ...]

    def size(self) -> int:
        """Return the number of entries."""
        return self.runs[0].end if self.runs else self.known.size

    @property
    def tree(self) -> Compact:
        """Return the tree over all leaves."""
        new = self.size() - self.known.size
        return self.known.extended(self.hashes(0, self.known.size, new)) if new else self.known

    def closed(self) -> Tail:
        """Return the same with the tree worked out."""
        return Tail(self.tree, self.runs)

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """Return `count` consecutive hashes of a tile level."""
        run = self.runs[level] if level < len(self.runs) else None
        if run is None or first < run.first or first + count > run.end:
            raise LookupError(f"level {level} from {first} is not in memory")
        return run.hashes[first - run.first : first - run.first + count]

    def grown(self, level: int, value: bytes) -> Tail:
        """Return the tail with one more hash at a tile level."""
        runs = self.runs if level < len(self.runs) else (*self.runs, Run(0, [], 0))
        run = runs[level].grown(value)
        # a run that lets go of its oldest tile must not lose leaves that the tree still waits for
        known = self.tree if level == 0 and run.first > self.known.size else self.known
        return Tail(known, (*runs[:level], run, *runs[level + 1 :]))


class Beside(NamedTuple):
    """What the table keeps of an entry to append, besides the entry itself."""

    kind: str
    part: str
    at: datetime
    box: bytes | None
    box_key: str | None


class TxShelf:
    """Reads the log within `tx`, and appends an entry if told what is kept beside it.

    The tail is read from the tables once and remembered from act to act.
    """

    def __init__(self, tx: Tx, beside: Beside | None = None) -> None:
        self._tx = tx
        self._beside = beside
        self._size: int | None = None

    def size(self) -> int:
        """Return the number of entries."""
        tail = self._tx.recall(TAIL)
        if tail is not None:
            return int(tail.size())
        if self._size is None:  # nobody appends in this transaction without the tail
            self._size = int(self._tx.column(_SIZE)[0])
        return self._size

    def tail(self) -> Tail:
        """Return the newest end of the log."""
        tail = self._tx.recall(TAIL)
        if tail is None:
            tail = self._read_tail()
            self._tx.remember(TAIL, tail)
        assert isinstance(tail, Tail)
        return tail

    def closed(self) -> Tail:
        """Return the newest end of the log with its tree worked out, for every act after this one, too."""
        tail = self.tail().closed()
        self._tx.remember(TAIL, tail)
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
        self._tx.insert(LogHashRow(level=level, idx=index, hash=value))
        self._tx.remember(TAIL, tail.grown(level, value))

    def entries(self, first: int, count: int) -> Sequence[bytes]:
        """Return `count` consecutive entries; raises EvidenceBroken if one is not there."""
        return self._whole(0, first, count, [each.entry for each in entries_of(self._tx, first, first + count)])

    def put_entry(self, index: int, entry: bytes, leaf: bytes) -> None:
        """Keep an entry and its leaf hash; an existing one is never changed."""
        tail, beside = self.tail(), self._beside
        assert index == tail.size(), "an entry goes to the end of the log"
        assert beside is not None, "who appends says what is kept beside the entry"
        kind, part, at, box, box_key = beside
        self._tx.append(
            LogEntryRow(idx=index, kind=kind, part=part, entry=entry, leaf=leaf, at=at, box=box, box_key=box_key)
        )
        self._tx.remember(TAIL, tail.grown(0, leaf))

    def _read(self, level: int, first: int, count: int) -> Sequence[bytes]:
        query = (_LEAVES,) if level == 0 else (_HASHES, level)
        return self._whole(level, first, count, self._tx.column(*query, first, first + count))

    def _whole(self, level: int, first: int, count: int, found: Sequence[bytes]) -> Sequence[bytes]:
        if len(found) != count or None in found:
            raise EvidenceBroken(f"the log's level {level} lacks something of the {count} values from {first} on")
        return found

    def _read_tail(self) -> Tail:
        size = int(self._tx.column(_SIZE)[0])
        runs, level, width = [], 0, size
        while width:
            first = max(0, width // TILE_WIDTH_HASHES - 1) * TILE_WIDTH_HASHES
            runs.append(Run(first, list(self._read(level, first, width - first)), width - first))
            level, width = level + 1, width // TILE_WIDTH_HASHES
        peaks = (perfect(self._read(run.level, run.first, run.count)) for run in spans(0, size))
        return Tail(Compact(size, tuple(peaks)), tuple(runs))
