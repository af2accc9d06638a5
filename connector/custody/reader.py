"""Opening a replica: sealed bytes here, secrets given, plaintext out (spec 1.9).

Law: every piece passes all steps of spec 1.9 before a byte of it is used; no file gets its name before everything that
was asked for is whole, and where that is the whole edition, its digest was met. Secrets stay in memory. What is cut
opens no piece more, and gives no name to what it has written.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from blake3 import blake3

from connector.custody.errors import VaultError
from connector.custody.packs import Unpacking, unpack
from connector.runtime import files
from connector.runtime.cut import Cut
from connector.runtime.local_names import local_name, local_names, renamed
from connector.runtime.room import fitting
from connector.runtime.stage import Stage
from contracts.errors import ContractError
from contracts.ranges import RowSet
from ledger.edition.index import read_index
from ledger.edition.opening import Code, OpeningError, open_into
from ledger.edition.row import TAG_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from connector.custody.bucket import SealedObject
    from connector.custody.sealed_file import SealedFile
    from ledger.edition.index import Index, IndexedFile


# what an opening in memory may cost; larger files are opened to disk or read piece by piece
MAX_IN_MEMORY_BYTES = 1024 * 1024 * 1024


class Reader:
    """One opening: `secrets` by row number for the rows it may open; not to be shared between threads.

    Of a contract for some columns `rows` are all it is about: other pieces are holes in the files, which read as
    zeros, and a file of which nothing is licensed is not there. Of packs the files in them are written, under their own
    names. `renamed` are the files that were written under another name, told name → name here. `cut` ends it between
    two pieces.
    """

    def __init__(
        self,
        sealed: SealedFile | SealedObject,
        secrets: Mapping[int, bytes],
        rows: RowSet | None = None,
        cut: Cut | None = None,
    ) -> None:
        self.table = sealed.table
        whole = RowSet(((0, len(sealed.table)),))
        self._rows = whole if rows is None else rows
        self._holed = self._rows != whole
        self._file = sealed
        self._secrets = secrets
        self._cut = Cut() if cut is None else cut
        self._index: Index | None = None
        self.renamed: dict[str, str] = {}
        self._sealed = memoryview(bytearray(self.table.longest_sealed + TAG_BYTES))
        self._plain = memoryview(bytearray(self.table.longest_sealed))

    def index(self) -> Index:
        """Open and check the private index, once; `OpeningError` `edition` if the provider committed to a bad one."""
        if self._index is None:
            self._require(range(self.table.index_rows))
            document = b"".join(self.open_row(number) for number in range(self.table.index_rows))
            try:
                self._index = read_index(document, self.table)
            except ContractError as error:
                raise OpeningError(Code.EDITION, "index", f"the committed index is malformed: {error}", 0) from error
        return self._index

    def open_row(self, number: int) -> bytes:
        """Return the plaintext of one row; `OpeningError` names the row and whose fault it is."""
        return bytes(self._open(number))

    def files(self) -> list[IndexedFile]:
        """Return the files of which something is licensed, and empty ones."""
        return [file for file in self.index().files if not file.row_count or self._licensed(file)]

    def pieces(self, file: IndexedFile) -> Iterator[memoryview]:
        """Yield the file's licensed pieces in order, each valid until the next."""
        for number in self._licensed(file):
            yield self._open(number)

    def placed(self, file: IndexedFile) -> Iterator[tuple[int, memoryview]]:
        """Yield the file's licensed pieces, each with where it stands in the file, valid until the next."""
        for number, piece in zip(self._licensed(file), self.pieces(file), strict=True):
            yield self.table.plain_bytes(file.first_row, number - file.first_row), piece

    def _licensed(self, file: IndexedFile) -> RowSet:
        return self._rows & RowSet.of([(file.first_row, file.row_count)])

    def read(self, name: str) -> bytes:
        """Return one file in memory (the leased tier); `VaultError` `locked` if a secret of it is not held."""
        (file,) = self._chosen([name])
        if file.size > MAX_IN_MEMORY_BYTES:
            raise VaultError("replica", f"`{name}` has {file.size} bytes, too many for memory", "open it to a folder")
        content = bytearray(file.size)
        for at, piece in self.placed(file):
            content[at : at + len(piece)] = piece
        return bytes(content)

    def open_files(
        self, folder: Path, names: Sequence[str] | None = None, *, overwrite: bool = False, packed: bool = False
    ) -> list[Path]:
        """Write the named files (all by default) below `folder` and return their paths (blocking).

        `packed` leaves packs as the archives they are. Nothing appears under a final name unless all of them verified,
        and nothing that is there is replaced unless `overwrite` says so (`connector.runtime.stage`,
        `connector.runtime.local_names`). `VaultError` `locked` if a needed secret is not held, `pack`, `OpeningError`,
        Conflict, NotPermitted once it was cut.
        """
        chosen = self._chosen(names)
        unpacking = None if packed else Unpacking(self.index())
        local_names(file.name for file in chosen)
        stage = Stage(folder, secrets.token_hex(8), overwrite=overwrite)
        try:
            digest, told = self._write_all(stage, chosen, unpacking)
            if names is None and not self._holed and digest != self.index().digest:
                raise OpeningError(Code.EDITION, "whole-digest", "the files are not the whole that the index names")
            here = list(local_names(told).values())
            self._cut.check()
            stage.finish(here)
        finally:
            stage.close()
        self.renamed = renamed(told)
        return [folder / name for name in here]

    def prove(self, *, packed: bool = False) -> list[str]:
        """Open all that may be opened, to nowhere; return the names of the files, and set `renamed`."""
        unpacking, names = None if packed else Unpacking(self.index()), []
        for file in self.files():
            if unpacking is not None and self._unpacks(file, unpacking):
                names += [member.name for member in unpacking.members(file.name, self.read(file.name))]
                continue
            names.append(file.name)
            for _ in self.pieces(file):
                pass
        self.renamed = renamed(names)
        return names

    def _write_all(
        self, stage: Stage, chosen: Sequence[IndexedFile], unpacking: Unpacking | None
    ) -> tuple[bytes, list[str]]:
        """Write the files into the stage; return B3 of all that was sealed of them, and their names."""
        whole, names = blake3(), []
        for file in chosen:
            if unpacking is not None and self._unpacks(file, unpacking):
                packed = self.read(file.name)
                whole.update(packed)
                names += unpack(stage, unpacking, file.name, packed)
                continue
            names.append(file.name)
            place = stage.place(local_name(file.name))
            with files.replacing(place) as handle, fitting(handle, place, file.size):
                files.resize(handle, file.size)
                for at, piece in self.placed(file):
                    whole.update(piece)
                    files.write_at(handle, piece, at)
        if unpacking is not None and unpacking.packs:
            files.sync_everything()  # of what was unpacked, nothing is durable before
        return whole.digest(), names

    def _unpacks(self, file: IndexedFile, unpacking: Unpacking) -> bool:
        """Say whether a file is a pack, all of which is licensed; one with holes is none."""
        return file.name in unpacking.packs and len(self._licensed(file)) == file.row_count

    def _chosen(self, names: Sequence[str] | None) -> list[IndexedFile]:
        chosen = self.files() if names is None else [self.index().file(name) for name in names]
        for file in chosen:
            self._require(self._licensed(file))
        return chosen

    def _require(self, rows: Iterable[int]) -> None:
        lacking = RowSet.rows(number for number in rows if number not in self._secrets)
        if lacking:
            raise VaultError(
                "locked", f"the keys of {len(lacking)} pieces are not here, first `{lacking.ranges[0][0]}`"
            )

    def _open(self, number: int) -> memoryview:
        """Open one row in the buffers; every step of spec 1.9 but the first, which the table has passed."""
        self._cut.check()
        row = self.table[number]
        if number not in self._secrets:
            self._require(range(number, number + 1))
        size = self._file.piece_into(number, self._sealed)
        try:
            plain = open_into(row, self._secrets[number], self._sealed[: size + TAG_BYTES], self._plain)
        except OpeningError as error:
            raise error.at(number) from error
        return self._plain[:plain]
