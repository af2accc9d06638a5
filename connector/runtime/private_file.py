"""A file that is its owner's alone: keys, tokens. What others may read is refused, whatever is in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from connector.runtime.data_folder import OTHERS
from connector.runtime.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

BYTES_MAX = 4096  # keys and tokens are short


def read(path: Path) -> bytes:
    """Return the file's bytes; raises `OSError` if it cannot be read, `SettingsError` if others may or it is too long.

    A symbolic link is not followed: it could lead to what somebody else may write.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if mode := os.fstat(handle).st_mode & OTHERS:
            raise SettingsError(f"others may read `{path}` (mode {mode:o})", f"chmod 600 {path}")
        content = file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise SettingsError(f"`{path}` has more than {BYTES_MAX} bytes, so it is another thing", "restore it")
    return content
