"""A Parquet file in memory as an engine reads it by itself: under a name that is nowhere, by a file system of ours.

    allow(engine)           before it is locked: of all names there are it may read one, `HELD`
    hold(engine, content)   the bytes that it reads there; returns what it sees of columns, by name

Law: (1) nothing is opened: the bytes were handed over before, and are read where they lie. (2) What a file says of its
own pages (least and greatest values, which values are there) leaves none of them out: the work is the same whatever the
cells are, and of what lies elsewhere in the file nothing is asked for. (3) Where the engine sees other columns or types
than whoever planned the statement, it is not read this way (`connector.compute.gated`).
"""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final

PROTOCOL, NAME = "held", "table.parquet"
HELD: Final = f"{PROTOCOL}://{NAME}"
# how the engine calls the number of a row, from 0
NUMBER: Final = "file_row_number"
LIBRARY: Final = "fsspec"
# by which parts of a file would be left out for what it says of them
LEAVING_OUT: Final = ("filter_pushdown", "statistics_propagation")


class Reading:
    """One reading of the bytes; each thread has its own place in them."""

    def __init__(self, content: memoryview) -> None:
        self._content, self._at = content, threading.local()

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place, counted from the first byte; raises OSError for another way of counting."""
        if whence:
            raise OSError("a place is counted from the first byte")
        self._at.place = place
        return place

    def tell(self) -> int:
        """Return the place."""
        return getattr(self._at, "place", 0)

    def read(self, size: int) -> bytes:
        """Return so many bytes from the place on, fewer where it ends."""
        at = self.tell()
        found = bytes(self._content[at : at + size])
        self._at.place = at + len(found)
        return found

    def seekable(self) -> bool:
        """Say that any place can be gone to."""
        return True

    def close(self) -> None:
        """Do nothing: the bytes stay."""


class Held:
    """A file system with one file in it, which is empty until it is held."""

    protocol = PROTOCOL

    def __init__(self) -> None:
        self._content = memoryview(b"")

    def hold(self, content: Any) -> None:
        """Have these bytes as the file."""
        self._content = memoryview(content)

    def open(self, path: str, mode: str = "rb", **_how: Any) -> Reading:
        """Begin a reading; raises FileNotFoundError for another name, PermissionError to write."""
        if not self.exists(path):
            raise FileNotFoundError(path)
        if mode != "rb":
            raise PermissionError(path)
        return Reading(self._content)

    def unstrip_protocol(self, path: str) -> str:
        """Return a name with what says that it is ours."""
        return path if path.startswith(PROTOCOL) else f"{PROTOCOL}://{path}"

    def exists(self, path: str) -> bool:
        """Say whether a name is the file's."""
        return path in (HELD, NAME)

    def isfile(self, path: str) -> bool:
        """Say the same."""
        return self.exists(path)

    def size(self, _path: str) -> int:
        """Return how many bytes it has."""
        return len(self._content)

    def info(self, path: str) -> dict[str, Any]:
        """Return what is known of it."""
        return {"name": path, "size": len(self._content), "type": "file"}

    def modified(self, _path: str) -> datetime:
        """Return when it was changed: never since the beginning."""
        return datetime.fromtimestamp(0, UTC)

    def glob(self, path: str, **_how: Any) -> list[str]:
        """Return the names that a pattern means: itself, for ours is none."""
        return [path]


# a process answers one statement, and is handed one table
FILE: Final = Held()


def allow(engine: Any) -> None:
    """Have the engine read nothing but the file of this name, and leave nothing of it out."""
    # an engine takes file systems of a library's class, and asks for no more of that library than this name
    library = ModuleType(LIBRARY)
    vars(library)["AbstractFileSystem"] = Held
    sys.modules[LIBRARY] = library
    engine.register_filesystem(FILE)
    engine.execute(f"SET allowed_paths = ['{HELD}']")
    engine.execute("SET enable_external_access = false")
    engine.execute(f"SET disabled_optimizers = '{','.join(LEAVING_OUT)}'")


def hold(engine: Any, content: Any) -> dict[str, str]:
    """Have these bytes as the file; return the columns that the engine sees, each with its type."""
    FILE.hold(content)
    try:
        told = engine.execute(f"DESCRIBE SELECT * FROM {rows()}").fetchall()  # noqa: S608  # a name of ours
    except Exception:  # noqa: BLE001  # what it cannot read, or number, Arrow reads
        return {}
    return {name: kind for name, kind, *_ in told if name != NUMBER}


def rows() -> str:
    """Write the file as SQL: its columns, and `NUMBER`."""
    return f"read_parquet('{HELD}', {NUMBER} = true)"
