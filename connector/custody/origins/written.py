"""A file that we write ourselves, beside those of a source: it is in memory, and never changes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Written:
    """An object of a few bytes; `place` says for what it was written."""

    place: str
    data: bytes

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.data)

    def open(self) -> BinaryIO:
        """Open it."""
        return io.BytesIO(self.data)

    def check(self) -> None:
        """Do nothing: nobody else can reach it."""
