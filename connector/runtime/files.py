"""The one door through which files are written.

Law: a file under its final name is whole and durable. Bytes go to a temporary name in the same folder, are synced, are
renamed, and the folder is synced, all through one descriptor of the folder, so a swapped path cannot redirect a step.
What has no final name yet (`Part`) is worth only what its reader can verify.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from connector.runtime import rehearsal
from connector.runtime.data_folder import OTHERS
from connector.runtime.room import fitting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# writes of a megabyte and more into fresh page cache stall for whole seconds; these do not
WRITE_BYTES = 256 * 1024
PRIVATE = 0o600
PRIVATE_FOLDER = 0o700
# what file systems without hard links say
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_STEP = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def inner(handle: int, path: str, *, make: bool = False) -> int:
    """Open the folder at a relative `path` below another, step by step; with `make` what is missing is made, durably.

    Raises OSError (ELOOP, ENOTDIR) at a step that is a link or no folder: nothing is followed.
    """
    here = os.dup(handle)
    for part in path.split("/") if path else ():
        above = here
        try:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, PRIVATE_FOLDER, dir_fd=above)
                    os.fsync(above)
            here = os.open(part, _STEP, dir_fd=above)
        finally:
            os.close(above)
    return here


@contextmanager
def walked(path: Path, *, make: bool = False) -> Iterator[int]:
    """Hold a descriptor of the folder at an absolute `path` without links, opened step by step from the root."""
    root = os.open("/", _STEP)
    try:
        handle = inner(root, str(path).strip("/"), make=make)
    finally:
        os.close(root)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def folder_handle(path: Path) -> Iterator[int]:
    """Hold a descriptor of the folder at `path`."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def make_folder(path: Path, mode: int = PRIVATE_FOLDER) -> Path:
    """Make `path` and what is missing above it, durably; an existing folder stays as it is."""
    if not path.is_dir():
        make_folder(path.parent, mode)
        path.mkdir(mode=mode, exist_ok=True)
        sync_folder(path.parent)
    return path


def sync_folder(path: Path) -> None:
    """Make names in the folder durable."""
    with folder_handle(path) as handle:
        os.fsync(handle)


def sync_file(path: Path) -> None:
    """Make a file's bytes durable that somebody else wrote; private from now on."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(handle, PRIVATE)
        os.fsync(handle)
    finally:
        os.close(handle)


def make_private(path: Path) -> bool:
    """Take from a file or folder whatever others may do with it; says whether they might. A link is not followed."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(handle).st_mode
        if open_to_others := bool(mode & OTHERS):
            os.fchmod(handle, stat.S_IMODE(mode) & ~OTHERS)
        return open_to_others
    finally:
        os.close(handle)


def begin_private(path: Path) -> None:
    """Have a file that is its owner's alone, whatever the umask, for somebody who would make it for everybody."""
    with suppress(FileExistsError):
        os.close(os.open(path, _NEW, PRIVATE))


def write_atomic(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Replace the file at `path` by `data`: after a crash it holds the old bytes or the new ones, never a mixture."""
    with replacing(path, mode) as handle:
        write_at(handle, data, 0)


def write_first(path: Path, data: bytes, mode: int = PRIVATE) -> bool:
    """Write a file that is not there yet, whole and durable; False where another was quicker: its file stays."""
    rehearsal.refuse(rehearsal.WRITE, "file", str(path))
    with folder_handle(path.parent) as folder:
        temporary = f".{secrets.token_hex(8)}.part"
        handle = os.open(temporary, _NEW, PRIVATE, dir_fd=folder)
        try:
            os.fchmod(handle, mode)  # whatever the umask
            write_at(handle, data, 0)
            os.fsync(handle)
            os.link(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except FileExistsError:
            return False
        finally:
            os.unlink(temporary, dir_fd=folder)
            os.close(handle)
        os.fsync(folder)
        return True


@contextmanager
def replacing(path: Path, mode: int = PRIVATE) -> Iterator[int]:
    """Yield a descriptor to write the new content to; it gets its name when the block ends without an exception."""
    rehearsal.refuse(rehearsal.WRITE, "file", str(path))
    with folder_handle(path.parent) as folder:
        temporary = f".{secrets.token_hex(8)}.part"
        handle = os.open(temporary, _NEW, PRIVATE, dir_fd=folder)
        try:
            os.fchmod(handle, mode)  # whatever the umask
            yield handle
            os.fsync(handle)
            os.rename(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)
            raise
        finally:
            os.close(handle)


@contextmanager
def writing(path: Path, mode: int = PRIVATE) -> Iterator[BinaryIO]:
    """Yield a file object for new content that comes piece by piece; it gets its name as with `replacing`."""
    with replacing(path, mode) as handle, os.fdopen(os.dup(handle), "w+b") as held:
        yield held


def write_at(handle: int, data: bytes | bytearray | memoryview, offset: int) -> None:
    """Write all of `data` at `offset`."""
    view = memoryview(data)
    while view:
        done = os.pwrite(handle, view[:WRITE_BYTES], offset)
        view, offset = view[done:], offset + done


def append(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write `data` behind what is in a file, which is made if there is none; a crash may lose it or cut it off."""
    rehearsal.refuse(rehearsal.WRITE, "file", str(path))
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view[:WRITE_BYTES]) :]
    finally:
        os.close(handle)


