"""A provider that keeps no sealed bytes: each piece is sealed when the edition is made, and again when it is asked for.

`python -m bench.unstored serve --data DIR` is `penstock serve …` on such a vault, for editions larger than the disk.

Law: a piece's secret follows from its run, place and plaintext (spec 1.2), so sealing it again gives the same bytes;
who buys checks them against the rows as ever. Whole pieces are left out of the blob, which is a hole there; the index
and a file's last piece are kept. Everything else is the participant's own. Runs are remembered for its lifetime.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from connector.custody import blobs, seal
from connector.custody.places import places_of
from connector.custody.sealed_file import SealedFile
from connector.provider import publication
from ledger.edition.row import TAG_BYTES
from ledger.edition.sealing import seal_piece

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.custody.sealed import Sealed
    from ledger.edition.row_table import RowTable

SEALED: dict[Path, Sealed] = {}


class Hollow(seal.Part):
    """A blob in the making whose whole pieces are holes."""

    PIECE_BYTES = 1 << 20

    def write_sectors(self, data: memoryview, offset: int) -> None:
        """Write what is behind the last whole piece of a load."""
        rest = len(data) % self.PIECE_BYTES
        if rest:
            super().write_sectors(data[-rest:], offset + len(data) - rest)


class Again(SealedFile):
    """Sealed bytes that are made from the source when they are read."""

    distant = True  # what is read takes a while, so it is waited for in a thread

    def __init__(self, path: Path, table: RowTable) -> None:
        self._sealed = SEALED[path]
        (file,) = self._sealed.source.files
        self._source = file.open()
        super().__init__(path, table)

    def buffers(self, first: int, count: int) -> Iterator[bytes]:
        """Yield the sealed bytes of `count` rows from `first`, a row at a time."""
        self.table.span(first, count)
        for number in range(first, first + count):
            size = self.table.span(number, 1)[1]
            if size == Hollow.PIECE_BYTES:
                yield self._again(number, size)
            else:
                yield self._read(places_of(self.table).offset(number), size)

    def _again(self, number: int, size: int) -> bytes:
        plain, sealed = bytearray(size), bytearray(size + TAG_BYTES)
        offset = (number - self.table.index_rows) * size
        assert os.preadv(self._source.fileno(), [plain], offset) == size, "the source became shorter"
        run = self._sealed.run
        seal_piece(run.key, run.run, number, memoryview(plain), size, sealed)
        return bytes(memoryview(sealed)[:size])

    def close(self) -> None:
        """Close both files."""
        self._source.close()
        super().close()


def main() -> None:
    """Run the command line on such a vault."""
    sealing = publication.seal

    def remembered(*told: Any, **more: Any) -> Sealed:
        made = sealing(*told, **more)
        SEALED[made.path] = made
        return made

    publication.seal = remembered
    seal.Part = Hollow
    blobs.SealedFile = Again
    from connector.cli.main import run

    run()


if __name__ == "__main__":
    main()
