"""A row of a table as a value: its columns are declared once, as the fields of a class.

    @table("paid_periods", key=("agreement", "period"))
    @dataclass(frozen=True, kw_only=True)
    class PaidPeriodRow(TableRow):
        agreement: str
        amount: Amount
        ended: datetime | None = None

Law: from the class follow the columns of both databases, how a value of each is kept (`connector.store.columns`), and
what a transaction gives and takes (`connector.store.transaction`), so a column that does not exist fails in mypy. A row
is never changed: `replace` makes the next one, and `Tx.change` writes what differs.

A column that may be NULL says `| None`. A text column may be declared as a StrEnum: its states come back as members.
A column may rest in another form than the row has it: `Annotated[KeyOffer, "json", to_json, read]`. What is found and
what is written by rows is turned; what is named in a blind write or a condition is given as it rests.
A file of rows has no postponed annotations: the types are needed when the class is made. It takes `dataclass` from
here: to mypy that of the library, whose five functions a class are written as text and compiled, a third of a
millisecond for each of seventy tables at every start; here all rows share theirs.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import StrEnum
from functools import partial
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, TypeVar, get_args, get_origin

from connector.store.table import KNOWN_ROWS_MAX, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _Turn: TypeAlias = Callable[[Any], Any]

R = TypeVar("R", bound="TableRow")

# kinds of columns that have no type of their own
Amount: TypeAlias = Annotated[int, "amount"]  # minor units of any width
Secret: TypeAlias = Annotated[bytes, "secret"]  # rests wrapped
Document: TypeAlias = Annotated[dict[str, Any], "json"]
Documents: TypeAlias = Annotated[list[Any], "json"]
Json: TypeAlias = Annotated[Any, "json"]

_KINDS: Mapping[type, str] = {str: "text", int: "int", bytes: "blob", datetime: "time"}


class TableRow:
    """What every row is; its class says of which table."""

    TABLE: ClassVar[Table]
    COLUMNS: ClassVar[tuple[str, ...]]
    WRITES: ClassVar[Mapping[str, Callable[[Any], Any]]]  # column -> what makes the form in which it rests
    FROM: ClassVar[Callable[[Mapping[str, Any]], Any]]  # columns as the database gives them -> the row
    BLANK: ClassVar[dict[str, Any]]  # column -> its default, in the order of the declaration
    NEEDED: ClassVar[frozenset[str]]  # those that have none
    FRESH: ClassVar[Mapping[str, Callable[[], Any]]]  # those whose default is made anew each time
    SHOWN: ClassVar[tuple[str, ...]]  # those that are no secret

    def __init__(self, **columns: Any) -> None:
        if not columns.keys() >= self.NEEDED:
            raise TypeError(f"`{self.TABLE.name}` needs {', '.join(sorted(self.NEEDED - columns.keys()))}")
        values = self.BLANK | columns
        if len(values) > len(self.BLANK):
            raise TypeError(f"`{self.TABLE.name}` has no column {', '.join(columns.keys() - self.BLANK.keys())}")
        for name, make in self.FRESH.items():
            if name not in columns:
                values[name] = make()
        self.__dict__.update(values)

    def __setattr__(self, name: str, _value: object) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        return self.__dict__ == other.__dict__ if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(map(self.__dict__.__getitem__, self.COLUMNS)))

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={self.__dict__[name]!r}' for name in self.SHOWN)})"

    def columns(self) -> dict[str, Any]:
        """Return column -> value as it rests, in the order of the declaration."""
        return self._resting(dict(self.__dict__))

    def differs(self, other: TableRow) -> dict[str, Any]:
        """Return column -> value as it rests of those in which `other`, a row of the same table, is different."""
        before = self.__dict__
        return self._resting(
            {
                name: value
                for name, value in other.__dict__.items()
                if value is not before[name] and value != before[name]
            }
        )

    def key(self) -> dict[str, Any]:
        """Return column -> value of the primary key."""
        return {name: self.__dict__[name] for name in self.TABLE.key}

    def _resting(self, values: dict[str, Any]) -> dict[str, Any]:
        for name, write in self.WRITES.items():
            if values.get(name) is not None:
                values[name] = write(values[name])
        return values


def table(
    name: str,
    key: tuple[str, ...],
    *,
    unique: tuple[tuple[str, ...], ...] = (),
    index: tuple[tuple[str, ...], ...] = (),
    held: bool = False,
    known: int = KNOWN_ROWS_MAX,
) -> Callable[[type[R]], type[R]]:
    """Declare a dataclass as the rows of a table; the words are those of `connector.store.table.Table`."""

    def declare(row: type[R]) -> type[R]:
        declared = {column: _declared(hint) for column, hint in row.__annotations__.items()}
        columns = " ".join(f"{column}:{kind}" for column, (kind, _, _) in declared.items())
        reads = {column: read for column, (_, read, _) in declared.items() if read is not None}
        row.COLUMNS = tuple(declared)
        row.TABLE = Table(name, columns, key, unique, index, held, known)
        row.WRITES = {column: write for column, (_, _, write) in declared.items() if write is not None}
        row.FROM = partial(_from, row, reads) if reads else partial(_made, row)
        return row

    return declare


# Rows are made and replaced some thousand times a second: what a frozen dataclass does column by column (4 µs for a
# negotiation, 8 µs in `dataclasses.replace`) is one copy of a dictionary here. mypy checks it as that of `dataclasses`.
if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  # who imports it from here means it
    from dataclasses import replace as replace  # noqa: PLC0414  # as above
else:

    def dataclass(*, frozen: bool, kw_only: bool) -> Callable[[type[R]], type[R]]:
        """Declare the fields of a row; what it does with them is `TableRow`'s."""
        assert frozen, "a row is never changed"
        assert kw_only, "columns are named"
        return _fields

    def _fields(row: type[R]) -> type[R]:
        dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=True)(row)
        row.__dataclass_params__.frozen = True  # by `TableRow.__setattr__`; a frozen class may stand on it
        told, missing = dataclasses.fields(row), dataclasses.MISSING
        row.BLANK = {one.name: None if one.default is missing else one.default for one in told}
        row.FRESH = {one.name: one.default_factory for one in told if one.default_factory is not missing}
        row.NEEDED = frozenset(one.name for one in told if one.default is missing) - row.FRESH.keys()
        row.SHOWN = tuple(one.name for one in told if one.repr)
        return row

    def replace(row: Any, /, **changes: Any) -> Any:
        """Return the row with other values in some columns; raises TypeError for a column that it has not.

        Any other dataclass is taken as well: mypy lets it pass, since it reads this as `dataclasses.replace`.
        """
        if not isinstance(row, TableRow):
            return dataclasses.replace(row, **changes)
        columns = row.__dict__
        if not changes.keys() <= columns.keys():
            raise TypeError(f"`{type(row).TABLE.name}` has no column {', '.join(changes.keys() - columns.keys())}")
        return _made(type(row), columns | changes)


def _made(row: type[R], columns: Mapping[str, Any]) -> R:
    made = object.__new__(row)
    made.__dict__.update(columns)
    return made


def _from(row: type[R], reads: Mapping[str, _Turn], columns: Mapping[str, Any]) -> R:
    found = dict(columns)
    for column, read in reads.items():
        if found[column] is not None:
            found[column] = read(found[column])
    return _made(row, found)


def _declared(hint: Any) -> tuple[str, _Turn | None, _Turn | None]:
    """Return the kind of a column by its type, and what reads and writes the form in which it rests, if it has one."""
    if get_origin(hint) is UnionType or NoneType in get_args(hint):
        [hint] = [one for one in get_args(hint) if one is not NoneType]
    if get_origin(hint) is Annotated:
        _, kind, write, read = (*get_args(hint), None, None)[:4]
        return str(kind), read, write
    if issubclass(hint, StrEnum):
        return "text", hint, None
    return _KINDS[hint], None, None
