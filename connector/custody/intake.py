"""Taking sealed bytes in: only verified pieces count, wherever they came from (spec 1.9 first two steps, 1.10).

Law: the disk is the truth. A piece is written after its digest was checked, and is believed after a crash only when it
is hashed again; so nothing here needs a transaction, and an un-synced piece costs one more fetch, never money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.custody.places import places_of
from connector.runtime.files import Part
from contracts.ranges import RowSet
from ledger.edition.opening import OpeningError, accept

if TYPE_CHECKING:
    from pathlib import Path

    from connector.custody.sealed_file import SealedFile
    from connector.custody.slabs import Load
    from ledger.edition.row_table import RowTable


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
        return RowSet.flagged(self._held)

    @property
    def missing(self) -> RowSet:
        """The rows still to fetch."""
        return RowSet(((0, len(self.table)),)) - self.held

    @property
    def complete(self) -> bool:
        """Whether every row is held."""
        return all(self._held)

    def rehash(self, sealed: SealedFile) -> RowSet:
        """Hash what is on the disk and hold what verifies; the way to resume after a crash (blocking)."""
        buffer = memoryview(bytearray(self.table.longest_sealed))
        for number, row in enumerate(self.table):
            size = sealed.piece_into(number, buffer)
            try:
                accept(row, buffer[:size])
                self._held[number] = 1
            except OpeningError:
                self._held[number] = 0
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

    def sync(self) -> None:
        """Make the accepted pieces durable; due before keys for them are asked for (spec 4, message 1)."""
        self._part.sync()

    def close(self) -> None:
        """Close the file."""
        self._part.close()
