"""Does a file's profile hold? What some of its pieces say against it, counted as the profile was (`catalog.tabular`).

A piece is a stretch of a file; of a CSV table its whole lines are read, with the columns' names from the profile before
them. A file that lies in one piece is described anew.

Law: a doubt names what was said and counts what was found; it never holds a cell. *Certain* is what no other piece
could mend: more empty cells in some pieces than in all, a cell below the least. *Unlikely* has a chance below one in
`ODDS` if the pieces were drawn by chance, is a matter of judgement (a hint that was not said), or rests on pieces with
quotes, whose lines may lie within a cell.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from catalog import describe, tabular
from catalog.doubts import Doubt, percent
from catalog.hints import GRADE_OF_HINT
from catalog.masks import is_hidden
from catalog.profile import DISTINCT_VALUES_MAX
from contracts.split import WHOLE_BPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from catalog.profile import Column, FileProfile

ODDS: Final = 1000
# of a mean over pieces: how many standard errors off is not chance, from how many pieces on, and by how much of it
ERRORS_MIN, PIECES_MIN, APART_BPS_MIN = 6, 8, 1_000
# of a table whose lines do not fit, so many in the whole say that it is another one
BROKEN_BPS = 5_000
# a few lines without a quote may all stand within one quoted cell
PLAIN_ROWS_MIN = 8
GRAVE = 3  # the least grade of a hint whose absence is worth a word


class Stretch(NamedTuple):
    """A piece of a file: where it begins, and its bytes."""

    at: int
    data: bytes


class Look(NamedTuple):
    """What one piece of a table shows; `size` is how many of its bytes were read, `whole` whether that is the file.

    In a `plain` one no quotes leave open where a row ends, and there are more lines than a cell has.
    """

    size: int
    table: tabular.Table
    whole: bool
    plain: bool


def look(profile: FileProfile, piece: Stretch) -> Look | Doubt | None:
    """Return what a piece shows of a table; a Doubt if it is none; None where a piece of such a file shows nothing."""
    if profile.rows is None or not profile.columns:
        return None
    if len(piece.data) == profile.size:
        return _whole(profile, piece.data)
    if profile.media_type != describe.CSV:
        return None
    head = _line([column.name for column in profile.columns])
    if piece.at == 0:
        first, _, rest = piece.data.partition(b"\n")
        if next(csv.reader([first.decode("utf-8-sig", "replace")]), []) != [one.name for one in profile.columns]:
            return Doubt("columns", profile.path)
        cuts = [rest[: rest.rfind(b"\n") + 1]]
    else:
        cuts = list(bodies(piece, profile.size))
    looks = [found for body in cuts if (found := _read(head, body, _masked(profile))) is not None]
    if not looks:
        # a line that is longer than a piece shows nothing; lines that cannot be read show that it is no such table
        return Doubt("table", profile.path, said=str(len(profile.columns)), sure=False) if any(cuts) else None
    return max(looks, key=lambda one: (one.table.quality["conformity"], one.size))


def compare(profile: FileProfile, looks: Sequence[Look]) -> list[Doubt]:
    """Return what the looks at one file's pieces say against its profile, surely by those alone that are plain."""
    plain = {(one.what, one.column) for one in _doubts(profile, [one for one in looks if one.plain])}
    return [replace(one, sure=(one.what, one.column) in plain) for one in _doubts(profile, looks)]


def _doubts(profile: FileProfile, looks: Sequence[Look]) -> list[Doubt]:
    if not looks:
        return []
    found = [_rows(profile, looks), _broken(profile, looks)]
    for at, column in enumerate(profile.columns):
        seen = [one.table.columns[at] for one in looks]
        found += [check(profile, column, seen, looks) for check in CHECKS]
    return [one for one in found if one is not None]


