"""A data folder is its owner's alone: made so, brought back to it at every start, and looked at by `penstock doctor`.

Law: the folder and what lies at its top, the keys among it, can be read by their owner alone, whatever the umask and
whoever laid them there. With the folder closed what lies deeper is out of reach, too.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from connector.runtime import files
from connector.runtime.data_folder import KEYS, OTHERS, VAULT_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# what holds secrets one by one, and is copied by itself
DEEPER = (KEYS, VAULT_KEYS)
NAMED_MAX = 5


def keep(data: Path) -> list[str]:
    """Take what others may do from the folder and what lies in it; returns what could not be changed, with why."""
    failed = []
    for path in _looked_at(data):
        try:
            files.make_private(path)
        except FileNotFoundError:
            continue  # SQLite removes its own files
        except OSError as error:
            failed.append(f"`{path}` ({error.strerror})")
    return failed


def open_to_others(data: Path) -> list[str]:
    """Return what others may read or change, with its mode: the folder first."""
    found = []
    for path in _looked_at(data):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue
        if mode & OTHERS:
            found.append(f"`{path}` (mode {stat.S_IMODE(mode):o})")
    return found


def _looked_at(data: Path) -> Iterator[Path]:
    """Yield the folder, then its files and folders; links and what is no file are nobody's secrets."""
    yield data
    for folder in ("", *DEEPER):
        try:
            with os.scandir(data / folder) as found:
                entries = [entry for entry in found if entry.is_file(follow_symlinks=False) or _is_folder(entry)]
        except (FileNotFoundError, NotADirectoryError):
            continue
        yield from (data / folder / entry.name for entry in sorted(entries, key=lambda one: one.name))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)
