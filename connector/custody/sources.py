"""What is sealed: files, folders, buckets, web servers, databases; as one plaintext in the order of names.

Law: names are made harmless here and checked again by every reader; what changes while it is read fails the sealing,
for sizes were planned before the first byte. An address never holds a password: it is stored, shown and logged.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from connector.custody.errors import VaultError
from connector.custody.origins import bucket, database, folder, website
from connector.custody.origins.origin import changed
from contracts.errors import ContractError
from ledger.edition.index import FORBIDDEN_IN_NAMES, HIDDEN_CATEGORIES, JOINERS, MAX_FILES, check_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from connector.custody.origins.origin import Origin
    from connector.net.outbound import Outbound

    Found = Iterable[tuple[str, Origin]]

MARK = "://"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One object to seal: its harmless name in the edition and where its bytes come from."""

    name: str
    origin: Origin

    @property
    def size(self) -> int:
        """Its bytes when the sealing was planned."""
        return self.origin.size

    def open(self) -> BinaryIO:
        """Return its bytes as a seekable stream, to be closed."""
        return self.origin.open()


@dataclass(frozen=True, slots=True)
class Source:
    """The files of one edition, ordered by name, names apart on every file system."""

    files: tuple[SourceFile, ...]

    @property
    def size(self) -> int:
        """The bytes of the whole plaintext."""
        return sum(file.size for file in self.files)

    def json(self) -> list[dict[str, Any]]:
        """Return the files for the provider's own record."""
        return [{"path": file.origin.place, "name": file.name, "bytes": str(file.size)} for file in self.files]


@dataclass(frozen=True, slots=True)
class Doors:
    """What distant sources need: a folder for what must be spooled, and a closed door outward of its own."""

    spool: Path
    outbound: Callable[[], Outbound]


def source_of(places: Sequence[Path | str], doors: Doors | None = None, written: Found = ()) -> Source:
    """Take files, all files below folders, and what addresses name (blocking); `doors` are for addresses.

    `written` are (name, origin) of what stands beside them.
    Raises `VaultError` `source` on what cannot be sealed.
    """
    named = [(name, origin) for place in places for name, origin in _at(place, doors)]
    found = [(harmless(name), origin) for name, origin in [*named, *written]]
    found.sort(key=lambda item: item[0])
    if not 0 < len(found) <= MAX_FILES:
        raise VaultError("source", f"found `{len(found)}` files to seal, an edition has 1 to {MAX_FILES}")
    try:
        check_names(name for name, _ in found)
    except ContractError as error:
        raise VaultError("source", str(error), "rename one of them") from error
    return Source(tuple(SourceFile(name, origin) for name, origin in found))


def check_address(place: str) -> SplitResult | None:
    """Return the parts of an address, None for a path; `VaultError` `source` for one that may not be kept."""
    if MARK not in place:
        return None
    try:
        address = urlsplit(place)
        password = address.password
    except ValueError as error:
        raise VaultError("source", f"an address cannot be read: {error}") from error
    if password is not None:
        text = f"the address of `{address.hostname}` holds a password, and addresses are stored and shown"
        raise VaultError("source", text, "give it to the server by its environment")
    if address.scheme not in SCHEMES:
        raise VaultError("source", f"`{place}` is no source", "use a path, or " + ", ".join(s + MARK for s in SCHEMES))
    if address.scheme == "postgresql":
        database.check(address)
    return address


def unread(file: SourceFile, lengths: Iterable[int]) -> Iterator[tuple[int, Callable[[memoryview], None]]]:
    """Yield each piece's length and what reads it; one is to be read before the next is asked for."""
    with file.open() as stream:
        for length in lengths:
            yield length, partial(_fill, stream, file)
        if stream.read(1):
            raise changed(file.origin.place)
    file.origin.check()


def harmless(name: str) -> str:
    """Return the relative name with every character that some file system or reader trips over replaced."""
    normal = unicodedata.normalize("NFC", name)
    return "".join("_" if _is_awkward(char) else char for char in normal)


def _is_awkward(char: str) -> bool:
    return char in FORBIDDEN_IN_NAMES or (unicodedata.category(char) in HIDDEN_CATEGORIES and char not in JOINERS)


def _at(place: Path | str, doors: Doors | None) -> Found:
    address = check_address(place) if isinstance(place, str) else None
    if address is None:
        return folder.files_at(Path(place))
    assert doors is not None, "addresses are read through doors"
    return SCHEMES[address.scheme](str(place), doors)


def _objects(place: str, _doors: Doors) -> Found:
    return bucket.objects_at(urlsplit(place))


def _website(place: str, doors: Doors) -> Found:
    return [website.file_at(place, doors.outbound, doors.spool)]


def _database(place: str, doors: Doors) -> Found:
    return [database.answer_of(place, doors.spool)]


# the first word of an address → how what it names is found; another word is refused
SCHEMES: Mapping[str, Callable[[str, Doors], Found]] = {
    "s3": _objects,
    "http": _website,
    "https": _website,
    "postgresql": _database,
}


def _fill(stream: BinaryIO, file: SourceFile, piece: memoryview) -> None:
    """Read exactly one piece."""
    done = 0
    while done < len(piece):
        got = stream.readinto(piece[done:])  # type: ignore[attr-defined]  # every binary stream of the library has it
        if not got:
            raise changed(file.origin.place)
        done += got
