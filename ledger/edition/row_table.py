"""All rows of an edition: lengths, offsets of the sealed bytes, root and digest of the table (spec 1.4, 1.5).

Sealed bytes lie in row order without gaps, so `offset(n)` is the sum of the sealed lengths before row n.
"""

from __future__ import annotations

import struct
from array import array
from itertools import accumulate
from typing import TYPE_CHECKING

from blake3 import blake3

from contracts.errors import ContractError
from contracts.ranges import RowSet
from ledger.edition.row import INDEX, PADDED, ROW_BYTES, SLOT_BYTES, SM4_SEALED, Row
from ledger.log import merkle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# a table is held in memory whole: 2^18 rows are 38 MiB, and 1 TiB of data at the largest piece size
MAX_ROWS = 1 << 18
# the group of what belongs to a file as a whole, so to every contract
SHARED = 0
# variants of a piece are read, but no edition of this version has them (spec 1.3)
_TAKEN_FLAGS = INDEX | PADDED | SM4_SEALED

# where the row of spec 1.4 has it: behind head, tag and the digest of the sealed bytes
_WHOLE, _SLOT, _KEY_COMMITMENT = slice(0, ROW_BYTES), slice(0, SLOT_BYTES), slice(88, 120)
_LENGTHS = struct.Struct(">24xIIII112x")
assert _LENGTHS.size == ROW_BYTES


class RowTable:
    """The rows of one edition, decoded when asked for; `ContractError` on a table that no edition can have."""

    __slots__ = ("__weakref__", "_levels", "_offsets", "_plain", "data", "index_rows", "longest_sealed")

    def __init__(self, data: bytes) -> None:
        count, rest = divmod(len(data), ROW_BYTES)
        if rest or not 0 < count <= MAX_ROWS:
            raise ContractError(
                "row", f"a row table of `{len(data)}` bytes is not 1 to {MAX_ROWS} rows of {ROW_BYTES} bytes"
            )
        self.data = data
        self.index_rows = _leading_index(data)
        self.longest_sealed = max(sealed for sealed, *_ in _LENGTHS.iter_unpack(data))
        self._offsets: array[int] = array("Q", accumulate((head[0] for head in _LENGTHS.iter_unpack(data)), initial=0))
        self._plain: array[int] = array("Q", accumulate((head[1] for head in _LENGTHS.iter_unpack(data)), initial=0))
        self._levels: list[list[bytes]] | None = None

    def __len__(self) -> int:
        return len(self.data) // ROW_BYTES

    def __getitem__(self, number: int) -> Row:
        return Row.decode(self.raw(number))

    def __iter__(self) -> Iterator[Row]:
        return (self[number] for number in range(len(self)))

    def raw(self, number: int) -> bytes:
        """Return the 152 bytes of row `number`; `ContractError` if there is no such row."""
        return self._part(number, _WHOLE)

    def slot(self, number: int) -> bytes:
        """Return the 24 bytes that name row `number`'s piece."""
        return self._part(number, _SLOT)

    def key_commitment(self, number: int) -> bytes:
        """Return what the secret of row `number` must meet."""
        return self._part(number, _KEY_COMMITMENT)

    def _part(self, number: int, where: slice) -> bytes:
        """Return a part of a row without decoding the row; `ContractError` if there is no such row."""
        if not 0 <= number < len(self):
            raise ContractError("row", f"row `{number}` does not exist: the edition has rows 0 to {len(self) - 1}")
        start = number * ROW_BYTES
        return self.data[start + where.start : start + where.stop]

    def offset(self, number: int) -> int:
        """Return where the sealed bytes of row `number` begin; `offset(len(self))` is the end."""
        return self._offsets[number]

    def span(self, first: int, count: int) -> tuple[int, int]:
        """Return offset and length in bytes of the sealed bytes of `count` rows from `first`."""
        if first < 0 or count < 1 or first + count > len(self):
            raise ContractError("row", f"rows `{first}`+`{count}` do not exist: the edition has {len(self)}")
        return self._offsets[first], self._offsets[first + count] - self._offsets[first]

    def plain_bytes(self, first: int = 0, count: int | None = None) -> int:
        """Return the plain bytes of `count` rows from `first` (all by default): the quantity that is billed."""
        last = len(self) if count is None else first + count
        return self._plain[last] - self._plain[first]

    def licensed(self, groups: Collection[int]) -> RowSet:
        """Return the rows that a contract for these columns is about: theirs, the index, what belongs to whole files.

        Without groups it is about everything.
        """
        if not groups:
            return RowSet(((0, len(self)),))
        reached = {*groups, SHARED}
        heads = _LENGTHS.iter_unpack(self.data)
        return RowSet.rows(n for n, (_, _, group, flags) in enumerate(heads) if flags & INDEX or group in reached)

    @property
    def flags(self) -> int:
        """The flags of the first row: by which suite all are sealed is one of them."""
        return int(_LENGTHS.unpack_from(self.data)[3])

    @property
    def sealed_bytes(self) -> int:
        """The length of the sealed bytes of all rows."""
        return self._offsets[len(self)]

    def digest(self) -> bytes:
        """Return `tableDigest`: B3 over all rows."""
        return blake3(self.data).digest()

    def root(self) -> bytes:
        """Return MTH over all rows."""
        return merkle.root(merkle.leaf_hash(self.raw(number)) for number in range(len(self)))

    def path(self, number: int) -> list[bytes]:
        """Return the inclusion path of row `number` under `root()`."""
        return merkle.inclusion_proof(self._span, number, len(self))

    def _span(self, start: int, end: int) -> bytes:
        """Return the root of rows [start, end), as a path asks for it: looked up if perfect, else joined of two."""
        size = end - start
        if not size & (size - 1):
            return self._perfect()[size.bit_length() - 1][start // size]
        middle = start + merkle.split(size)
        return merkle.node_hash(self._span(start, middle), self._span(middle, end))

    def _perfect(self) -> list[list[bytes]]:
        """Return the roots of all perfect subtrees by level, made once and only where paths are asked for."""
        if self._levels is None:
            level = [merkle.leaf_hash(self.raw(number)) for number in range(len(self))]
            self._levels = [level]
            while len(level) > 1:
                level = [merkle.node_hash(*pair) for pair in zip(level[::2], level[1::2], strict=False)]
                self._levels.append(level)
        return self._levels


def _leading_index(data: bytes) -> int:
    """Check every head and return how many rows are the index; they come first and nowhere else (spec 1.6)."""
    count, behind, sealed_by = 0, False, _LENGTHS.unpack_from(data)[3] & SM4_SEALED
    for number, (sealed, plain, _group, flags) in enumerate(_LENGTHS.iter_unpack(data)):
        if not flags & INDEX:
            behind = True
        elif behind:
            raise ContractError("row", "the index must be the first rows of an edition and nowhere else")
        else:
            count += 1
        if flags & SM4_SEALED != sealed_by:
            raise ContractError("row", f"row `{number}` is sealed by another suite than the first")
        if flags & ~_TAKEN_FLAGS or not 0 < plain <= sealed or bool(flags & PADDED) != (sealed > plain):
            raise ContractError("row", f"row `{number}` has flags or lengths that this version refuses")
    return count
