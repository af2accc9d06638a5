"""What each key of a product file means: a row for each, and what it says of a product to be published.

Law: a key that has no row is refused by its name, with the one that is nearest. What a command line says too is called
as there. The answer has the fields of the act `product publish`, by name; whether they make a product is judged where
every brief is (`connector.provider.brief`).
"""

from __future__ import annotations

import difflib
import json
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from catalog.about import (
    CONTACT,
    DESCRIPTION_CHARACTERS_MAX,
    LANGUAGES,
    TITLE_CHARACTERS_MAX,
    UNDETERMINED,
    about_from_json,
    about_json,
    in_language,
    words,
)
from catalog.errors import CatalogError
from contracts.decimals import read_money
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LAST_SECOND = "T23:59:59Z"
DATE_CHARACTERS = 10
PERCENT_DECIMALS = 2  # what a ten-thousandth says
ENDS = "FILE:COLUMN"


def said(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a product file says, by field of the act; raises CatalogError with the key that is wrong."""
    _known(document, KEYS, "")
    fields: dict[str, Any] = {}
    about: dict[str, Any] = {}
    for key, value in document.items():
        if value is not None:
            KEYS[key](value, key, fields, about)
    read = about_json(about_from_json(about, ""))
    return fields | ({"about": read} if read else {})


# ---- what a value is


def _known(told: Mapping[str, Any], known: Mapping[str, Any], above: str) -> None:
    for key in told:
        if key not in known:
            below = (("price", PRICE), ("policy", POLICY)) if not above else ()
            near = [f"{name}.{key}" for name, rows in below if key in rows]
            near = near or [above + one for one in difflib.get_close_matches(str(key), known, n=1)]
            hint = f"perhaps `{near[0]}`" if near else f"there are {', '.join(known)}"
            raise CatalogError(f"a product file has no key `{above}{str(key)[:100]}`", path=f"{above}{key}", hint=hint)


def _wrong(path: str, what: str) -> CatalogError:
    return CatalogError(f"`{path}` of the product file must be {what}", path=path)


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(path, "a text that is not empty")
    return value


def _texts(value: Any, path: str) -> list[str]:
    if isinstance(value, str):
        return [_text(value, path)]
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
        raise _wrong(path, "a list of texts that are not empty")
    return value


def _number(value: Any, path: str) -> int:
    if type(value) is not int:
        raise _wrong(path, "a whole number")
    return value


def _truth(value: Any, path: str) -> bool:
    if type(value) is not bool:
        raise _wrong(path, "true or false")
    return value


def _money(value: Any, path: str) -> str:
    """Return an amount as people write it in minor units."""
    told = str(value) if type(value) in (int, Decimal, str) else ""
    try:
        return str(read_money(told, path))
    except ContractError as fault:
        raise _wrong(path, "an amount such as 4.20, without a currency") from fault


def _moment(value: Any, path: str) -> str:
    """Return a moment as it is sent; a day alone is its last second in UTC."""
    told = value.isoformat() if isinstance(value, date) else _text(value, path)
    return told + LAST_SECOND if not isinstance(value, datetime) and len(told) == DATE_CHARACTERS else told


def _rules(value: Any, path: str) -> dict[str, Any]:
    told = _object(value, path)
    try:
        json.dumps(told)
    except (TypeError, RecursionError):
        raise _wrong(path, "a policy as `penstock policy template fill` prints it: write instants as texts") from None
    return told


def _negotiable(value: Any, path: str) -> str:
    """Return how far is gone as it is sent: a few words, or a whole policy as the text of its JSON."""
    return json.dumps(_rules(value, path)) if isinstance(value, dict) else _text(value, path)


def _variants(value: Any, path: str) -> list[str]:
    """Return `{"purpose=Teaching": 3.00}` as texts `RULES: PRICE`."""
    told = _object(value, path)
    return [f"{rules}: {_coins(price, f'{path}.{rules}')}" for rules, price in told.items()]


def _coins(value: Any, path: str) -> str:
    minor = int(_money(value, path))
    return f"{minor // 100}.{minor % 100:02}"


def _pairs(value: Any, path: str) -> dict[str, str]:
    told = _object(value, path)
    return {name: _text(str(one) if type(one) is int else one, f"{path}.{name}") for name, one in told.items()}


def _object(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(path, "a table of keys")
    return value


def _steps(value: Any, path: str) -> list[list[int]]:
    """Return `{1000: 80}` as 1000 units and 8000 ten-thousandths, each."""
    return [_step(str(units), str(percent), f"{path}.{units}") for units, percent in _object(value, path).items()]


def _step(units: str, percent: str, path: str) -> list[int]:
    whole, _, part = percent.removesuffix("%").strip().partition(".")
    digits = units.isdecimal() and whole.isdecimal() and (part or "0").isdecimal()
    if not (digits and len(units) <= 18 and len(whole) <= 6 and len(part) <= PERCENT_DECIMALS):
        raise _wrong(path, "a number of units, and per cent of the price: 1000 = 80")
    return [int(units), int(whole + part.ljust(PERCENT_DECIMALS, "0"))]


# ---- what a key says

Fields = dict[str, Any]


def _field(name: str, read: Callable[[Any, str], Any]) -> Callable[[Any, str, Fields, Fields], None]:
    def take(value: Any, path: str, fields: Fields, _about: Fields) -> None:
        fields[name] = read(value, path)

    return take


def _besides(name: str, read: Callable[[Any, str], Any]) -> Callable[[Any, str, Fields, Fields], None]:
    def take(value: Any, path: str, _fields: Fields, about: Fields) -> None:
        about[name] = read(value, path)

    return take


def _group(rows: Mapping[str, tuple[str, Callable[[Any, str], Any]]]) -> Callable[[Any, str, Fields, Fields], None]:
    def take(value: Any, path: str, fields: Fields, _about: Fields) -> None:
        told = _object(value, path)
        _known(told, rows, path + ".")
        for key, one in told.items():
            if one is not None:
                name, read = rows[key]
                fields[name] = read(one, f"{path}.{key}")

    return take


def _worded(limit: int, *, line: bool) -> Callable[[Any, str, Fields, Fields], None]:
    """Take words in one language or more: the first is the dataset's own, the rest is said besides."""

    def take(value: Any, path: str, fields: Fields, about: Fields) -> None:
        if isinstance(value, dict):
            _known(value, dict.fromkeys(LANGUAGES), path + ".")
        told = words(value, path, limit=limit, line=line)
        if not told:
            raise _wrong(path, "a text, or one each for `en` and `zh`")
        fields[path] = in_language(told, LANGUAGES[0])
        if set(told) != {UNDETERMINED}:
            about[path] = told

    return take


def _price(value: Any, path: str, fields: Fields, about: Fields) -> None:
    if isinstance(value, dict):
        _group(PRICE)(value, path, fields, about)
    else:
        fields["price"] = _money(value, path)


def _contact(value: Any, path: str) -> dict[str, Any]:
    if isinstance(value, str):
        return {"email" if "@" in value else "name": value}
    _known(_object(value, path), dict.fromkeys(CONTACT), path + ".")
    return {key: one for key, one in value.items() if one is not None}


def _tables(value: Any, path: str) -> dict[str, Any]:
    """Return tables with their columns; a column's text alone is its meaning."""
    found = {}
    for name, told in _object(value, path).items():
        at = f"{path}.{name}"
        _known(_object(told, at), TABLE, at + ".")
        columns = _object(told.get("columns") or {}, f"{at}.columns")
        read = {key: _column(one, f"{at}.columns.{key}") for key, one in columns.items()}
        found[name] = {key: one for key, one in told.items() if one is not None} | {"columns": read}
    return found


def _column(value: Any, path: str) -> dict[str, Any]:
    """Return what is said of a column; a text alone is its meaning."""
    if isinstance(value, str):
        return {"meaning": value}
    _known(_object(value, path), COLUMN, path + ".")
    return {key: one for key, one in value.items() if one is not None}


def _relations(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(path, "a list of `from` and `to`")
    found = []
    for at, one in enumerate(value):
        told = _object(one, f"{path}[{at}]")
        _known(told, RELATION, f"{path}[{at}].")
        ends = {name: _end(told.get(name), f"{path}[{at}].{name}") for name in RELATION}
        found.append(ends)
    return found


def _end(value: Any, path: str) -> dict[str, str]:
    table, colon, column = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not (table and colon and column):
        raise _wrong(path, f"{ENDS}, such as `flights.parquet:carrier`")
    return {"table": table, "column": column}


PRICE: Mapping[str, tuple[str, Callable[[Any, str], Any]]] = {
    "amount": ("price", _money),
    "unit": ("unit", _text),
    "floor": ("floor", _money),
    "every": ("every", _text),
    "quota": ("quota", _number),
    "beyond": ("beyond", _steps),
    "exposure": ("exposure", _money),
}
POLICY: Mapping[str, tuple[str, Callable[[Any, str], Any]]] = {
    "purpose": ("purpose", _text),
    "rules": ("rules", _rules),
    "facts": ("facts", _pairs),
    "negotiable": ("negotiable", _negotiable),
    "variants": ("variants", _variants),
    "ask-first": ("ask_first", _truth),
    "until": ("until", _moment),
    "region": ("region", _text),
    "openings": ("openings", _number),
    "onward": ("onward", _truth),
    "inherit": ("inherit", _truth),
}
TABLE = dict.fromkeys(("title", "columns"))
COLUMN = dict.fromkeys(("meaning", "unit"))
RELATION = dict.fromkeys(("from", "to"))
# key → what takes its value: into the fields of the act, or into what is said besides
KEYS: Mapping[str, Callable[[Any, str, Fields, Fields], None]] = {
    "id": _field("id", _text),
    "title": _worded(TITLE_CHARACTERS_MAX, line=True),
    "files": _field("files", _texts),
    "api": _field("api", _text),
    "calls": _field("calls", _texts),
    "secret": _field("secret", _text),
    "stream": _field("stream", _text),
    "description": _worded(DESCRIPTION_CHARACTERS_MAX, line=False),
    "keywords": _field("keywords", _texts),
    "licence": _besides("licence", _text),
    "contact": _besides("contact", _contact),
    "citation": _besides("citation", _text),
    "price": _price,
    "policy": _group(POLICY),
    "tier": _field("tier", _text),
    "frequency": _field("frequency", _text),
    "sample": _field("sample", _number),
    "tables": _besides("tables", _tables),
    "relations": _besides("relations", _relations),
    "classes": _field("classes", _pairs),
    "grade": _field("grade", _number),
    "layout": _field("layout", _text),
    "suite": _field("suite", _text),
    "columns": _field("columns", _texts),
    "gate": _field("gate", _pairs),
    "application": _field("application", _pairs),
    "mask": _field("mask", _pairs),
    "pack": _field("pack", _text),
    "piece": _field("piece_kib", _number),
    "space": _field("space", _text),
    "resource": _field("resource", _text),
    "offer": _field("offer", _text),
    "project": _field("project", _text),
    "derived_from": _field("derived_from", _texts),
    "unlisted": _field("unlisted", _truth),
}
