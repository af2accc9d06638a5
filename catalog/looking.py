"""Look at pieces in a process of its own: what a stranger wrote is read by a program that can do nothing else.

`python -m catalog.looking` reads frames: u32(length) || JSON. The first is `{"files": [PROFILE], "lengths": [n],
"grade": n, "packed": true}`, the lengths of all pieces of data in bytes, the grade that they are said to be of, and
whether small files are in packs; each later one `{"piece": number}` with that piece's bytes behind it. At the end it
writes `{"looked": {"files", "pieces", "bytes", "again"}, "doubts": [], "more": n}` (`catalog.spot_check`,
`catalog.packed`, `catalog.coherence`); or, where the first frame has `"rows": n`, what a reviewer is shown:
`{"pieces": [EXCERPT], "more": n}` (`catalog.excerpts`).

Law: it opens no file and no connection, and ends by itself when it has taken too much of the processor or of memory.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from catalog import coherence, excerpts, packed
from catalog.doubts import DOUBTS_MAX, Doubt
from catalog.profile import file_from_json
from catalog.spot_check import Look, Stretch, compare, look, tiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalog.profile import FileProfile

LENGTH: Final = struct.Struct(">I")
FRAME_BYTES_MAX: Final = 64 << 20
MEMORY_BYTES_MAX: Final = 2 << 30
PROCESSOR_SECONDS_MAX: Final = 120


def frame(document: Any, data: bytes = b"") -> bytes:
    """Return a frame, and the bytes that are behind it."""
    text = json.dumps(document).encode()
    return LENGTH.pack(len(text)) + text + data


class Sealed:
    """What is said of the pieces: files, and which stretch of which file each is; `broken` where that does not fit."""

    def __init__(self, begun: Mapping[str, Any]) -> None:
        self.files = [file_from_json(one) for one in begun["files"]]
        self.by_path = {one.path: one for one in self.files}
        self._lengths: Sequence[int] = begun["lengths"]
        self._sealed = packed.arranged(self.files, sum(self._lengths)) if begun.get("packed") else self.files
        self._places = list(tiles(self._sealed, self._lengths))
        last = self._places[-1] if self._places else None
        self.broken = last if isinstance(last, Doubt) else None

    def pieces(self, stream: BinaryIO) -> Iterator[tuple[int, str, Stretch]]:
        """Yield number, path and content of each piece that comes."""
        while (one := _next(stream)) is not None:
            number = one["piece"]
            where = self._places[number]
            assert not isinstance(where, Doubt), "the last alone is one"
            yield number, self._sealed[where[0]].path, Stretch(where[1], stream.read(self._lengths[number]))


def told(stream: BinaryIO) -> dict[str, Any]:
    """Return what is found of what a stream holds, or what is shown of it to a reviewer."""
    begun = _next(stream)
    assert begun is not None, "the first frame says what there is"
    sealed = Sealed(begun)
    return _read(sealed, stream, begun["rows"]) if begun.get("rows") else _found(sealed, stream, begun.get("grade"))


def _found(sealed: Sealed, stream: BinaryIO, grade: int | None) -> dict[str, Any]:
    if sealed.broken:
        return _answer([sealed.broken], 0, 0, 0, [])
    files = sealed.files
    numbers = {one.path: number for number, one in enumerate(files)}
    seen: dict[int, list[Look]] = {}
    doubts = list(coherence.incoherent(files, grade))
    pieces = size = 0
    for _, path, piece in sealed.pieces(stream):
        found = list(_shown(sealed.by_path, path, piece))
        doubts += [shown for _, shown in found if isinstance(shown, Doubt)]
        looks = [(name, shown) for name, shown in found if isinstance(shown, Look)]
        for name, shown in looks:
            seen.setdefault(numbers[name], []).append(shown)
            size += shown.size
        pieces += bool(looks)
    doubts += coherence.outgrown(files, seen, grade)
    doubts += [doubt for place, looks in sorted(seen.items()) for doubt in compare(files[place], looks)]
    return _answer(doubts, len(seen), pieces, size, coherence.again(files, seen, grade))


def _shown(files: Mapping[str, FileProfile], path: str, piece: Stretch) -> Iterator[tuple[str, Look | Doubt]]:
    """Yield (path, what it shows) of what is in a piece: a stretch of a file, or the files of a pack."""
    if path not in files:
        yield from packed.shown(files, piece.data)
    elif (found := look(files[path], piece)) is not None:
        yield path, found


def _read(sealed: Sealed, stream: BinaryIO, rows: int) -> dict[str, Any]:
    """Return excerpts of the pieces; none where the files that are said do not fit them."""
    if sealed.broken:
        return {"pieces": [], "more": "0"}
    shown = [
        {"piece": str(number), **one}
        for number, path, piece in sealed.pieces(stream)
        for one in excerpts.excerpts(sealed.by_path, path, piece, rows)
    ]
    shown.sort(key=lambda one: int(one["piece"]))
    kept, more = excerpts.bounded(shown)
    return {"pieces": kept, "more": str(more)}


def _answer(doubts: list[Doubt], files: int, pieces: int, size: int, again: list[dict[str, Any]]) -> dict[str, Any]:
    once = sorted(dict.fromkeys(doubts), key=lambda one: one.weight)
    looked = {"files": str(files), "pieces": str(pieces), "bytes": str(size), "again": again}
    shown = [one.json() for one in once[:DOUBTS_MAX]]
    return {"looked": looked, "doubts": shown, "more": str(len(once) - len(shown))}


def _next(stream: BinaryIO) -> dict[str, Any] | None:
    length = stream.read(LENGTH.size)
    if not length:
        return None
    (size,) = LENGTH.unpack(length)
    assert size <= FRAME_BYTES_MAX, "the one who asks is ours"
    found: dict[str, Any] = json.loads(stream.read(size))
    return found


def _bounds() -> Iterator[tuple[int, int]]:
    yield resource.RLIMIT_AS, MEMORY_BYTES_MAX
    yield resource.RLIMIT_CPU, PROCESSOR_SECONDS_MAX
    yield resource.RLIMIT_FSIZE, 0
    yield resource.RLIMIT_CORE, 0


def main() -> None:
    """Look at what comes in, and say what was found."""
    for kind, most in _bounds():
        resource.setrlimit(kind, (most, most))
    sys.stdout.write(json.dumps(told(sys.stdin.buffer)))


if __name__ == "__main__":
    main()
