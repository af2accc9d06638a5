"""Taking sealed bytes in: only verified pieces count, wherever they came from (spec 1.9 first two steps, 1.10).

Law: the disk is the truth. A piece is written after its digest was checked, and is believed after a crash only when it
is hashed again; so nothing here needs a transaction, and an un-synced piece costs one more fetch, never money.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.files import Part
from connector.vault.places import places_of
from contracts.ranges import RowSet
from ledger.opening import Code, OpeningError, accept

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.vault.blobs import SealedFile
    from connector.vault.slabs import Load
    from ledger.row_table import RowTable


# a run of rows that are here, in the flags of all rows
HELD = re.compile(b"\x01+")


class Intake:
    """The sealed bytes of one replica, filled in any order; `table` is that of the agreed edition.

    Calls may come from several threads as long as no two write one row at a time.
    """

    def __init__(self, path: Path, table: RowTable) -> None:
        self.table = table
        self._places = places_of(table)
        self._part = Part(path, self._places.size)
        self._held = bytearray(len(table))

    @property
    def held(self) -> RowSet:
        """The rows whose sealed bytes are here and verified."""
        return RowSet(tuple((run.start(), len(run[0])) for run in HELD.finditer(self._held)))

    @property
    def missing(self) -> RowSet:
        """The rows still to fetch."""
        return RowSet(((0, len(self.table)),)) - self.held

    @property
    def complete(self) -> bool:
        """Whether every row is held."""
        return all(self._held)

    def rehash(self, sealed: SealedFile, progress: Callable[[int, int], object] | None = None) -> RowSet:
        """Hash what is on the disk and hold what verifies; the way to resume after a crash (blocking)."""
        buffer = memoryview(bytearray(self.table.longest_sealed))
        for number, row in enumerate(self.table):
            size = sealed.piece_into(number, buffer)
            try:
                accept(row, buffer[:size])
                self._held[number] = 1
            except OpeningError:
                self._held[number] = 0
            if progress:
                progress(number + 1, len(self.table))
        return self.held

    def accept(self, number: int, ciphertext: bytes | bytearray | memoryview) -> None:
        """Verify the piece and write it; `OpeningError` `bytes` naming the row if it is not the committed one."""
        try:
            accept(self.table[number], ciphertext)
        except OpeningError as error:
            raise error.at(number) from error
        self._part.write(ciphertext, self._places.offset(number))
        self._held[number] = 1

    def take(self, load: Load, slab: memoryview) -> None:
        """Write a load whose rows were verified, past the page cache; what lies between the rows is zeroed."""
        end = 0
        for number in load.rows:
            begin, ends = load.at(number)
            slab[end:begin] = bytes(begin - end)
            end = ends
        slab[end : load.size] = bytes(load.size - end)
        self._part.write_sectors(slab[: load.size], load.place)
        self._held[load.first : load.first + load.count] = b"\x01" * load.count

    def holds(self, load: Load) -> bool:
        """Whether every row of the load is here."""
        return self._held.find(0, load.first, load.first + load.count) < 0

    def stream(self, first: int, count: int) -> PieceStream:
        """Return a taker for the joined sealed bytes of `count` rows from `first`."""
        return PieceStream(self, first, count)

    def sync(self) -> None:
        """Make the accepted pieces durable; due before keys for them are asked for (spec 4, message 1)."""
        self._part.sync()

    def close(self) -> None:
        """Close the file."""
        self._part.close()


class PieceStream:
    """Cuts a byte stream of consecutive rows into pieces and takes each in as soon as it is whole.

    After a refusal nothing more is taken; `next_row` is the row to fetch again from elsewhere.
    """

    def __init__(self, intake: Intake, first: int, count: int) -> None:
        intake.table.span(first, count)
        self.next_row = first
        self._end = first + count
        self._intake = intake
        self._buffer = memoryview(bytearray(intake.table.longest_sealed))
        self._filled = 0

    @property
    def done(self) -> bool:
        """Whether every row of the stream was taken in."""
        return self.next_row == self._end

    def feed(self, chunk: bytes | bytearray | memoryview) -> int:
        """Take bytes as they come, of any length; return how many rows became whole. Raises as `Intake.accept`."""
        view, taken = memoryview(chunk), 0
        while view:
            if self.done:
                raise OpeningError(Code.BYTES, "ciphertext", "the source sent more than was asked for", self._end - 1)
            need = self._intake.table.span(self.next_row, 1)[1] - self._filled
            part, view = view[:need], view[need:]
            self._buffer[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            if len(part) == need:
                self._take()
                taken += 1
        return taken

    def _take(self) -> None:
        size, self._filled = self._filled, 0
        self._intake.accept(self.next_row, self._buffer[:size])
        self.next_row += 1
