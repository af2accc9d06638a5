"""Where the answers that an audit read are kept: a folder that grows with each, or one ZIP file to hand on."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.runtime import files
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

# of one answer, opened: a ZIP file of nothing but zeros is not read to its end
ANSWER_BYTES_MAX = 1 << 30


class AnswerFolder(MutableMapping[str, bytes]):
    """Name → bytes, a file each; a file's name is the digest of the answer's, and its first line the name itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = files.make_folder(folder)

    def __getitem__(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes().partition(b"\n")[2]
        except FileNotFoundError:
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: bytes) -> None:
        files.write_atomic(self._path(name), name.encode() + b"\n" + value)

    def __delitem__(self, name: str) -> None:
        if not files.remove(self._path(name)):
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        for path in sorted(self._folder.glob("*.answer")):
            with path.open("rb") as found:
                yield found.readline().rstrip(b"\n").decode()

    def __len__(self) -> int:
        return sum(1 for _ in self._folder.glob("*.answer"))

    def _path(self, name: str) -> Path:
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()}.answer"


class BundleWriter:
    """Answers as they come, each written once: what is asked again in one audit has its first answer."""

    def __init__(self, bundle: zipfile.ZipFile) -> None:
        self._bundle = bundle
        self._names: set[str] = set()

    def __setitem__(self, name: str, value: bytes) -> None:
        if name not in self._names:
            self._names.add(name)
            self._bundle.writestr(name, value)


@contextmanager
def writing_bundle(path: Path) -> Iterator[BundleWriter]:
    """Yield what takes answers; `path` is one ZIP file of them when the block ends without an exception."""
    with files.writing(path) as held, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as bundle:
        yield BundleWriter(bundle)


class Bundle(Mapping[str, bytes]):
    """What `writing_bundle` wrote, read answer by answer; raises InvalidInput."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._readable():
            self._file = zipfile.ZipFile(path)
            self._sizes = {row.filename: row.file_size for row in self._file.infolist()}

    def __getitem__(self, name: str) -> bytes:
        if self._sizes[name] > ANSWER_BYTES_MAX:
            raise InvalidInput(f"`{name}` of `{self._path}` has more than {ANSWER_BYTES_MAX} bytes")
        with self._readable():
            return self._file.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sizes)

    def __len__(self) -> int:
        return len(self._sizes)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise InvalidInput(
                f"`{self._path}` is no bundle of an audit: {error}", "give what --bundle wrote"
            ) from error
