"""Look at pieces in a process of its own: what a stranger wrote is read by a program that can do nothing else.

`python -m catalog.looking` reads frames: u32(length) || JSON. The first is `{"files": [PROFILE], "lengths": [n],
"grade": n, "packed": true}`, the lengths of all pieces of data in bytes, the grade that they are said to be of, and
whether small files are in packs; each later one `{"piece": number}` with that piece's bytes behind it. At the end it
writes `{"looked": {"files", "pieces", "bytes", "again"}, "doubts": [], "more": n}` (`catalog.spot_check`,
`catalog.packed`, `catalog.coherence`).

Law: it opens no file and no connection, and ends by itself when it has taken too much of the processor or of memory.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from catalog import coherence, packed
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


def told(stream: BinaryIO) -> dict[str, Any]:
    """Return what is found of what a stream holds."""
    begun = _next(stream)
    assert begun is not None, "the first frame says what there is"
    files = [file_from_json(one) for one in begun["files"]]
    lengths: Sequence[int] = begun["lengths"]
    grade: int | None = begun.get("grade")
    numbers = {one.path: number for number, one in enumerate(files)}
    sealed = packed.arranged(files, sum(lengths)) if begun.get("packed") else files
    places = list(tiles(sealed, lengths))
    if places and isinstance(places[-1], Doubt):
        return _answer([places[-1]], 0, 0, 0, [])
    seen: dict[int, list[Look]] = {}
    doubts = list(coherence.incoherent(files, grade))
    pieces = size = 0
    while (one := _next(stream)) is not None:
        data = stream.read(lengths[one["piece"]])
        where = places[one["piece"]]
        assert not isinstance(where, Doubt), "the last alone is one"
        found = list(_shown(files, numbers, sealed[where[0]].path, Stretch(where[1], data)))
        doubts += [shown for _, shown in found if isinstance(shown, Doubt)]
        looks = [(path, shown) for path, shown in found if isinstance(shown, Look)]
        for path, shown in looks:
            seen.setdefault(numbers[path], []).append(shown)
            size += shown.size
        pieces += bool(looks)
    doubts += coherence.outgrown(files, seen, grade)
    doubts += [doubt for place, looks in sorted(seen.items()) for doubt in compare(files[place], looks)]
    return _answer(doubts, len(seen), pieces, size, coherence.again(files, seen, grade))


def _shown(
    files: Sequence[FileProfile], numbers: Mapping[str, int], path: str, piece: Stretch
) -> Iterator[tuple[str, Look | Doubt]]:
    """Yield (path, what it shows) of what is in a piece: a stretch of a file, or the files of a pack."""
    if path not in numbers:
        yield from packed.shown({one.path: one for one in files}, piece.data)
    elif (found := look(files[numbers[path]], piece)) is not None:
        yield path, found


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
