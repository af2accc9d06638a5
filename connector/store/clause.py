"""The small language of `where` and `order`: declared columns, comparisons, `?`, and nothing else.

Law: a word is a column of the table or one of `WORDS`, everything else is refused, so no text of a peer can become SQL.
Each `?` is encoded by the kind of the column named last before it; a column whose kind is not ordered like SQL orders
it (amount, json) can only be compared for equality.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.store.columns import KINDS
from connector.store.errors import BadStatement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WORDS = frozenset({"and", "or", "not", "is", "null", "in", "like", "between"})
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<op><=|>=|<>|!=|=|<|>)|(?P<mark>\?)|(?P<shape>[(),])"
    r"|(?P<literal>'[A-Za-z0-9_:./ -]*'|\d{1,18}))\s*"
)
_ORDERING = frozenset({"<", ">", "<=", ">=", "between", "like"})
_DIRECTIONS = {"asc": "ASC", "desc": "DESC"}
# where SQLite puts NULL by itself, and others when they are told
_NOTHING = {"asc": " NULLS FIRST", "desc": " NULLS LAST"}


@dataclass(frozen=True, slots=True)
class Clause:
    """A checked clause: its SQL, and the encoder of each `?` in order."""

    sql: str
    encoders: tuple[Callable[[Any], Any], ...]

    def encode(self, params: tuple[Any, ...]) -> list[Any]:
        """Return the SQL values of `params`; a missing or surplus one is our mistake."""
        if len(params) != len(self.encoders):
            raise BadStatement(f"`{self.sql}` takes {len(self.encoders)} parameters, got {len(params)}")
        return [None if value is None else encode(value) for encode, value in zip(self.encoders, params, strict=True)]


def where(text: str, kinds: Mapping[str, str]) -> Clause:
    """Check a where clause against the declared columns."""
    parts: list[str] = []
    encoders: list[Callable[[Any], Any]] = []
    kind = None
    for group, token in _tokens(text):
        if group == "name" and token in kinds:
            kind = KINDS[kinds[token]]
            parts.append(f'"{token}"')
            continue
        if group == "name" and token.lower() not in WORDS:
            raise BadStatement(f"`{token}` in `{text}` is no declared column; columns are {', '.join(kinds)}")
        if token.lower() in _ORDERING and (kind is None or not kind.ordered):
            raise BadStatement(f"`{token}` in `{text}`: this column has no order in SQL, compare in Python")
        if group == "mark":
            if kind is None:
                raise BadStatement(f"a `?` in `{text}` has no column before it")
            if kind.wrapped:
                raise BadStatement(f"a `?` in `{text}` is compared with what rests wrapped")
            encoders.append(kind.encode)
        parts.append(token)
    return Clause(" ".join(parts), tuple(encoders))


def order(text: str, kinds: Mapping[str, str], key: Sequence[str]) -> str:
    """Check an order clause, `"name [asc|desc], …"`; nothing is less than anything, and no column of the `key` is."""
    return ", ".join(_order_term(term.split(), text, kinds, key) for term in text.split(","))


def _order_term(words: list[str], text: str, kinds: Mapping[str, str], key: Sequence[str]) -> str:
    name, direction = [*words, "asc"][:2] if words else ("", "")
    if len(words) > 2 or name not in kinds or direction.lower() not in _DIRECTIONS:
        raise BadStatement(f"`{text}` is no order; write `column [asc|desc], …` with declared columns")
    if not KINDS[kinds[name]].ordered:
        raise BadStatement(f"`{name}` in `{text}` has no order in SQL, sort in Python")
    nothing = "" if name in key else _NOTHING[direction.lower()]
    return f'"{name}" {_DIRECTIONS[direction.lower()]}{nothing}'


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise BadStatement(f"`{text[position:]}` in `{text}` is not understood in a where clause")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens
