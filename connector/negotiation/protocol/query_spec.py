"""What of a catalogue somebody asks for: the filter that Eclipse EDC puts into every request (its `QuerySpec`).

Law: the protocol leaves filters to the provider, who answers what it understands and refuses the rest (DSP 2025-1,
4.2.1): here that is one `QuerySpec` about ids, types and titles. A filter is never answered as if it were another one.

    {"@type": "QuerySpec", "offset": 0, "limit": 50, "sortOrder": "ASC", "filterExpression":
     [{"@type": "Criterion", "operandLeft": "https://w3id.org/edc/v0.0.1/ns/id", "operator": "=", "operandRight": "a"}]}
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol.errors import UnsupportedFilterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EDC: Final = "https://w3id.org/edc/v0.0.1/ns/"
DCT: Final = "http://purl.org/dc/terms/"
# each is tried on every entry that is looked at
CRITERIA_MAX = 8
ALTERNATIVES_MAX = 100
PATTERN_CHARACTERS_MAX = 256
# an asker that comes here entry by entry is served by pages, which cost the same wherever they begin
OFFSET_MAX = 10_000

ID, TITLE, TYPE = "id", "title", "type"
DATASET: Final = "Dataset"
# as they are called by the asker's program, its namespace laid open or not → what of an entry is meant
FIELDS: Final[Mapping[str, str]] = {
    "@id": ID,
    "@type": TYPE,
    DCT + "title": TITLE,
    "dct:title": TITLE,
    **{
        prefix + name: field
        for prefix in ("", EDC, "edc:")
        for name, field in {"id": ID, "type": TYPE, "title": TITLE, "name": TITLE}.items()
    },
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """What must hold of one field of an entry."""

    field: str
    operator: str
    holds: Callable[[str], bool]
    among: tuple[str, ...] = ()  # what the field may be, where that is said one by one


@dataclass(frozen=True, slots=True)
class Query:
    """Entries from `offset` on, `limit` at most (None for as many as a page has), for which all `criteria` hold."""

    offset: int = 0
    limit: int | None = None
    criteria: tuple[Criterion, ...] = ()

    @property
    def selects(self) -> bool:
        """Say whether it asks for other entries than the first page's."""
        return bool(self.criteria or self.offset)

    @property
    def keys(self) -> tuple[str, ...] | None:
        """The ids that alone can be meant, None where any can."""
        return next((one.among for one in self.criteria if one.field == ID and one.among), None)

    def matches(self, key: str, title: str) -> bool:
        """Say whether a dataset is asked for."""
        said = {ID: key, TITLE: title, TYPE: DATASET}
        return all(one.holds(said[one.field]) for one in self.criteria)


ALL: Final = Query()
MEMBERS: Final = frozenset({"@type", "@context", "offset", "limit", "sortOrder", "sortField", "filterExpression"})


def read(asked: Any) -> Query:
    """Return what a `filter` asks for; raises `UnsupportedFilterError` for what is not understood here."""
    if not asked:
        return Query()
    if not isinstance(asked, list) or len(asked) != 1 or not isinstance(asked[0], dict):
        raise _odd("a filter is one `QuerySpec`")
    said = {_bare(name): value for name, value in asked[0].items()}
    if odd := sorted(set(said) - MEMBERS):
        raise _odd(f"a `QuerySpec` has no `{odd[0][:80]}`")
    if _bare(str(said.get("@type"))) != "QuerySpec":
        raise _odd(f"`{str(said.get('@type'))[:80]}` is no filter that is understood here; it is a `QuerySpec`")
    field = said.get("sortField")
    if field is not None and FIELDS.get(str(field)) != ID:
        raise _odd(f"entries stand in the order of their ids, not of `{str(field)[:80]}`")
    if field is not None and said.get("sortOrder", "ASC") != "ASC":
        raise _odd("entries stand in the order of their ids, the first one first")
    told = said.get("filterExpression") or []
    told = told if isinstance(told, list) else [told]
    if len(told) > CRITERIA_MAX:
        raise _odd(f"a filter has at most {CRITERIA_MAX} criteria")
    limit = _number(said, "limit", 1, None)
    return Query(_number(said, "offset", 0, OFFSET_MAX) or 0, limit, tuple(map(_criterion, told)))


def _criterion(told: Any) -> Criterion:
    said = {_bare(name): value for name, value in told.items()} if isinstance(told, dict) else {}
    left, operator, right = (said.get(name) for name in ("operandLeft", "operator", "operandRight"))
    field = FIELDS.get(left) if isinstance(left, str) else None
    if field is None:
        raise _odd(f"nothing is selected by `{str(left)[:80]}`; by `id`, `type` or `title` it is")
    match operator, right:
        case "=", str():
            return Criterion(field, "=", lambda value: value == right, (right,))
        case "!=", str():
            return Criterion(field, "!=", lambda value: value != right)
        case "in", list() if right and len(right) <= ALTERNATIVES_MAX and all(isinstance(one, str) for one in right):
            return Criterion(field, "in", frozenset(right).__contains__, tuple(dict.fromkeys(right)))
        case (("like" | "ilike"), str()) if len(right) <= PATTERN_CHARACTERS_MAX:
            return Criterion(field, operator, _like(right, re.IGNORECASE if operator == "ilike" else 0))
    raise _odd(
        f"`{left} {str(operator)[:20]} …` is not understood: `=`, `!=`, `like` and `ilike` take a text, `in` at most "
        f"{ALTERNATIVES_MAX} of them"
    )


def _like(pattern: str, flags: int) -> Callable[[str], bool]:
    """Return SQL's LIKE: `%` stands for any text, `_` for one character.

    Its parts between `%` are looked for one after the other, the first that fits taken: no pattern makes that slow.
    """
    said = pattern.split("%")
    first, *rest = [re.compile("".join(map(_character, part)), flags | re.DOTALL) for part in said]

    def holds(value: str) -> bool:
        if not rest:
            return first.fullmatch(value) is not None
        at, tail = 0, len(value) - len(said[-1])
        for find in (first.match, *(part.search for part in rest[:-1])):
            if (found := find(value, at)) is None:
                return False
            at = found.end()
        return at <= tail and rest[-1].fullmatch(value, tail) is not None

    return holds


def _character(one: str) -> str:
    return "." if one == "_" else re.escape(one)


def _number(said: Mapping[str, Any], name: str, least: int, most: int | None) -> int | None:
    value = said.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < least or (most is not None and value > most):
        raise _odd(f"`{name}` is a whole number from {least} on" + (f" to {most}" if most else ""))
    return value


def _bare(name: str) -> str:
    return name.removeprefix(EDC).removeprefix("edc:")


def _odd(why: str) -> UnsupportedFilterError:
    return UnsupportedFilterError(why)
