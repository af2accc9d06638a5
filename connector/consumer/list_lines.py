"""The lines of a list that somebody sent as a text, looked at before they are read: what is wrong is told by its line.

Law: (1) nothing that stands in a list is in what is said of it: a refusal goes onto a page and into a log. (2) What is
let pass has few columns, of short names, and no more than so many lines: whoever reads it makes no more of it than it
has bytes.
"""

from __future__ import annotations

import csv
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute.sitting import kind_of
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

# of one list: a person's table of firms has some ten columns
COLUMNS_MAX: Final = 200
NAME_CHARACTERS_MAX: Final = 200
LINE_BYTES_MAX: Final = 64 << 10
# several lines may be about one subject
LINES_MAX: Final = 500_000
# a mark that some programs write before a text; it is none of it
MARK: Final = b"\xef\xbb\xbf"
ONE_OF: Final = "a list that is sent is a text: .csv, .jsonl or .ndjson; `penstock try` reads .parquet, too"
# what a cell of a line of JSON may be → what is said of two that are not alike; neither is what has no kind
_CELLS: Final[Mapping[type, str]] = {str: "a text", bool: "true or false", int: "a number", float: "a number"}


def check(name: str, content: bytes, columns: Collection[str]) -> None:
    """Look at a list that is called so (blocking); raises InvalidInput, which says the line, where it is none."""
    lines = _lines(content.removeprefix(MARK))
    if (look := _KINDS.get(kind_of(name))) is None:
        raise InvalidInput("the list is no text by its name", ONE_OF)
    look(lines, columns)


def _lines(content: bytes) -> Iterator[tuple[int, str]]:
    """Yield each line that is not empty, with its number."""
    for number, raw in enumerate(BytesIO(content), 1):
        if number > LINES_MAX:
            raise InvalidInput(f"the list has more than {LINES_MAX} lines", "send the column of its keys alone")
        if len(raw) > LINE_BYTES_MAX:
            raise _fault(number, f"is longer than {LINE_BYTES_MAX >> 10} KiB", "send the column of its keys alone")
        try:
            text = raw.decode().rstrip("\r\n")
        except UnicodeDecodeError as fault:
            raise _fault(number, "is no text in UTF-8", "save the list as a CSV in UTF-8") from fault
        if "\0" in text:
            raise _fault(number, "is no text: it has a zero in it", ONE_OF)
        if text:
            yield number, text


def _look_at_csv(lines: Iterator[tuple[int, str]], columns: Collection[str]) -> None:
    """Look at a table whose first line names its columns."""
    number, head = next(lines, (0, ""))
    if not number:
        raise InvalidInput("the list is empty", "its first line names its columns")
    names = _cells(number, head)
    _check_names(number, names)
    if missing := next((name for name in columns if name not in names), None):
        raise _fault(number, f"names no column `{missing[:NAME_CHARACTERS_MAX]}`", "the first line names the columns")
    for number, text in lines:
        if (found := len(_cells(number, text))) != len(names):
            hint = "as many cells on each line as the first one names columns; a comma in a cell wants quotes"
            raise _fault(number, f"has {found} cells, and the first one {len(names)}", hint)


def _cells(number: int, text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as fault:
        raise _fault(
            number, "cannot be read: a quote is left open, or stands alone", "a cell is on one line"
        ) from fault


def _look_at_json(lines: Iterator[tuple[int, str]], columns: Collection[str]) -> None:
    """Look at a table of which each line is an object."""
    kinds: dict[str, str] = {}
    last = 0
    for number, text in lines:
        last = number
        for name, kind in _object(number, text).items():
            before = kinds.get(name, "")
            if kind and before and kind != before:
                raise _fault(number, f"has {kind} where lines before have {before}", "a column is of one kind")
            kinds[name] = before or kind
        _check_names(number, kinds)
    if missing := next((name for name in columns if name not in kinds), None):
        raise InvalidInput(f"none of the {last} lines has `{missing[:NAME_CHARACTERS_MAX]}`", "it is a member of each")


def _object(number: int, text: str) -> dict[str, str]:
    """Return name → what kind of cell, empty for none."""
    try:
        told: Any = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        raise _fault(number, "is no JSON", "each line is an object of its own") from fault
    cells = told.items() if isinstance(told, dict) else [("", told)]
    if not isinstance(told, dict) or any(cell is not None and type(cell) not in _CELLS for _, cell in cells):
        raise _fault(number, "is no object of cells", 'such as {"firm": "F001"}: a text or a number for each name')
    return {name: "" if cell is None else _CELLS[type(cell)] for name, cell in cells}


def _check_names(number: int, names: Collection[str]) -> None:
    if len(names) > COLUMNS_MAX:
        raise _fault(number, f"makes more than {COLUMNS_MAX} columns", "send the column of its keys alone")
    if any(len(name) > NAME_CHARACTERS_MAX for name in names):
        raise _fault(number, f"names a column in more than {NAME_CHARACTERS_MAX} characters", "give it a short name")
    if len(set(names)) < len(names):
        raise _fault(number, "names two columns alike", "give each a name of its own")


def _fault(number: int, text: str, hint: str) -> InvalidInput:
    return InvalidInput(f"line {number} of the list {text}", hint)


_KINDS: Final[Mapping[str, Callable[[Iterator[tuple[int, str]], Collection[str]], None]]] = {
    "csv": _look_at_csv,
    "jsonl": _look_at_json,
    "ndjson": _look_at_json,
}
