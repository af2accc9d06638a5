"""Opening pieces as their keys arrive, from the memory their sealed bytes came into (spec 1.9, the last four steps).

Law: a slab of sealed pieces passed the first two steps when it came in and has been ours since; every piece passes the
rest before one byte of it goes on. What does not open is the raiser's to keep: it is the proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.errors import ContractError
from ledger.edition.index import Index, read_index
from ledger.edition.opening import Code, OpeningError, open_accepted_into
from ledger.edition.row import TAG_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.custody.sinks import Sink
    from connector.custody.slabs import Load, Pool
    from ledger.edition.row_table import RowTable


class Unsealer:
    """Opens rows of one edition into a sink; for one thread at a time."""

    def __init__(self, table: RowTable, pool: Pool, sink: Sink) -> None:
        self.index: Index | None = None
        self._table = table
        self._pool = pool
        self._sink = sink
        self._document: dict[int, bytes] = {}

    def open(self, load: Load, slab: memoryview, rows: Sequence[int], secrets: Mapping[int, bytes]) -> None:
        """Open `rows` of a load (blocking); `OpeningError` names the row, and the slab still holds its sealed bytes."""
        plain = self._pool.take()
        for number in rows:
            begin, end = load.at(number)
            self._open(number, secrets[number], slab[begin : end + TAG_BYTES], plain[begin:end])
        data = [number for number in rows if number >= self._table.index_rows]
        if len(data) < len(rows):
            self._read_index({number: bytes(plain[slice(*load.at(number))]) for number in rows if number not in data})
        if data:
            self._sink.take(load, data, plain)
        else:
            self._pool.give(plain)

    def _open(self, number: int, secret: bytes, sealed: memoryview, out: memoryview) -> None:
        """Open one row; the bytes behind it, where its tag is put meanwhile, are the next row's."""
        behind = bytes(sealed[-TAG_BYTES:])
        try:
            open_accepted_into(self._table[number], secret, sealed, out)
        except OpeningError as error:
            raise error.at(number) from error
        finally:
            sealed[-TAG_BYTES:] = behind

    def _read_index(self, rows: Mapping[int, bytes]) -> None:
        """Collect the index; it is whole before any key of data is asked for."""
        self._document.update(rows)
        if len(self._document) < self._table.index_rows:
            return
        pieces = (self._document[n][: self._table.plain_bytes(n, 1)] for n in range(self._table.index_rows))
        try:
            self.index = read_index(b"".join(pieces), self._table)
        except ContractError as error:
            raise OpeningError(Code.EDITION, "index", f"the committed index is malformed: {error}", 0) from error
        self._document.clear()
        self._sink.begin(self.index)
