"""What was measured about one file: a value with a JSON form; `catalog.describe` makes it.

Counts and sizes are integers here and decimal strings in JSON. Minima and maxima are strings in both (`"39.02"`,
`"2013-01-01"`), so that no reader's floating point changes what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

from catalog.document import count, items, members, text
from catalog.errors import CatalogError
from contracts.split import WHOLE_BPS

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["integer", "number", "boolean", "date", "time", "local-time", "text", "binary", "other", "empty"]
KINDS: frozenset[str] = frozenset(get_args(Kind))

COLUMNS_MAX = 4096
NAME_CHARACTERS_MAX = 512
# a column's drawing has so many bars at most, each called something as short
BARS_MAX = 12
BAR_CHARACTERS_MAX = 40
# Up to here the number of different values is exact; above it we only say "more".
DISTINCT_VALUES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `distinct` None means above DISTINCT_VALUES_MAX or not counted; `hint` names suspected content.

    `bars` are the drawing of its values: what each is called, and its share in basis points (`catalog.spread`).
    """

    name: str
    kind: Kind
    nulls: int
    distinct: int | None = None
    minimum: str | None = None
    maximum: str | None = None
    hint: str | None = None
    bars: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FileProfile:
    """One file: path below the dataset, media type, size in bytes; rows and columns only when it is a table.

    `quality` maps a quality's name to basis points, rounded down, so that 10000 means every one. `note` says why a
    file that looked like a table was not read as one, or is surely another one than was read.
    """

    path: str
    media_type: str
    size: int
    rows: int | None = None
    columns: tuple[Column, ...] = ()
    quality: Mapping[str, int] = field(default_factory=dict)
    note: str = ""


def ratio_bps(part: int, whole: int) -> int:
    """Return part of whole in basis points, rounded down; nothing of nothing is whole."""
    assert 0 <= part <= whole
    return WHOLE_BPS if whole == 0 else part * WHOLE_BPS // whole


def column_json(column: Column) -> dict[str, object]:
    """Return the JSON form of a column; absent facts are left out."""
    facts: dict[str, object] = {"name": column.name, "kind": column.kind, "nulls": str(column.nulls)}
    if column.distinct is not None:
        facts["distinct"] = str(column.distinct)
    for key in ("minimum", "maximum", "hint"):
        value = getattr(column, key)
        if value is not None:
            facts[key] = value
    if column.bars:
        facts["bars"] = [[called, share] for called, share in column.bars]
    return facts


def file_json(profile: FileProfile) -> dict[str, object]:
    """Return the JSON form of a file's profile; absent facts are left out."""
    facts: dict[str, object] = {"path": profile.path, "mediaType": profile.media_type, "size": str(profile.size)}
    if profile.rows is not None:
        facts["rows"] = str(profile.rows)
    if profile.columns:
        facts["columns"] = [column_json(column) for column in profile.columns]
    if profile.quality:
        facts["quality"] = dict(sorted(profile.quality.items()))
    if profile.note:
        facts["note"] = profile.note
    return facts


def undrawn(profile: FileProfile) -> FileProfile:
    """Return the profile of a file without drawings of its columns' values."""
    return replace(profile, columns=tuple(replace(column, bars=()) for column in profile.columns))


def file_from_json(document: object, path: str = "files") -> FileProfile:
    """Read a file's profile; unknown keys, wrong types and numbers that are not canonical are refused."""
    facts = members(document, path, required={"path", "mediaType", "size"}, allowed=_FILE_KEYS)
    columns = items(facts.get("columns", []), f"{path}/columns", limit=COLUMNS_MAX)
    return FileProfile(
        path=text(facts["path"], f"{path}/path"),
        media_type=text(facts["mediaType"], f"{path}/mediaType"),
        size=count(facts["size"], f"{path}/size"),
        rows=count(facts["rows"], f"{path}/rows") if "rows" in facts else None,
        columns=tuple(_column_from_json(item, f"{path}/columns/{at}") for at, item in enumerate(columns)),
        quality=_quality_from_json(facts.get("quality", {}), f"{path}/quality"),
        note=text(facts.get("note", ""), f"{path}/note"),
    )


_FILE_KEYS = frozenset({"path", "mediaType", "size", "rows", "columns", "quality", "note"})
_COLUMN_KEYS = frozenset({"name", "kind", "nulls", "distinct", "minimum", "maximum", "hint", "bars"})


def _column_from_json(document: object, path: str) -> Column:
    facts = members(document, path, required={"name", "kind", "nulls"}, allowed=_COLUMN_KEYS)
    return Column(
        name=text(facts["name"], f"{path}/name"),
        kind=_kind(facts["kind"], f"{path}/kind"),
        nulls=count(facts["nulls"], f"{path}/nulls"),
        distinct=count(facts["distinct"], f"{path}/distinct") if "distinct" in facts else None,
        minimum=text(facts["minimum"], f"{path}/minimum") if "minimum" in facts else None,
        maximum=text(facts["maximum"], f"{path}/maximum") if "maximum" in facts else None,
        hint=text(facts["hint"], f"{path}/hint") if "hint" in facts else None,
        bars=_bars(facts["bars"], f"{path}/bars") if "bars" in facts else (),
    )


def _bars(value: object, path: str) -> tuple[tuple[str, int], ...]:
    bars = []
    for at, one in enumerate(items(value, path, limit=BARS_MAX)):
        if not (isinstance(one, list) and len(one) == 2):  # what it is called, and its share
            raise CatalogError("a bar has a name and a share", path=f"{path}/{at}")
        bars.append((text(one[0], f"{path}/{at}", limit=BAR_CHARACTERS_MAX), _share(one[1], f"{path}/{at}")))
    return tuple(bars)


def _kind(value: object, path: str) -> Kind:
    for kind in get_args(Kind):
        if value == kind:
            known: Kind = kind
            return known
    raise CatalogError(f"unknown kind of column `{value}`", path=path, hint=f"one of {', '.join(sorted(KINDS))}")


def _quality_from_json(document: object, path: str) -> dict[str, int]:
    facts = members(document, path)
    return {name: _share(value, f"{path}/{name}") for name, value in facts.items()}


def _share(value: object, path: str) -> int:
    if type(value) is not int or not 0 <= value <= WHOLE_BPS:
        raise CatalogError(f"`{value}` is not a ratio in basis points", path=path, hint="0 to 10000")
    return value
