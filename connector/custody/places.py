"""Where a row lies in our own files: every piece begins at a whole sector (decision 0020).

    place(n) = sum of the sealed lengths before row n, each rounded up to SECTOR_BYTES;   gaps are holes

Law: places are ours alone. On the wire, in the header and in every price the pieces follow each other without gaps
(`RowTable.offset`); only who opens a file of ours needs to know more.
"""

from __future__ import annotations

from array import array
from itertools import accumulate
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from ledger.edition.row_table import RowTable

# what disks and the kernel ask of a direct transfer: offset, length and memory are multiples of it
SECTOR_BYTES = 4096


def sectors(size: int) -> int:
    """Return `size` bytes rounded up to whole sectors."""
    return -(-size // SECTOR_BYTES) * SECTOR_BYTES


class Places:
    """The places of one table's rows, in bytes from the beginning of the file."""

    __slots__ = ("_offsets",)

    def __init__(self, table: RowTable) -> None:
        sizes = (sectors(table.span(number, 1)[1]) for number in range(len(table)))
        self._offsets: array[int] = array("Q", accumulate(sizes, initial=0))

    def offset(self, number: int) -> int:
        """Return where row `number` begins; of the row after the last, where the file ends."""
        return self._offsets[number]

    @property
    def size(self) -> int:
        """The length of a file that holds every row, in whole sectors."""
        return self._offsets[-1]


def places_of(table: RowTable) -> Places:
    """Return the places of a table, made once for each."""
    places = _PLACES.get(table)
    if places is None:
        places = _PLACES[table] = Places(table)
    return places


# they go with their table, of which `connector.custody.tables` bounds how much memory is kept
_PLACES: WeakKeyDictionary[RowTable, Places] = WeakKeyDictionary()