def write_new(path: Path, data: memoryview, *, durable: bool) -> None:
    """Make a file of `data` where there is none; its name is durable only with its folder."""
    rehearsal.refuse(rehearsal.WRITE, "file", str(path))
    handle = os.open(path, _NEW, PRIVATE)
    try:
        with fitting(handle, path, len(data)):
            write_at(handle, data, 0)
        if durable:
            os.fdatasync(handle)
    finally:
        os.close(handle)


def give_name(name: str, old: int, new: int) -> bool:
    """Move a file between two folders where nothing of its name is; False where something is."""
    try:
        os.link(name, name, src_dir_fd=old, dst_dir_fd=new, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            os.close(os.open(name, _NEW, PRIVATE, dir_fd=new))
        except FileExistsError:
            return False
        os.rename(name, name, src_dir_fd=old, dst_dir_fd=new)
    else:
        os.unlink(name, dir_fd=old)
    return True


def nameless(folder: Path) -> int:
    """Return a descriptor of a new file in `folder` that has no name: it is gone when the descriptor is closed."""
    return os.open(folder, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, PRIVATE)


def resize(handle: int, size: int) -> None:
    """Give a file `size` bytes: what is behind them is cut off, what lacks is a hole."""
    os.ftruncate(handle, size)


def remove(path: Path) -> bool:
    """Remove the file durably; return whether it was there."""
    rehearsal.refuse(rehearsal.WRITE, "removal", str(path))
    with folder_handle(path.parent) as folder:
        try:
            os.unlink(path.name, dir_fd=folder)
        except FileNotFoundError:
            return False
        os.fsync(folder)
        return True


class Part:
    """A file in the making, written at any place in any order; it survives a crash, but its bytes prove nothing."""

    def __init__(self, path: Path, size: int, *, lasting: bool = True, direct: bool = True) -> None:
        """Open the part, or make it (durably if `lasting`); it has `size` bytes, holes where nothing was written.

        With `direct` false it is too small for `write_sectors` to gain anything.
        """
        fresh = lasting and not path.exists()
        self.path, self.whole = path, size  # who makes it longer later may say how long it will be
        self.handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
        self._direct = _past_the_cache(self.handle) if direct else -1
        os.ftruncate(self.handle, size)
        if fresh and lasting:
            os.fsync(self.handle)
            sync_folder(path.parent)

    def write(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        """Write `data` at `offset`; durable after `sync`. A disk without room is told with what is missing."""
        with fitting(self.handle, self.path, self.whole):
            write_at(self.handle, data, offset)

    def write_sectors(self, data: memoryview, offset: int) -> None:
        """Write whole sectors of page-aligned memory past the page cache, or through it where it cannot be passed."""
        if self._direct < 0:
            self.write(data, offset)
            return
        with fitting(self.handle, self.path, self.whole):
            while data:
                done = os.pwrite(self._direct, data, offset)
                data, offset = data[done:], offset + done

    def resize(self, size: int) -> None:
        """Give the part `size` bytes: what is behind them is cut off, what lacks is a hole."""
        resize(self.handle, size)

    def sync(self) -> None:
        """Make what was written durable."""
        with fitting(self.handle, self.path, self.whole):
            os.fdatasync(self.handle)

    def finish(self, final: Path) -> None:
        """Sync, give the part its final name in the same folder, close it."""
        assert final.parent == self.path.parent
        with fitting(self.handle, self.path, self.whole):
            os.fsync(self.handle)
        with folder_handle(final.parent) as folder:
            os.rename(self.path.name, final.name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
        self.close()

    def close(self) -> None:
        """Close the descriptor; the part stays."""
        for handle in (self.handle, self._direct):
            if handle >= 0:
                os.close(handle)
        self.handle = self._direct = -1


def _past_the_cache(handle: int) -> int:
    """Return another descriptor of the same open file for direct transfers, -1 where there is no such thing."""
    try:
        return os.open(f"/proc/self/fd/{handle}", os.O_RDWR | os.O_DIRECT | os.O_CLOEXEC)
    except (AttributeError, OSError):
        return -1


def try_folder(folder: Path) -> None:
    """Make and remove a hidden folder inside `folder`; raises OSError where nothing can be written there."""
    trial = folder / f".{secrets.token_hex(8)}.part"
    trial.mkdir(mode=PRIVATE_FOLDER)
    trial.rmdir()


def move(source: Path, target: Path) -> Path:
    """Rename a durable file to `target`, making the folders above it, durably; return `target`."""
    make_folder(target.parent)
    with folder_handle(source.parent) as old, folder_handle(target.parent) as new:
        os.rename(source.name, target.name, src_dir_fd=old, dst_dir_fd=new)
        os.fsync(new)
    return target


def sync_everything() -> None:
    """Make all that was written to any file durable."""
    os.sync()
