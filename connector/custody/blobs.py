"""Sealed bytes on disk: one file per edition, each piece at its place (`connector.custody.places`).

Law: a blob is public; whoever reads it verifies it (spec 1.9). So serving takes no lock and keeps no state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.custody.bucket import SealedObject
from connector.custody.sealed_file import SealedFile
from connector.runtime import files
from ledger.edition.opening import OpeningError, accept

if TYPE_CHECKING:
    from pathlib import Path

    from connector.custody.bucket import Bucket
    from ledger.edition.row_table import RowTable


SEALED_SUFFIX = ".sealed"
PART_SUFFIX = ".part"


def blob_name(edition_id: bytes) -> str:
    """Return the name of the file with an edition's sealed bytes, whoever sealed or fetched them."""
    assert len(edition_id) == 32
    return edition_id.hex() + SEALED_SUFFIX


class Blobs:
    """The folder of sealed blobs, named by edition id; what is still being sealed is named by its run.

    With a `bucket`, whole editions of ours move there; then their files are not here any more.
    """

    def __init__(self, folder: Path, bucket: Bucket | None = None) -> None:
        self.folder = files.make_folder(folder)
        self.bucket = bucket
        self._there: set[str] = set()

    def path(self, edition_id: bytes) -> Path:
        """Return where the sealed bytes of the edition are, or will be."""
        return self.folder / blob_name(edition_id)

    def part(self, run: bytes) -> Path:
        """Return where a run seals before its edition has an id."""
        return self.folder / (run.hex() + PART_SUFFIX)

    def open(self, edition_id: bytes, table: RowTable) -> SealedFile | SealedObject:
        """Open the sealed bytes of a whole edition, here or in the bucket (blocking, where there is one)."""
        if self.is_distant(edition_id, table):
            assert self.bucket is not None
            return SealedObject(self.bucket, blob_name(edition_id), table)
        return SealedFile(self.path(edition_id), table)

    def is_distant(self, edition_id: bytes, table: RowTable) -> bool:
        """Say whether an edition's bytes are in the bucket alone."""
        name = blob_name(edition_id)
        if self.bucket is None or self.path(edition_id).exists():
            return False
        if name not in self._there and self.bucket.size(name) == table.sealed_bytes:
            self._there.add(name)
        return name in self._there

    def offload(self, edition_id: bytes, table: RowTable) -> bool:
        """Move an edition's bytes to the bucket, verified there row by row; return whether they were here (blocking).

        `OpeningError` for a row that came back wrong, `VaultError` for a bucket that does not answer; the file stays.
        """
        name, path = blob_name(edition_id), self.path(edition_id)
        if self.bucket is None or not path.exists():
            return False
        with SealedFile(path, table) as sealed:
            self.bucket.put(name, sealed)
        pieces = SealedObject(self.bucket, name, table).read_pieces(0, len(table))
        for number, (row, piece) in enumerate(zip(table, pieces, strict=True)):
            try:
                accept(row, piece)
            except OpeningError as error:
                raise error.at(number) from error
        self._there.add(name)
        return files.remove(path)

    def sweep(self) -> list[Path]:
        """Remove what crashed sealing runs left behind (at start, before any run begins); return what it was."""
        left = sorted(self.folder.glob(f"*{PART_SUFFIX}"))
        for path in left:
            files.remove(path)
        return left
