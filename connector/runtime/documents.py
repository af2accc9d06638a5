"""Files that a user names on the command line, read whole and bounded; what is wrong with them is theirs to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.runtime.errors import InvalidInput
from contracts.canonical import load

if TYPE_CHECKING:
    from pathlib import Path

# a dispute bundle holds one piece of at most 4 MiB and 8,192 masked secrets, in base64
FILE_BYTES_MAX = 16 * 1_048_576


def read(path: Path) -> bytes:
    """Return the bytes of a file; InvalidInput if it cannot be read or is too long."""
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise InvalidInput(f"`{path}` cannot be read: {error.strerror}") from error
    if len(raw) > FILE_BYTES_MAX:
        raise InvalidInput(f"`{path}` is longer than {FILE_BYTES_MAX} bytes")
    return raw


def read_text(path: Path) -> str:
    """Return a file's text."""
    return as_text(read(path), path)


def as_text(raw: bytes, path: Path) -> str:
    """Return the text of bytes that were read from `path`."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"`{path}` is not UTF-8 text") from error


def read_json(path: Path) -> Any:
    """Return a file's JSON value, read strictly: a key written twice is refused."""
    return as_json(read(path), path)


def as_json(raw: bytes, path: Path) -> Any:
    """Return the JSON value of bytes that were read from `path`."""
    try:
        return load(raw, max_bytes=FILE_BYTES_MAX)
    except ValueError as error:
        raise InvalidInput(f"`{path}` is not JSON as we read it: {error}") from error
