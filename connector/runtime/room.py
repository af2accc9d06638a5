"""What is said of a disk without room: whose it is, by the file that did not fit, and how much is missing."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# what the system says of a disk, or of a share of it, that is full
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# … or failed: nobody who named a place is to blame
FAILED = FULL | {errno.EIO}
BLOCK_BYTES = 512  # of `st_blocks`, wherever it is
MIB = 1_048_576
LEAST_MIB = 0.1


@contextmanager
def fitting(handle: int, path: Path, size: int = 0) -> Iterator[None]:
    """Let a disk that is full be told with the file at `path`, open as `handle`, and what it lacks to have its size.

    `size` is what it will have, where that is more than it has now.
    """
    try:
        yield
    except OSError as fault:
        if fault.errno not in FULL or fault.filename is not None:
            raise
        raise OSError(fault.errno, f"{os.strerror(fault.errno)}, {_lacking(handle, size)}", str(path)) from fault


def _lacking(handle: int, size: int) -> str:
    """Say how much more room a file needs at least, as far as its size and the system tell."""
    told, disk = os.fstat(handle), os.fstatvfs(handle)
    lacking = max(size, told.st_size) - told.st_blocks * BLOCK_BYTES - disk.f_bavail * disk.f_frsize
    return f"at least {max(lacking / MIB, LEAST_MIB):.1f} MiB more are needed"
