"""JSON as a policy file has it, read strictly: two readers of one file get the same tree, or both refuse it.

A key written twice, NaN, an infinity, an integer that a double cannot hold, half of a surrogate pair, and a second
document after the first are refused, each with its line and column. Nothing is read deeper than MAX_DEPTH_LEVELS.
"""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn

from policy.errors import PolicyError

MAX_DEPTH_LEVELS = 64  # a policy in expanded form needs four a constraint nested in a constraint
MAX_VALUES = 50_000
MAX_SAFE_INTEGER = (1 << 53) - 1
MAX_NUMBER_CHARS = 64

_BLANK = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"true|false|null")
_STRINGS = json.JSONDecoder()


def load(text: str) -> object:
    """Read one JSON document; PolicyError says at which line and column it is not one."""
    reader = _Reader(text)
    value = reader.value(0)
    if reader.ahead():
        whole = reader.at
        hint = "put each policy into its own file" if reader.ahead() in "{[" else ""
        refuse(text, whole, "something follows the first JSON document", hint)
    return value


def is_text(value: str) -> bool:
    """Whether a string is text: half of a surrogate pair, which an escape can write, is none."""
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def refuse(text: str, at: int, problem: str, hint: str = "") -> NoReturn:
    """Raise the PolicyError for a place in a text."""
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    raise PolicyError("bad-syntax", "", f"{problem} in line {line}, column {column}", hint)


class _Reader:
    """A place in a text, moved on by what is read there."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.values = text, 0, 0

    def ahead(self) -> str:
        """Skip blanks and look at the next character; "" at the end."""
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> object:
        """Read the value that comes next."""
        first = self.ahead()
        self.values += 1
        if self.values > MAX_VALUES:
            refuse(self.text, self.at, f"the limit of {MAX_VALUES} JSON values is passed")
        if depth > MAX_DEPTH_LEVELS:
            refuse(self.text, self.at, f"JSON nested deeper than {MAX_DEPTH_LEVELS} levels")
        if first == "{":
            return self._object(depth)
        if first == "[":
            return self._array(depth)
        return self._string() if first == '"' else self._literal()

    def _object(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        self.at += 1
        if self._closed("}"):
            return found
        while True:
            if self.ahead() != '"':
                refuse(self.text, self.at, "a key in quotes is expected", "look for a comma too many before it")
            start, key = self.at, self._string()
            if key in found:
                refuse(self.text, start, f"the key `{key[:80]}` is written twice", "keep one of them")
            if self.ahead() != ":":
                refuse(self.text, self.at, "`:` is expected after a key")
            self.at += 1
            found[key] = self.value(depth + 1)
            if self._last("}"):
                return found

    def _array(self, depth: int) -> list[object]:
        found: list[object] = []
        self.at += 1
        if self._closed("]"):
            return found
        while True:
            found.append(self.value(depth + 1))
            if self._last("]"):
                return found

    def _closed(self, end: str) -> bool:
        closed = self.ahead() == end
        self.at += closed
        return closed

    def _last(self, end: str) -> bool:
        following = self.ahead()
        if following not in {",", end}:
            refuse(self.text, self.at, f"`,` or `{end}` is expected", "look for a comma that is missing before it")
        self.at += 1
        return following == end

    def _string(self) -> str:
        start = self.at
        try:
            value, self.at = _STRINGS.raw_decode(self.text, start)
        except json.JSONDecodeError as error:
            refuse(self.text, error.pos, f"{error.msg[0].lower()}{error.msg[1:]}")
        assert isinstance(value, str)
        if not is_text(value):
            refuse(self.text, start, "half of a surrogate pair is no text")
        return value

    def _literal(self) -> object:
        if word := _WORD.match(self.text, self.at):
            self.at = word.end()
            return _WORDS[word[0]]
        number = _NUMBER.match(self.text, self.at)
        if number is None:
            refuse(
                self.text, self.at, "a JSON value is expected" if self.ahead() else "the JSON document ends too soon"
            )
        return self._number(number)

    def _number(self, match: re.Match[str]) -> float:
        whole = match[1] is None and match[2] is None
        if len(match[0]) > MAX_NUMBER_CHARS:
            refuse(self.text, self.at, f"a number of more than {MAX_NUMBER_CHARS} characters")
        value = int(match[0]) if whole else float(match[0])
        if not math.isfinite(value) or (whole and abs(value) > MAX_SAFE_INTEGER):
            refuse(self.text, self.at, f"the number `{match[0]}` is beyond what every reader holds", "write it as text")
        self.at = match.end()
        return value
