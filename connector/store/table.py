"""A table as data: what its columns hold, what identifies a row, what is unique."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from connector.store.columns import KINDS

# a row of a negotiation with its documents has some 20 kB; more than are under way at once
KNOWN_ROWS_MAX = 256
# a window of the most rows has 300 kB of keys: those that are under way, and some 20 MB at the very most
LARGE_ROWS_KNOWN = 64
# a name that needs no thought in any SQL dialect once it is quoted
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


# column -> value: a row of any table, for whoever copies or inspects tables by their names
Columns: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the store.

    `columns` is `"name:kind name:kind …"`; the kinds are the rows of `connector.store.columns.KINDS`.
    `key` names the primary key; `unique` and `index` are tuples of column tuples. A row of a `held` table is read and
    written once an act, however often the act asks for it and changes it (`connector.store.held`); the newest `known`
    of its rows stay in memory.
    """

    name: str
    columns: str
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    index: tuple[tuple[str, ...], ...] = ()
    held: bool = False
    known: int = KNOWN_ROWS_MAX

    def __post_init__(self) -> None:
        kinds = self.kinds()
        assert len(kinds) == len(self.columns.split()), f"a column of {self.name} is declared twice"
        assert all(_NAME.fullmatch(name) for name in (self.name, *kinds)), f"a name of {self.name} is no identifier"
        assert all(kind in KINDS for kind in kinds.values()), f"a kind of {self.name} is unknown"
        named = {column for columns in (self.key, *self.unique, *self.index) for column in columns}
        assert self.key, f"{self.name} has no key"
        assert named <= set(kinds), f"an index of {self.name} names an undeclared column"

    def kinds(self) -> dict[str, str]:
        """Return column name → kind, in declaration order."""
        return dict(pair.split(":", 1) for pair in self.columns.split())