def tiles(files: Iterable[FileProfile], lengths: Sequence[int]) -> Iterator[tuple[int, int] | Doubt]:
    """Yield for each piece its file's place and where in it the piece begins; a Doubt where sizes do not add up."""
    listed = list(files)
    place, at = 0, 0
    for length in lengths:
        while place < len(listed) and at == listed[place].size:
            place, at = place + 1, 0
        if place == len(listed) or at + length > listed[place].size:
            file = listed[min(place, len(listed) - 1)]
            yield Doubt("size", file.path, said=str(file.size), found=str(at + length))
            return
        yield place, at
        at += length
    if at != (listed[place].size if place < len(listed) else 0) or any(file.size for file in listed[place + 1 :]):
        yield Doubt("size", listed[place].path, said=str(listed[place].size), found=str(at))


# --- reading a piece


def _whole(profile: FileProfile, data: bytes) -> Look | Doubt:
    made = describe.describe(profile.path, io.BytesIO(data), _masked(profile))
    if made.rows is None:
        return Doubt("table", profile.path, said=str(len(profile.columns)))
    if [one.name for one in made.columns] != [one.name for one in profile.columns]:
        return Doubt("columns", profile.path)
    return Look(len(data), tabular.Table(made.rows, made.columns, made.quality), whole=True, plain=True)


def bodies(piece: Stretch, size: int) -> Iterator[bytes]:
    """Yield the whole lines of a piece: as they are, and as they are if the piece begins within a quoted cell."""
    ends = len(piece.data) if piece.at + len(piece.data) == size else piece.data.rfind(b"\n") + 1
    for mark in (b"\n", b'"\n', b'"\r\n'):
        begins = piece.data.find(mark) + len(mark)
        if len(mark) <= begins < ends:
            yield piece.data[begins:ends]


def _masked(profile: FileProfile) -> frozenset[str]:
    return frozenset(one.name for one in profile.columns if is_hidden(one.hint))


def _read(head: bytes, body: bytes, masked: frozenset[str]) -> Look | None:
    try:
        table = tabular.read_csv(io.BytesIO(head + body), masked)
    except tabular.NotATableError:
        return None
    plain = len(table.columns) > 1 and b'"' not in body and table.rows >= PLAIN_ROWS_MIN
    return Look(len(body), table, whole=False, plain=plain) if table.rows else None


