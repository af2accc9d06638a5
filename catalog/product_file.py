"""A product file as its writer sees it: TOML, YAML or JSON, read into plain values; a stranger may have written it.

Law: (1) a file has a limit of size, of depth and of keys, and nothing in it names code, another file or another part of
itself: tags, anchors and aliases of YAML are refused before a value is made. (2) A fault names its line where the form
has lines to name. (3) Numbers keep what was written: `4.20` is no binary fraction. What the values mean is
`catalog.product_keys`.
"""

from __future__ import annotations

import json
import re
import tomllib
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NoReturn

from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FILE_BYTES_MAX = 262_144  # two descriptions, the longest licence, and some thousand columns with a meaning each
DEPTH_MAX = 12  # what means something is not deeper than six
NODES_MAX = 50_000
KEY_PARTS_MAX = 16  # of a dotted key of TOML: what reads them takes time with their square
LINKED_BYTES_MAX = 4 * 1_048_576  # a Croissant file: machines write it, with some hundred bytes for a column
FORMS: Mapping[str, str] = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".jsonld": "json"}
_PART = r"""(?:[A-Za-z0-9_-]{1,512}|"[^"\n]{0,512}"|'[^'\n]{0,512}')"""
_LONG_KEY = re.compile(rf"(?:{_PART}[ \t]{{0,8}}\.[ \t]{{0,8}}){{{KEY_PARTS_MAX}}}{_PART}")
# what opens and closes, outside of texts and comments; a quote alone is a text that does not end
_TOML_MARKS = re.compile(
    r""""{3}(?:\\.|[^\\])*?"{3,5}|'{3}.*?'{3,5}|"{3}|'{3}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*|["'\[\]{}]""",
    re.DOTALL,
)
_JSON_MARKS = re.compile(r""""(?:\\.|[^"\\])*"|["\[\]{}]""", re.DOTALL)
_NO_END = frozenset({'"', "'", '"""', "'''"})
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTHS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")


def form_of(name: str) -> str:
    """Return the form that a file's name promises; raises CatalogError."""
    ending = "." + name.rpartition(".")[2].lower()
    if ending not in FORMS:
        raise CatalogError(f"`{name[-100:]}` is no product file", hint=f"its name ends with {', '.join(FORMS)}")
    return FORMS[ending]


def read(content: bytes, form: str) -> dict[str, Any]:
    """Return what a file says as plain values: texts, whole numbers, Decimals, truths, dates, lists, objects.

    Raises CatalogError, with the line where there is one.
    """
    most = LINKED_BYTES_MAX if form == "json" else FILE_BYTES_MAX
    if len(content) > most:
        raise CatalogError(f"such a file has at most {most} bytes, this one has more")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CatalogError(f"line {line} of the product file is not UTF-8", hint="save it as UTF-8") from error
    found = _READERS[form](text)
    if not isinstance(found, dict) or not found:
        raise CatalogError("the product file has no keys", hint="penstock publish --template shows one")
    if len(content) > FILE_BYTES_MAX and not linked(found):
        raise CatalogError(f"a product file has at most {FILE_BYTES_MAX} bytes, this one {len(content)}")
    return found


def linked(document: Mapping[str, Any]) -> bool:
    """Say whether a file is no product file but JSON-LD, such as Croissant."""
    return any(name in document for name in ("@context", "@type", "@graph"))


def _toml(text: str) -> object:
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") >= KEY_PARTS_MAX and _LONG_KEY.search(line):
            raise CatalogError(f"line {number} has a key of more than {KEY_PARTS_MAX} parts")
    _check_depth(text, _TOML_MARKS)
    try:
        return tomllib.loads(text.replace("\r\n", "\n"), parse_float=_decimal)
    except ValueError as error:  # also for a number or a date that there is not
        raise CatalogError(f"the product file is no TOML: {error}") from error


