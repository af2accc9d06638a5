"""What of a product is billed beside the bytes of its files: the list of them, and less where small files are packed.

Law: what is billed is data and list, which anybody counts in the edition's public rows; how many files were packed, and
what their list would have cost, is the provider's word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from catalog.document import members
from catalog.errors import CatalogError
from contracts.decimals import read_decimal
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# a file in a pack: what has more is worth a piece of its own
MEMBER_BYTES_MAX: Final = 64 * 1024
# of all packs of one edition: what somebody who buys little can be made to write
EDITION_CONTENT_BYTES_MAX: Final = 256 * 1024 * 1024
# how the names of packs begin, where no file is called so
NAME: Final = "small-files"
COUNT_MAX = 1_000_000
_KEYS = frozenset({"packs", "files", "instead"})
_STEPS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_WHOLE_FROM = 10  # from so many of a unit on, its tenths say nothing


class Sized(Protocol):
    """A file of so many bytes."""

    @property
    def size(self) -> int:
        """Bytes."""


File = TypeVar("File", bound=Sized)


def small(files: Iterable[File]) -> list[File]:
    """Return the files that may be packed, in the order that they are in: so many as an edition's packs may hold."""
    found, size = [], 0
    for file in files:
        if file.size <= MEMBER_BYTES_MAX and size + file.size <= EDITION_CONTENT_BYTES_MAX:
            found.append(file)
            size += file.size
    return found


def stem(names: Iterable[str]) -> str:
    """Return how the packs begin that are called as no file, and no folder, of `names` is."""
    taken = [name.casefold() for name in names]
    found = NAME
    while any(name.startswith(found) for name in taken):
        found += "-"
    return found


@dataclass(frozen=True, slots=True)
class Packing:
    """How many small files are in how many packs, and the bytes that would be billed `instead` without them."""

    packs: int
    files: int
    instead: int

    def json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {"packs": self.packs, "files": self.files, "instead": str(self.instead)}


def packing_from_json(document: object, path: str) -> Packing:
    """Read it; raises CatalogError."""
    facts = members(document, path, required=_KEYS, allowed=_KEYS)
    counts = [facts["packs"], facts["files"]]
    try:
        instead = read_decimal(facts["instead"], f"{path}/instead")
    except ContractError as fault:
        raise CatalogError(str(fault), path=f"{path}/instead") from fault
    if not all(type(count) is int and 0 < count <= COUNT_MAX for count in counts):
        raise CatalogError(f"packs and files are counted from 1 to {COUNT_MAX}", path=path)
    packs, files = (int(str(count)) for count in counts)
    return Packing(packs, files, instead)


@dataclass(frozen=True, slots=True)
class Billed:
    """The bytes of an edition: its `data`, the `list` of what is in it; `files` is what its files have, if known.

    A plain copy has no list that is billed: 0. `stays` is said of what is only asked about.
    """

    data: int
    list: int
    files: int | None
    packing: Packing | None = None
    stays: bool = False

    @property
    def bytes(self) -> int:
        """What is billed where bytes are what is priced."""
        return self.data + self.list

    def json(self, *, by_bytes: bool) -> dict[str, Any]:
        """Return it with its words; `by_bytes` says whether bytes are what is priced."""
        packed = {} if self.packing is None else {"packing": self.packing.json()}
        told = {"bytes": str(self.bytes), "data": str(self.data), "list": str(self.list), **packed}
        if self.files is not None:
            told["files"] = str(self.files)
        return {**told, "words": {lang: words(self, lang, by_bytes=by_bytes) for lang in _WORDS}}


def words(billed: Billed, lang: str, *, by_bytes: bool) -> str:
    """Say what is billed, or only delivered, and why it is more or less than the files."""
    said = _WORDS[lang]
    done = said["billed" if by_bytes else "delivered"]
    parts = {"done": done, "bytes": size(billed.bytes), "data": size(billed.data), "list": size(billed.list)}
    if billed.packing is not None:
        packing = billed.packing
        counts = {"files": f"{packing.files:,}", "packs": f"{packing.packs:,}", "s": "" if packing.packs == 1 else "s"}
        return said["packed"].format(**parts, **counts, instead=size(packing.instead))
    if billed.stays:
        return said["stays"].format(**parts)
    if not billed.list:
        return said["alone"].format(**parts)
    if billed.files != billed.data:
        return said["part"].format(**parts)
    return said["listed"].format(**parts)


def size(count: int) -> str:
    """Return bytes as people say them, in thousands."""
    for step, unit in _STEPS:
        if count >= step:
            told = count / step
            return f"{told:.0f} {unit}" if told >= _WHOLE_FROM else f"{told:.1f} {unit}"
    return f"{count} B"


_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "billed": "billed",
        "delivered": "delivered",
        "packed": "{files} small files in {packs} pack{s}: {bytes} {done} instead of {instead}"
        " ({data} of data, {list} of the list of files)",
        "listed": "{bytes} {done}: {data} of files, {list} of the list of files",
        "part": "{bytes} {done}: {data} of data, {list} of the list of files",
        "alone": "{bytes} {done}: the files alone",
        "stays": "{bytes}, which stay with their provider: nothing is delivered",
    },
    "zh": {
        "billed": "计费",
        "delivered": "交付",
        "packed": "{files} 个小文件合为 {packs} 个归档:{done} {bytes},而非 {instead}(数据 {data},文件清单 {list})",
        "listed": "{done} {bytes}:文件 {data},文件清单 {list}",
        "part": "{done} {bytes}:数据 {data},文件清单 {list}",
        "alone": "{done} {bytes}:仅文件本身",
        "stays": "{bytes},留在提供方处,不交付",
    },
}
