"""`penstock://ACQUISITION/file`: what was got, as a read-only file system of fsspec for pandas, pyarrow, DuckDB, ….

    files = penstock.PenstockFileSystem("penstock-data", purpose="Research")
    with files.session("get-1"):
        table = pyarrow.dataset.dataset("get-1/flights.parquet", filesystem=files).to_table()

Law: (1) a file object is an opening: a decision, a count and evidence, for its purpose, however often it is read and in
whatever order. (2) All file objects of a session share one opening. (3) What was opened is in a folder of its own until
the last file object, or the session, is closed. (4) Which files there are, and how large, is known from an opening;
what is known not to be there is refused before it is counted.
"""

from __future__ import annotations

import errno
import io
import os
import tempfile
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from fsspec import AbstractFileSystem

from connector.client.opened_reader import OpenedReader
from connector.client.waiting import WaitingClient
from connector.runtime.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.client.results import Opened


class Opening:
    """The files of one opening, in a folder that is removed when nobody reads them any more."""

    def __init__(self, client: WaitingClient, acquisition: str, purpose: str) -> None:
        self._held = 0
        self._folder = tempfile.TemporaryDirectory(prefix="penstock-files-")
        try:
            to = Path(self._folder.name) / "opened"
            self.told: Opened = client.open_here(acquisition, purpose=purpose, to=to)
            self.places = {path.relative_to(to).as_posix(): path for path in map(Path, self.told.files)}
        except BaseException:
            self._folder.cleanup()
            raise

    def place(self, name: str) -> Path:
        """Return where a file is, by its own name or its name here; raises FileNotFoundError."""
        found = self.places.get(self.told.renamed.get(name, name))
        if found is None:
            raise _absent(name, self.places)
        return found

    def hold(self) -> None:
        """Keep the folder for one more reader."""
        self._held += 1

    def leave(self) -> None:
        """Remove the folder when its last reader leaves."""
        self._held -= 1
        if not self._held:
            self._folder.cleanup()


class OpenedFile(io.RawIOBase):
    """One file of an opening; `name` is its path in the file system, and not where it is for now."""

    def __init__(self, opening: Opening, name: str, path: str) -> None:
        super().__init__()
        self._file = opening.place(name).open("rb", buffering=0)
        self._opening = opening
        self.name = path
        opening.hold()

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read the next bytes into a buffer."""
        return self._file.readinto(buffer)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte of the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return at which byte we are."""
        return self._file.tell()

    def close(self) -> None:
        """Read no more; the folder of the last file object goes with it."""
        if not self.closed:
            super().close()
            self._file.close()
            self._opening.leave()


class PenstockFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec ships no type information
    """What the participant of `data` has got, each acquisition (or its agreement) a folder; opened for `purpose`."""

    protocol: ClassVar[str] = "penstock"
    root_marker: ClassVar[str] = ""

    def __init__(
        self,
        data: str | None = None,
        *,
        purpose: str = "",
        token: str = "",
        trust: str = "",
        **options: Any,
    ) -> None:
        super().__init__(data=data, purpose=purpose, token=token, trust=trust, **options)
        if not purpose:
            hint = 'a term of the purpose scheme, as in storage_options={"purpose": "Research"}'
            raise InvalidInput("data is opened for a purpose, and none is said", hint)
        self._participant, self._purpose = (data, token, trust), purpose
        self._client: WaitingClient | None = None
        self._process = 0
        self._sessions: dict[str, Opening] = {}
        # acquisition → name → size and time, as the newest opening had them
        self._known: dict[str, dict[str, tuple[int, datetime]]] = {}

    def close(self) -> None:
        """Ask the participant no more; the next file that is opened begins anew."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @contextmanager
    def session(self, acquisition: str) -> Iterator[Opened]:
        """Open once for all file objects of this acquisition inside the block; raises what the opening meets."""
        if acquisition in self._sessions:
            raise Conflict(f"`{acquisition}` is open already", "one session of it at a time")
        opening = self._opened(acquisition)
        opening.hold()
        self._sessions[acquisition] = opening
        try:
            yield opening.told
        finally:
            del self._sessions[acquisition]
            opening.leave()

    def _open(self, path: str, mode: str = "rb", *_: Any, **__: Any) -> io.BufferedReader:
        if mode != "rb":
            raise OSError(errno.EROFS, "what was licensed is read, and not written", path)
        acquisition, name = _parts(path)
        if not name:
            raise IsADirectoryError(errno.EISDIR, "an acquisition is a folder: name a file in it", path)
        if (known := self._known.get(acquisition)) is not None and name not in known:
            raise _absent(name, known)
        opening = self._sessions.get(acquisition) or self._opened(acquisition)
        opening.hold()
        try:
            return OpenedReader(OpenedFile(opening, name, path))
        finally:
            opening.leave()

    def _opened(self, acquisition: str) -> Opening:
        if self._client is None or self._process != os.getpid():  # a fork asks by itself
            self._process = os.getpid()
            data, token, trust = self._participant
            self._client = WaitingClient(data, token=token, trust=trust).__enter__()
        opening = Opening(self._client, acquisition, self._purpose)
        known = {name: _about(place) for name, place in opening.places.items()}
        known |= {name: known[here] for name, here in opening.told.renamed.items()}
        self._known[acquisition] = known
        return opening

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Say what a path is; the size of a file is None until it was opened."""
        path = self._strip_protocol(path)
        acquisition, name = _parts(path)
        known = self._known.get(acquisition)
        if not name or (known and any(one.startswith(name + "/") for one in known)):
            return {"name": path, "size": 0, "type": "directory"}
        if known is None:
            return {"name": path, "size": None, "type": "file"}
        if name not in known:
            raise _absent(name, known)
        size, since = known[name]
        return {"name": path, "size": size, "type": "file", "mtime": since}

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:  # noqa: FBT001, FBT002  # as fsspec declares it
        """Return the files of an acquisition that was opened; raises Conflict of one whose files are not known."""
        path = self._strip_protocol(path)
        acquisition, name = _parts(path)
        known = self._known.get(acquisition)
        if known is None:
            raise Conflict(
                f"which files `{acquisition}` has is known when it is opened", "ask inside a `session` of it"
            )
        if name in known:
            names = {name}
        else:
            below = name + "/" if name else ""
            names = {below + one[len(below) :].split("/")[0] for one in known if one.startswith(below)}
            if not names:
                raise _absent(name, known)
        found = [self.info(f"{acquisition}/{one}") for one in sorted(names)]
        return found if detail else [one["name"] for one in found]

    def modified(self, path: str) -> datetime:
        """Return when a file was opened last; raises FileNotFoundError for one that never was."""
        return self.info(path).get("mtime") or datetime.fromtimestamp(0, UTC)

    def cat_ranges(
        self,
        paths: Sequence[str],
        starts: Any,
        ends: Any,
        max_gap: Any = None,  # noqa: ARG002  # as fsspec declares it
        on_error: str = "return",
        **_: Any,
    ) -> list[Any]:
        """Return ranges of files, each file opened once."""
        starts, ends = (one if isinstance(one, list) else [one] * len(paths) for one in (starts, ends))
        found: list[Any] = []
        with ExitStack() as stack:
            files: dict[str, Any] = {}
            for path, start, end in zip(paths, starts, ends, strict=True):
                try:
                    if path not in files:
                        files[path] = stack.enter_context(self.open(path, "rb"))
                    found.append(_range(files[path], start or 0, end))
                except Exception as fault:
                    if on_error != "return":
                        raise
                    found.append(fault)
        return found


def _range(file: Any, start: int, end: int | None) -> bytes:
    """Return the bytes `start` to `end` of a file; what is negative counts from its end."""
    size = file.seek(0, io.SEEK_END)
    first, last = (max(0, size + at) if at < 0 else at for at in (start, size if end is None else end))
    file.seek(first)
    return bytes(file.read(max(0, last - first)))


def _parts(path: str) -> tuple[str, str]:
    """Return the acquisition that a path names, and the file in it."""
    acquisition, _, name = path.strip("/").partition("/")
    return acquisition, name


def _about(place: Path) -> tuple[int, datetime]:
    told = place.stat()
    return told.st_size, datetime.fromtimestamp(told.st_mtime, UTC)


def _absent(name: str, known: Any) -> FileNotFoundError:
    names = ", ".join(sorted(known)[:10])
    return FileNotFoundError(errno.ENOENT, f"no such file here; there are {names}", name)
