"""Does a description agree with itself, and with what is found: its grade and qualities, made again from its columns.

Law: what follows from the description alone is *certain*, and no honest program writes it otherwise; what follows from
pieces is told beside what was said, as *seen*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.doubts import Doubt, percent
from catalog.hints import GRADE_OF_HINT, suggest_grade
from catalog.profile import ratio_bps
from catalog.spot_check import GRAVE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalog.profile import FileProfile
    from catalog.spot_check import Look

    Seen = Mapping[int, Sequence[Look]]  # a file's place → what its pieces showed


def incoherent(files: Sequence[FileProfile], grade: int | None) -> Iterator[Doubt]:
    """Yield what profiles, and the grade of the data set, say against themselves; `grade` None is not looked at."""
    for file in files:
        cells, empty = (file.rows or 0) * len(file.columns), sum(one.nulls for one in file.columns)
        said = file.quality.get("completeness")
        if said is None or not file.columns:
            continue
        found = ratio_bps(max(cells - empty, 0), cells)
        if found != said:
            yield Doubt("completeness", file.path, said=percent(said), found=percent(found))
    suggested = suggest_grade(files).grade
    if grade is not None and suggested > grade:
        yield Doubt("grade", "", said=str(grade), found=str(suggested))


def outgrown(files: Sequence[FileProfile], seen: Seen, grade: int | None) -> Iterator[Doubt]:
    """Yield the column in which pieces show the gravest data, where they are graver than the grade that is said."""
    worst = max(_hinted(files, seen), default=(0, "", ""))
    if grade is not None and worst[0] > grade and worst[0] >= GRAVE:
        yield Doubt("grade found", worst[1], worst[2], str(grade), str(worst[0]))


def again(files: Sequence[FileProfile], seen: Seen, grade: int | None) -> list[dict[str, Any]]:
    """Return what was measured again of the pieces, beside what was said: the grade, and qualities in basis points."""
    told = [] if grade is None else [{"what": "grade", "said": str(grade), "seen": str(_seen_grade(files, seen))}]
    for name, measured in (("completeness", _complete), ("conformity", _conform)):
        looks = [
            (files[place], look) for place, found in seen.items() for look in found if name in files[place].quality
        ]
        weight = sum(look.table.rows * len(file.columns) for file, look in looks)
        if not weight:
            continue
        said = sum(file.quality[name] * look.table.rows * len(file.columns) for file, look in looks) // weight
        found = sum(measured(look) * look.table.rows * len(file.columns) for file, look in looks) // weight
        told.append({"what": name, "said": str(said), "seen": str(found)})
    return told


def _complete(look: Look) -> int:
    cells = look.table.rows * len(look.table.columns)
    return ratio_bps(cells - sum(one.nulls for one in look.table.columns), cells)


def _conform(look: Look) -> int:
    return look.table.quality["conformity"]


def _seen_grade(files: Sequence[FileProfile], seen: Seen) -> int:
    return max((grade for grade, _, _ in _hinted(files, seen)), default=1)


def _hinted(files: Sequence[FileProfile], seen: Seen) -> Iterator[tuple[int, str, str]]:
    for place, looks in seen.items():
        for look in looks:
            for one in look.table.columns:
                if one.hint in GRADE_OF_HINT:
                    yield GRADE_OF_HINT[str(one.hint)], files[place].path, one.name
