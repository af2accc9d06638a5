"""Where the files of an opening go, and what is in the way there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.consumer.mandate import refuse_unwritable
from connector.custody.packs import packs_of
from connector.runtime.local_names import local_names
from connector.runtime.stage import require_empty, require_free

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from connector.custody.reader import Reader


@dataclass(frozen=True, slots=True)
class Place:
    """Where the files of an opening go; `packed` leaves small files in their archives."""

    folder: Path
    overwrite: bool
    packed: bool = False

    def look(self, reader: Reader) -> None:
        """Look for what is in the way of the files: of the index their names are read, and nothing is told of them.

        What is in packs is not known before they are opened.
        """
        unpacks = not self.packed and packs_of(reader.index())
        self.require(None if unpacks else [file.name for file in reader.files()])

    def take(self, reader: Reader, size: int) -> tuple[list[str], int]:
        """Write the files (blocking); returns their paths, and how many plain bytes they are of."""
        paths = reader.open_files(self.folder, overwrite=self.overwrite, packed=self.packed)
        return [str(path) for path in paths], size

    def require(self, names: Iterable[str] | None) -> None:
        """Raise Conflict or InvalidInput for what will be in the way of files (None: of whatever name; blocking)."""
        refuse_unwritable(self.folder)
        if names is not None:
            require_free(self.folder, local_names(names).values(), overwrite=self.overwrite)
        elif not self.overwrite:
            require_empty(self.folder)
