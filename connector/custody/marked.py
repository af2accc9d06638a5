"""An edition as one buyer's plain copy has it: its watermarked digits as that buyer's key says (decision 0172).

Law: the marks of a file are found by reading it once as it is; so the same agreement gets the same bytes each time,
however often it asks and from wherever a broken download goes on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from blake3 import blake3

from catalog.describe import CSV, media_type
from connector.custody import watermarking
from connector.custody.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.custody.watermarking import Marks
    from connector.store.rows.vault import EditionRow
    from ledger.edition.index import Index, IndexedFile

# copies whose marks are remembered: a file of a million rows has one megabyte of them
COPIES_KEPT: Final = 32


class Markings:
    """The marks of the copies that were asked for last; safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Marking] = OrderedDict()
        self._turn = threading.Lock()

    def of(self, opened: Opened, edition: EditionRow, own: bytes) -> Marked:
        """Return an opened edition as the copy with the key `own` has it."""
        with self._turn:
            name = bytes.fromhex(edition.id) + own
            made = self._kept.pop(name, None) or Marking(edition.watermarks or {}, own)
            self._kept[name] = made
            while len(self._kept) > COPIES_KEPT:
                self._kept.popitem(last=False)
        return Marked(opened, made)


class Marking:
    """The marks of one copy, file by file, each found when it is first read; and the digest of the whole."""

    def __init__(self, columns: Mapping[str, str], own: bytes) -> None:
        self._columns, self._own = columns, own
        self._files: dict[int, Marks] = {}
        self._digest: bytes | None = None
        self._turn = threading.Lock()

    def marks(self, opened: Opened, file: IndexedFile) -> Marks | None:
        """Return the marks of a file, None for one that is no table of ours."""
        if media_type(file.name) != CSV:
            return None
        with self._turn:
            if file.first_row not in self._files:
                blocks = _blocks(opened, file)
                self._files[file.first_row] = watermarking.marks(blocks, self._columns, self._own)
            return self._files[file.first_row]

    def digest(self, opened: Opened, index: Index) -> bytes:
        """Return the BLAKE3 of the copy's bytes."""
        if self._digest is None:
            whole = blake3()
            for file in index.files:
                marks, at = self.marks(opened, file), 0
                for block in _blocks(opened, file):
                    whole.update(block if marks is None else marks.apply(block, at))
                    at += len(block)
            self._digest = whole.digest()
        return self._digest


class Marked(Opened):
    """An opened edition whose bytes are those of one copy."""

    def __init__(self, opened: Opened, marking: Marking) -> None:
        self.__dict__.update(opened.__dict__)  # the same file, and its one closing
        self._plain, self._marking = opened, marking

    def digest(self, index: Index) -> bytes:
        """Return the BLAKE3 of all bytes of this copy."""
        return self._marking.digest(self._plain, index)

    def bytes_of(self, file: IndexedFile, row: int, start: int, stop: int) -> bytes:
        """Return what row `row` holds of the bytes `start` to `stop` of its file, as this copy has them."""
        data, marks = super().bytes_of(file, row, start, stop), self._marking.marks(self._plain, file)
        if marks is None:
            return data
        return marks.apply(data, max(start, self._table.plain_bytes(file.first_row, row - file.first_row)))


def _blocks(opened: Opened, file: IndexedFile) -> Iterator[bytes]:
    for row in range(file.first_row, file.first_row + file.row_count):
        yield opened.bytes_of(file, row, 0, file.size)
