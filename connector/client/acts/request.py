"""An act as a request: its path and body made of what was given, and read again where it arrives.

Law: whoever asks and whoever answers read the same fields; what is missing, unknown or of another type is refused by
its name, whichever side sees it first.
"""

from __future__ import annotations

import json
from copy import copy
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, urlencode

from connector.client.acts.act import FRESH, KINDS, NULL, VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.client.acts.act import Act, Field

# a number that somebody typed; a limit of its field is checked besides
DIGITS_MAX = 18
# what somebody typed → whether it is so
TRUTHS = {"1": True, "true": True, "0": False, "false": False}
# lists and objects in what somebody typed as JSON
OPENED_MAX = 500
# what leads elsewhere in a path
DOTS = frozenset({".", ".."})
# the name of a field that is the whole body
WHOLE = "*"
# the id of an example that would be given a new one
DRAWN = "6f1d3c52-0d4b-4d39-9a5e-2f6f1f2f7a10"


def request(act: Act, given: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the path below /management/ and the body with which an act is asked for; raises InvalidInput."""
    if strange := sorted(set(given) - {one.name for one in act.fields}):
        refuse(f"`{act.name}` has no field `{strange[0][:100]}`", _names(act.fields))
    told = {}
    for one in act.fields:
        value = given.get(one.name)
        if value is not None:
            check(one, value)
            told[one.name] = _filled(one, value)
        elif one.needed:
            refuse(f"`{act.name}` needs `{one.name}`: {one.help}")
        else:
            told |= _unsaid(one)
    for one in act.within("path"):
        if str(told[one.name]) in DOTS:
            refuse(f"`{told[one.name]}` is no `{one.name}`", one.help)
    path = VARIABLE.sub(lambda found: found[2] or quote(str(told[found[1]]), safe=""), act.way)
    rest = {one.wire: told[one.name] for one in act.within("query") + act.within("body") if one.name in told}
    if act.changes:
        return path, rest.get(WHOLE, rest | act.fixed)
    asked = {name: _asked(value) for name, value in rest.items() if value not in (None, "", [])}
    return path + ("?" + urlencode(asked, doseq=True) if asked else ""), None


def _asked(value: Any) -> str | list[str]:
    """Return a value as a query has it: a list is said once for each of its texts."""
    return value if isinstance(value, list) else "1" if value is True else str(value)


def _filled(field: Field, value: Any) -> Any:
    """Return a value with those of its parts that nobody said."""
    if field.kind != "parts":
        return value
    return {one.wire: said for one in field.parts for said in _unsaid(one).values()} | value


def _unsaid(field: Field) -> dict[str, Any]:
    """Return what a field is that nobody said, under its name; nothing for one that is not sent then."""
    if field.default is FRESH:
        import uuid  # noqa: PLC0415  # the help page starts fast

        return {field.name: str(uuid.uuid4())}
    if field.default is NULL:
        return {field.name: None}
    return {} if field.default is None else {field.name: copy(field.default)}


def checked(told: Any, fields: Sequence[Field], what: str) -> dict[str, Any]:
    """Return what a request told by the names of its fields; what is not sent, or null, and has a default is that."""
    known = {one.wire: one for one in fields}
    needed = {one.wire for one in fields if one.needed}
    if not isinstance(told, dict) or not needed <= set(told) <= set(known):
        refuse(f"the {what} must have exactly {_exactly(fields)}")
    told = {name: value for name, value in told.items() if value is not None or name in needed}
    for name, value in told.items():
        check(known[name], value)
    read = {known[name].name: _filled(known[name], value) for name, value in told.items()}
    for one in fields:
        if one.wire not in told:
            read |= _unsaid(one)
    return read


def members(told: Mapping[str, Any], known: Mapping[str, str]) -> None:
    """Raise InvalidInput unless an object has exactly these members, each of its kind; with `?` it may be null."""
    if set(told) != set(known) or not all(_perhaps(known[name], value) for name, value in told.items()):
        refuse(f"the body must have exactly {_listed(known.items()) or 'no member'}")


def _perhaps(kind: str, value: Any) -> bool:
    return (kind.endswith("?") and value is None) or _is(kind.removesuffix("?"), value)


def check(field: Field, value: Any) -> None:
    """Raise InvalidInput for a value that is none of the field's."""
    if not _is(field.kind, value):
        refuse(f"`{field.name}` must be {KINDS[field.kind]}", field.help)
    if field.kind in ("number", "digits", "money"):
        if field.least is not None and int(value) < field.least:
            refuse(f"`{field.name}` is at least {field.least}")
        if field.most is not None and int(value) > field.most:
            refuse(f"`{field.name}` is at most {field.most}")
    if field.kind == "parts":
        checked(value, field.parts, f"member `{field.name}`")


def _is(kind: str, value: Any) -> bool:
    if kind == "number":
        return type(value) is int
    if kind == "truth":
        return isinstance(value, bool)
    if kind == "texts":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind == "pairs":
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if kind in ("document", "parts"):
        return isinstance(value, dict)
    if kind == "list":
        return isinstance(value, list)
    return isinstance(value, str) and (kind in ("text", "coins") or _number(value))


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX


def leaves(fields: Iterable[Field]) -> list[tuple[str, Field]]:
    """Return what is typed in one by one, each with a name of its own: fields, and the parts of those with parts."""
    found: list[tuple[str, Field]] = []
    for field in fields:
        found += [(f"{field.name}_{one.name}", one) for one in field.parts] if field.parts else [(field.name, field)]
    return found


def joined(fields: Iterable[Field], typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by field of what was typed by leaf: the reverse of `leaves`; what is empty was not given."""
    given: dict[str, Any] = {}
    for field in fields:
        if field.parts:
            said = {one.wire: typed.get(f"{field.name}_{one.name}") for one in field.parts}
            parts = {name: value for name, value in said.items() if value not in (None, "")}
            given |= {field.name: _filled(field, parts)} if parts else {}
        elif (value := typed.get(field.name)) is not None:
            given[field.name] = value
    return given


def parsed(field: Field, text: str) -> Any:
    """Return the value that a text means, as a query or a form has it; None for an empty one that need not be given."""
    if not text.strip():
        return refuse(f"`{field.name}` is empty", "fill it in") if field.needed else None
    if field.kind == "number" and _number(text):
        return int(text)
    if field.kind == "truth" and text in TRUTHS:
        return TRUTHS[text]
    if field.kind == "texts":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if field.kind == "pairs":
        return pairs(text.split())
    if field.kind in ("document", "list"):
        # the reader calls itself for each level, and a server's limit of calls is beyond what its stack holds
        if text.count("[") + text.count("{") > OPENED_MAX:
            refuse(f"`{field.name}` has more than {OPENED_MAX} lists and objects")
        try:
            return json.loads(text)
        except ValueError as error:
            refuse(f"`{field.name}` is no JSON: {error}")
    check(field, text)
    return text


def pairs(texts: Iterable[str]) -> dict[str, str]:
    """Return what `name=value` says, each."""
    return dict(text.partition("=")[::2] for text in texts)


def example(act: Act) -> Any:
    """Return the body of an act's example, the same each time."""
    drawn = {one.name: DRAWN for one in act.fields if one.default is FRESH}
    return request(act, {**drawn, **act.example})[1]


def refuse(text: str, hint: str = "") -> NoReturn:
    """Raise InvalidInput."""
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # the help page starts fast

    raise InvalidInput(text, hint)


def _names(fields: Iterable[Field]) -> str:
    return "it has " + (", ".join(f"`{one.name}`" for one in fields) or "none")


def _exactly(fields: Iterable[Field]) -> str:
    needed = _listed((one.wire, one.kind) for one in fields if one.needed)
    perhaps = _listed((one.wire, one.kind) for one in fields if not one.needed)
    return " and perhaps ".join(filter(None, [needed or "no member", perhaps]))


def _listed(known: Iterable[tuple[str, str]]) -> str:
    told = ((name, KINDS[kind.removesuffix("?")] + (" or null" if kind.endswith("?") else "")) for name, kind in known)
    return ", ".join(f"`{name}`: {words}" for name, words in told)