def _json(text: str) -> object:
    _check_depth(text, _JSON_MARKS)
    try:
        return json.loads(text, parse_float=_decimal, parse_constant=_no_number, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise CatalogError(f"line {error.lineno} of the product file is no JSON: {error.msg}") from error
    except ValueError as error:
        raise CatalogError(f"the product file is no JSON: {error}"[:400]) from error


def _check_depth(text: str, marks: re.Pattern[str]) -> None:
    """Refuse what is nested too deeply before a reader that calls itself sees it: it would end the process."""
    depth = 0
    for found in marks.finditer(text):
        mark = found[0]
        depth += (mark in "[{") - (mark in "]}")
        if depth > DEPTH_MAX or mark in _NO_END:
            line = text.count("\n", 0, found.start()) + 1
            what = "has a text that does not end" if mark in _NO_END else f"is nested deeper than {DEPTH_MAX} times"
            raise CatalogError(f"line {line} of the product file {what}", hint="penstock publish --template shows one")


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text.replace("_", ""))
    except InvalidOperation as error:
        raise ValueError(f"`{text[:40]}` is no number") from error


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"`{text}` is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key `{key[:100]}` is there twice")
        found[key] = value
    return found


# ---- YAML: values are made of the parser's events, so that nothing of the library decides what they become


def _yaml(text: str) -> object:
    import yaml  # noqa: PLC0415  # whoever reads no YAML does not load it

    try:
        events = _Events(yaml.parse(text, Loader=yaml.SafeLoader))
        return events.document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1} of the product file" if mark else "the product file"
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        raise CatalogError(f"{line} is no YAML: {why}"[:400]) from error


class _Events:
    """The events of one document, one after the other; what could grow or name something is refused as it comes."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events, self._count = events, 0

    def document(self) -> object:
        """Return the one document's value."""
        self._next()  # the stream begins
        if type(event := self._next()).__name__ == "StreamEndEvent":
            return None
        value = self._value(self._next(), 0)
        self._next()  # the document ends
        if type(event := self._next()).__name__ != "StreamEndEvent":
            raise _at(event, "begins a second document, and a product file is one")
        return value

    def _next(self) -> Any:
        event = next(self._events)
        self._count += 1
        if type(event).__name__ == "AliasEvent" or getattr(event, "anchor", None) is not None:
            raise _at(event, "has an anchor or an alias (`&`, `*`), which a product file does not use")
        if getattr(event, "tag", None) is not None:
            raise _at(event, "has a tag (`!`), which a product file does not use")
        if self._count > NODES_MAX:
            raise _at(event, f"is behind more than {NODES_MAX} values")
        return event

    def _value(self, event: Any, depth: int) -> object:
        if depth > DEPTH_MAX:
            raise _at(event, f"is nested deeper than {DEPTH_MAX} times")
        kind = type(event).__name__
        if kind == "ScalarEvent":
            return _scalar(event.value) if event.implicit[0] else event.value
        if kind == "SequenceStartEvent":
            found = []
            while type(one := self._next()).__name__ != "SequenceEndEvent":
                found.append(self._value(one, depth + 1))
            return found
        told: dict[str, object] = {}
        while type(one := self._next()).__name__ != "MappingEndEvent":
            if type(one).__name__ != "ScalarEvent":
                raise _at(one, "has a key that is no text")
            if one.value in told:
                raise _at(one, f"has the key `{one.value[:100]}` a second time")
            told[one.value] = self._value(self._next(), depth + 1)
        return told


def _at(event: Any, what: str) -> CatalogError:
    return CatalogError(f"line {event.start_mark.line + 1} of the product file {what}")


def _scalar(text: str) -> object:
    """Return what a plain word of YAML is: nothing, a truth, a number, or a text; a date stays the text that it is."""
    if text in _NULLS:
        return None
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _NUMBER.fullmatch(text) else text


_READERS: Mapping[str, Callable[[str], object]] = {"toml": _toml, "yaml": _yaml, "json": _json}
