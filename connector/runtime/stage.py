"""Files in the making that get their names below one folder together, without taking anybody's place.

Law: (1) what is there already stays, unless `overwrite` was said, and then files are replaced and nothing else. (2)
From the folder that was named, whose own links were followed once, every step is opened without following a link. (3)
A file that is there with the very bytes that were to come is ours: an earlier run put it there and did not get
further. (4) Nothing gets its name before every file is durable and every place was looked at.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from connector.runtime.errors import Conflict
from connector.runtime.files import PRIVATE_FOLDER, give_name, inner, make_folder, sync_folder, walked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COMPARE_BYTES = 1024 * 1024
# what renaming a folder says where something is already
TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
# what opening a folder says of a link, and of what is no folder
ASTRAY = (errno.ELOOP, errno.ENOTDIR)
ELSEWHERE = "name another directory, or say `--overwrite`"


class Stage:
    """A hidden folder in the making, whose files get their names below `target` together.

    Where there is no target, it lies beside it and becomes it by one renaming; else it lies in there, and its files are
    moved. Where a crash left one of that `name`, it is made anew.
    """

    def __init__(self, target: Path, name: str, *, overwrite: bool = False) -> None:
        """Make it; raises Conflict where `target` is no folder."""
        self._target = Path(os.path.realpath(target))
        self._overwrite = overwrite
        self._becomes = not os.path.lexists(self._target)
        if not (self._becomes or self._target.is_dir()):
            raise Conflict(f"`{self._target}` is no directory", "name another directory")
        self._path = make_folder(self._target.parent if self._becomes else self._target) / f".{name}.part"
        self.close()
        self._path.mkdir(mode=PRIVATE_FOLDER)
        self._folders = {""}

    def place(self, name: str) -> Path:
        """Return where the file of a relative name is written; safe to use from several threads."""
        self._make(name.rpartition("/")[0])
        return self._path / name

    def finish(self, names: Sequence[str]) -> None:
        """Give the staged files, which are durable and of these names, their names, durably; raises Conflict."""
        for folder in self._folders:
            sync_folder(self._path / folder)
        if not (self._becomes and self._become()):
            self._move(names)

    def close(self) -> None:
        """Remove what has no name; harmless when there is nothing."""
        shutil.rmtree(self._path, ignore_errors=True)

    def _make(self, folder: str) -> None:
        if folder not in self._folders:
            self._make(folder.rpartition("/")[0])
            (self._path / folder).mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            self._folders.add(folder)

    def _become(self) -> bool:
        """Take the target's name; False if somebody has put something there meanwhile."""
        try:
            self._path.rename(self._target)
        except OSError as error:
            if error.errno not in TAKEN:
                raise
            return False
        sync_folder(self._target.parent)
        return True

    def _move(self, names: Sequence[str]) -> None:
        """Name file by file when all can be; each folder is synced once."""
        with walked(self._target, make=True) as target, walked(self._path) as staged:
            for name in names:
                _require_free(self._target, target, name, staged=staged, overwrite=self._overwrite)
            for above, some in _by_folder(names).items():
                old, new = inner(staged, above), inner(target, above, make=True)
                try:
                    for last in some:
                        self._give(above, last, old, new)
                    os.fsync(new)
                finally:
                    os.close(old)
                    os.close(new)

    def _give(self, above: str, last: str, old: int, new: int) -> None:
        if self._overwrite:
            os.rename(last, last, src_dir_fd=old, dst_dir_fd=new)
        elif not give_name(last, old, new) and not _same(last, old, new):
            raise _taken(self._target, f"{above}/{last}".lstrip("/"))


def require_free(target: Path, names: Iterable[str], *, overwrite: bool = False) -> None:
    """Raise Conflict if a file of one of these names could not be put below `target`: its place is taken, or a link."""
    target = Path(os.path.realpath(target))
    if not os.path.lexists(target):
        return
    try:
        with walked(target) as handle:
            for name in names:
                _require_free(target, handle, name, overwrite=overwrite)
    except NotADirectoryError as error:
        raise Conflict(f"`{target}` is no directory", "name another directory") from error


def require_empty(target: Path) -> None:
    """Raise Conflict if anything lies in `target` that could stand in the way of files whose names nobody knows yet."""
    target = Path(os.path.realpath(target))
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise Conflict(f"`{target}` is no directory", "name another directory")
    if found := next((one.name for one in sorted(target.iterdir()) if not _is_ours(one.name)), ""):
        text = f"`{target}` is not empty, `{found[:100]}` is in it, and which files will come is not known before"
        raise Conflict(text, "name a new or an empty directory, or say `--overwrite`")


def _is_ours(name: str) -> bool:
    """Whether it is a stage that an interrupted run left."""
    return name.startswith(".") and name.endswith(".part")


def _require_free(target: Path, handle: int, name: str, *, staged: int = -1, overwrite: bool) -> None:
    """Look at one place below `handle`; what is there with the bytes of the staged file is ours."""
    above, _, last = name.rpartition("/")
    try:
        here = inner(handle, above)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in ASTRAY:
            raise
        text = f"`{target / above}` is a link, or no directory, and a file was to be put into it"
        raise Conflict(text, "name another directory: no link is followed") from error
    try:
        found = os.stat(last, dir_fd=here, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode) or not (overwrite or (staged >= 0 and _same(name, staged, here, last))):
            raise _taken(target, name)
    except FileNotFoundError:
        return
    finally:
        os.close(here)


def _taken(target: Path, name: str) -> Conflict:
    return Conflict(f"`{target / name}` is there already", ELSEWHERE)


def _same(name: str, staged: int, there: int, last: str = "") -> bool:
    """Whether two regular files have the same bytes; a link is none."""
    try:
        ours = _read(name, staged)
    except FileNotFoundError:  # moved already
        return False
    try:
        theirs = _read(last or name, there)
    except OSError:
        os.close(ours)
        return False
    try:
        sizes = {(stat.S_ISREG(found.st_mode), found.st_size) for found in (os.fstat(ours), os.fstat(theirs))}
        if len(sizes) != 1 or not sizes.pop()[0]:
            return False
        while some := os.read(ours, COMPARE_BYTES):
            if some != os.read(theirs, len(some)):
                return False
        return True
    finally:
        os.close(ours)
        os.close(theirs)


def _read(name: str, folder: int) -> int:
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)


def _by_folder(names: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        above, _, last = name.rpartition("/")
        found.setdefault(above, []).append(last)
    return found
