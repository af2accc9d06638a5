"""Where the answers that an audit read are kept: a folder that grows with each, or one ZIP file to hand on."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

from connector import files
from connector.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# of one bundle, opened: a ZIP file of nothing but zeros is not read to its end
BUNDLE_BYTES_MAX = 1 << 32


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


def write_bundle(path: Path, answers: Mapping[str, bytes]) -> None:
    """Write answers as one ZIP file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(answers):
            bundle.writestr(name, answers[name])
    files.write_atomic(path, held.getvalue())


def read_bundle(path: Path) -> dict[str, bytes]:
    """Read what `write_bundle` wrote; raises InvalidInput."""
    try:
        with zipfile.ZipFile(path) as bundle:
            rows = bundle.infolist()
            if sum(row.file_size for row in rows) > BUNDLE_BYTES_MAX:
                raise InvalidInput(f"`{path}` holds more than {BUNDLE_BYTES_MAX} bytes")
            return {row.filename: bundle.read(row) for row in rows}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InvalidInput(f"`{path}` is no bundle of an audit: {error}", "give what --bundle wrote") from error
