"""What is opened into memory alone: one small file, to be used at once and written nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.errors import PeerMisbehaved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.custody.reader import Reader


class Held:
    """Where the one file of an opening goes, if it has at most so many bytes; `content` is what was opened."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self.content = b""

    def require(self, _names: Iterable[str] | None) -> None:
        """Find nothing in the way: it goes to no place."""

    def look(self, reader: Reader) -> None:
        """Raise PeerMisbehaved for what is not one small file."""
        files = reader.files()
        if len(files) != 1 or not 0 < files[0].size <= self._most:
            text = f"what was sold as one file of at most {self._most} bytes is {len(files)} files"
            raise PeerMisbehaved(text, "complain about its provider: penstock complaint")

    def take(self, reader: Reader, size: int) -> tuple[list[str], int]:
        """Open the file (blocking); returns its name, and how many plain bytes it is of."""
        self.look(reader)
        [file] = reader.files()
        self.content = reader.read(file.name)
        return [file.name], size