def _line(names: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(names)
    return line.getvalue().encode()


# --- a file against its profile


def _rows(profile: FileProfile, looks: Sequence[Look]) -> Doubt | None:
    said, found = profile.rows or 0, sum(one.table.rows for one in looks)
    if found > said or (looks[0].whole and found != said):
        return Doubt("rows", profile.path, "", str(said), str(found))
    if looks[0].whole or len(looks) < PIECES_MIN:
        return None
    about = _about([one.table.rows / one.size for one in looks], said / profile.size)
    return None if about is None else Doubt("few rows", profile.path, "", str(said), str(round(about * profile.size)))


def _about(found: Sequence[float], said: float) -> float | None:
    """Return the mean of what was found, where it is too far from what was said for chance."""
    middle = mean(found)
    apart = abs(middle - said)
    far = apart > ERRORS_MIN * stdev(found) / math.sqrt(len(found))
    return middle if far and apart * WHOLE_BPS > APART_BPS_MIN * said else None


def _broken(profile: FileProfile, looks: Sequence[Look]) -> Doubt | None:
    said = profile.quality.get("conformity")
    if said is None:
        return None
    rows = sum(one.table.rows for one in looks)
    found = sum(one.table.quality["conformity"] * one.table.rows for one in looks) // rows if rows else said
    if found < BROKEN_BPS <= said:
        return Doubt("table", profile.path, said=str(len(profile.columns)))
    if found + APART_BPS_MIN >= said:
        return None
    return Doubt("broken", profile.path, "", percent(said), percent(found))


# --- a column against its profile


def _kind(profile: FileProfile, said: Column, seen: Sequence[Column], _: Sequence[Look]) -> Doubt | None:
    for one in seen:
        if one.kind not in ("empty", said.kind) and said.kind not in tabular.WIDER.get(one.kind, ()):
            return Doubt("kind", profile.path, said.name, said.kind, one.kind)
    return None


def _extremes(profile: FileProfile, said: Column, seen: Sequence[Column], looks: Sequence[Look]) -> Doubt | None:
    read = READ.get(said.kind)
    if read is None or said.minimum is None or said.maximum is None:
        return None
    try:
        least, most = read(said.minimum), read(said.maximum)
        lows = [read(one.minimum) for one in seen if one.minimum is not None and one.kind in READ]
        highs = [read(one.maximum) for one in seen if one.maximum is not None and one.kind in READ]
        if lows and min(lows) < least:
            return Doubt("minimum", profile.path, said.name, said.minimum)
        if highs and max(highs) > most:
            return Doubt("maximum", profile.path, said.name, said.maximum)
        other = looks[0].whole and (not lows or (min(lows), max(highs)) != (least, most))
    except (ValueError, TypeError, ArithmeticError):
        # what does not compare is of another kind, which `_kind` tells, or no number at all
        other = looks[0].whole
    return Doubt("extremes", profile.path, said.name) if other else None


def _empty(profile: FileProfile, said: Column, seen: Sequence[Column], looks: Sequence[Look]) -> Doubt | None:
    rows, read = profile.rows or 0, sum(one.table.rows for one in looks)
    found = sum(one.nulls for one in seen)
    if found > said.nulls or said.nulls > rows or (looks[0].whole and found != said.nulls):
        return Doubt("empty", profile.path, said.name, str(said.nulls), str(found))
    if read - found > rows - said.nulls:
        return Doubt("filled", profile.path, said.name, str(rows - said.nulls), str(read - found))
    if looks[0].whole:
        return None
    shares = [one.nulls / look.table.rows for one, look in zip(seen, looks, strict=True)]
    if _chance(mean(shares), said.nulls / rows, len(shares)) * ODDS >= 1:
        return None
    told = (percent(WHOLE_BPS * said.nulls // rows), percent(WHOLE_BPS * found // read))
    return Doubt("share empty", profile.path, said.name, *told)


def _different(profile: FileProfile, said: Column, seen: Sequence[Column], looks: Sequence[Look]) -> Doubt | None:
    if said.distinct is None or said.kind in ("binary", "other"):
        return None
    counts = [one.distinct for one in seen]
    most = max((one for one in counts if one is not None), default=0)
    above = None in counts
    if not above and most <= said.distinct and not (looks[0].whole and most != said.distinct):
        return None
    found = f"> {DISTINCT_VALUES_MAX}" if above else str(most)
    return Doubt("different", profile.path, said.name, str(said.distinct), found)


def _hint(profile: FileProfile, said: Column, seen: Sequence[Column], _: Sequence[Look]) -> Doubt | None:
    found = {one.hint for one in seen if one.hint in GRADE_OF_HINT}
    grades = {str(hint): GRADE_OF_HINT[str(hint)] for hint in found}
    gravest = max(grades, key=lambda one: (grades[one], one), default=None)
    if gravest is None or grades[gravest] < max(GRAVE, GRADE_OF_HINT.get(said.hint or "", 0) + 1):
        return None
    return Doubt("hint", profile.path, said.name, said.hint or "", gravest)


CHECKS: Final[tuple[Callable[..., Doubt | None], ...]] = (_kind, _extremes, _empty, _different, _hint)
READ: Final[dict[str, Callable[[str], Any]]] = {
    "integer": Decimal,
    "number": Decimal,
    "date": datetime.fromisoformat,
    "time": datetime.fromisoformat,
    "local-time": datetime.fromisoformat,
}


def _chance(found: float, said: float, pieces: int) -> float:
    """Return how seldom a mean of `pieces` shares is so far off, however they lie (Hoeffding 1963, theorem 1)."""
    if found == said:
        return 1.0
    if said in (0.0, 1.0):
        return 0.0
    apart = sum(part * math.log(part / of) for part, of in ((found, said), (1 - found, 1 - said)) if part)
    return math.exp(-pieces * apart)
