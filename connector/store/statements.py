"""The statements of one table, generated from its declaration and kept.

Law: a name reaches SQL only after it was found in the declaration. A statement is built once for each set of columns;
after that a call costs one dictionary look-up.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from connector.store import clause, wrapping
from connector.store.columns import KINDS
from connector.store.errors import BadStatement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connector.store.table import Columns, Table
    from connector.store.wrapping import Wrapping

    Encoders = tuple[Callable[[Any], Any], ...]

# our own code asks a bounded number of questions; more means that somebody builds them from outside text
STATEMENTS_PER_TABLE_MAX = 500


class Statements:
    """Every statement of one table, made on first use; `wrapped` has the key for columns that rest wrapped."""

    def __init__(self, table: Table, wrapped: Wrapping | None = None) -> None:
        self._wrapped = wrapped
        self.table = table
        self.kinds = table.kinds()
        self._names = tuple(self.kinds)
        self.key = table.key
        self.held = table.held
        self.uniques = frozenset(column for columns in table.unique for column in columns)
        self._decoders = tuple((name, decode) for name in self.kinds if (decode := self._decoder(name)) is not None)
        self._list = ", ".join(_quoted(self._names))
        self._singles = {frozenset(columns) for columns in (table.key, *table.unique)}
        self._kept: dict[tuple[Any, ...], tuple[str, Encoders]] = {}
        self._clauses: dict[str, clause.Clause] = {}
        self._orders: dict[str, str] = {}

    @cached_property
    def insertion(self) -> tuple[str, Encoders]:
        """Return how a row that has every column is inserted."""
        return self._make_insert(self._names), self._encoders(self._names)

    def get(self, key: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Select the one row that `key` names: all columns of the key, or all of a unique set."""
        return self._call(("get", *key), self._make_get, key)

    def insert(self, row: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Insert `row`; columns not named are NULL."""
        return self._call(("insert", *row), self._make_insert, row)

    def insert_whole(self, row: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Insert a row that has every column, in the order of the declaration."""
        assert len(row) == len(self._names)
        sql, encoders = self.insertion
        return sql, _encode(encoders, row.values())

    def put(self, row: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Insert `row`, or change the named columns of the row that has its key."""
        return self._call(("put", *row), self._make_put, row)

    def delete(self, key: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Delete the rows whose columns equal `key`."""
        return self._call(("delete", *key), self._make_delete, key)

    def update(self, key: Mapping[str, Any], changes: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Change the rows whose columns equal `key`."""
        cached = self._kept.get(("update", *key, "", *changes))
        sql, encoders = cached or self._make_update(tuple(key), tuple(changes))
        return sql, _encode(encoders, [*changes.values(), *key.values()])

    def find(self, where: str, order: str, params: tuple[Any, ...], limit: int | None) -> tuple[str, list[Any]]:
        """Select the rows for which `where` holds, in `order`, at most `limit`."""
        sql = f"SELECT {self._list} FROM {_quote(self.table.name)}"  # noqa: S608 (both parts come from the declaration)
        values: list[Any] = []
        if where:
            checked = self._clauses.get(where) or self._keep_clause(where)
            values = checked.encode(params)
            sql += f" WHERE {checked.sql}"
        elif params:
            raise BadStatement(f"`{self.table.name}`: parameters without a where clause")
        if order:
            sql += f" ORDER BY {self._orders.get(order) or self._keep_order(order)}"
        if limit is not None:
            sql += " LIMIT ?"
            values.append(KINDS["int"].encode(limit))
        return sql, values

    def named(self, key: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the values of the key's columns, in their order, if `key` has these and no others."""
        if len(key) != len(self.key):
            return None
        try:
            return tuple([key[name] for name in self.key])
        except KeyError:
            return None

    def whole(self, row: Mapping[str, Any]) -> Columns:
        """Return a row with every column, None where `row` says nothing."""
        if unknown := row.keys() - self.kinds.keys():
            raise BadStatement(
                f"`{self.table.name}` has no column {', '.join(f'`{name}`' for name in sorted(unknown))}"
            )
        return {name: row.get(name) for name in self._names}

    def decode(self, values: Iterable[Any]) -> Columns:
        """Return a row of SQL values as a dictionary of ours."""
        row = dict(zip(self._names, values, strict=True))
        for name, decode in self._decoders:
            value = row[name]
            if value is not None:
                row[name] = decode(value)
        return row

    def _call(
        self, kept: tuple[str, ...], make: Callable[[tuple[str, ...]], str], row: Mapping[str, Any]
    ) -> tuple[str, list[Any]]:
        cached = self._kept.get(kept)
        if cached is None:
            names = tuple(row)
            encoders = self._encoders(names)
            cached = self._keep(kept, make(names), encoders)
        return cached[0], _encode(cached[1], row.values())

    def _make_get(self, names: tuple[str, ...]) -> str:
        if frozenset(names) not in self._singles:
            raise BadStatement(f"`{self.table.name}` has no key of the columns ({', '.join(names)}); use find")
        return f"SELECT {self._list} FROM {_quote(self.table.name)} WHERE {_equal(names)}"  # noqa: S608 (declared names)

    def _make_insert(self, names: tuple[str, ...]) -> str:
        if not set(self.table.key) <= set(names):
            raise BadStatement(f"a row of `{self.table.name}` needs its key ({', '.join(self.table.key)})")
        marks = ", ".join("?" * len(names))
        return f"INSERT INTO {_quote(self.table.name)} ({', '.join(_quoted(names))}) VALUES ({marks})"  # noqa: S608 (declared names)

    def _make_put(self, names: tuple[str, ...]) -> str:
        rest = [name for name in names if name not in self.table.key]
        change = f"UPDATE SET {', '.join(f'{_quote(n)} = excluded.{_quote(n)}' for n in rest)}" if rest else "NOTHING"
        return f"{self._make_insert(names)} ON CONFLICT ({', '.join(_quoted(self.table.key))}) DO {change}"

    def _make_delete(self, names: tuple[str, ...]) -> str:
        if not names:
            raise BadStatement(f"a deletion in `{self.table.name}` must name columns")
        return f"DELETE FROM {_quote(self.table.name)} WHERE {_equal(names)}"  # noqa: S608 (declared names)

    def _make_update(self, key: tuple[str, ...], changes: tuple[str, ...]) -> tuple[str, Encoders]:
        if not key or not changes:
            raise BadStatement(f"update of `{self.table.name}` must name columns to find and columns to change")
        encoders = self._encoders((*changes, *key))
        assignments = ", ".join(f"{_quote(name)} = ?" for name in changes)
        sql = f"UPDATE {_quote(self.table.name)} SET {assignments} WHERE {_equal(key)}"  # noqa: S608 (declared names)
        return self._keep(("update", *key, "", *changes), sql, encoders)

    def _encoders(self, names: tuple[str, ...]) -> Encoders:
        unknown = [name for name in names if name not in self.kinds]
        if unknown:
            raise BadStatement(f"`{self.table.name}` has no column {', '.join(f'`{name}`' for name in unknown)}")
        return tuple(self._encoder(name) for name in names)

    def _encoder(self, name: str) -> Callable[[Any], Any]:
        kind = KINDS[self.kinds[name]]
        full = f"{self.table.name}.{name}"
        return wrapping.encoder(full, kind.encode, self._wrapped) if kind.wrapped else kind.encode

    def _decoder(self, name: str) -> Callable[[Any], Any] | None:
        kind = KINDS[self.kinds[name]]
        return wrapping.decoder(f"{self.table.name}.{name}", self._wrapped) if kind.wrapped else kind.decode

    def _keep(self, kept: tuple[str, ...], sql: str, encoders: Encoders) -> tuple[str, Encoders]:
        assert len(self._kept) < STATEMENTS_PER_TABLE_MAX, f"too many shapes of statement on {self.table.name}"
        self._kept[kept] = (sql, encoders)
        return self._kept[kept]

    def _keep_clause(self, text: str) -> clause.Clause:
        assert len(self._clauses) < STATEMENTS_PER_TABLE_MAX, f"too many where clauses on {self.table.name}"
        self._clauses[text] = clause.where(text, self.kinds)
        return self._clauses[text]

    def _keep_order(self, text: str) -> str:
        assert len(self._orders) < STATEMENTS_PER_TABLE_MAX, f"too many orders on {self.table.name}"
        self._orders[text] = clause.order(text, self.kinds, self.key)
        return self._orders[text]


def _encode(encoders: Encoders, values: Iterable[Any]) -> list[Any]:
    return [None if value is None else encode(value) for encode, value in zip(encoders, values, strict=True)]


def _quote(name: str) -> str:
    return f'"{name}"'


def _quoted(names: Iterable[str]) -> list[str]:
    return [_quote(name) for name in names]


def _equal(names: Iterable[str]) -> str:
    # IS, not =: a key may ask for NULL, and the index is used all the same
    return " AND ".join(f"{_quote(name)} IS ?" for name in names)
