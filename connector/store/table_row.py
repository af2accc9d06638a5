"""A row of a table as a value: its columns are declared once, as the fields of a class.

    @table("paid_periods", key=("agreement", "period"))
    @dataclass(frozen=True, slots=True, kw_only=True)
    class PaidPeriodRow(TableRow):
        agreement: str
        amount: Amount
        ended: datetime | None = None

Law: from the class follow the columns of both databases, how a value of each is kept (`connector.store.columns`), and
what a transaction gives and takes (`connector.store.transaction`), so a column that does not exist fails in mypy. A row
is never changed: `dataclasses.replace` makes the next one, and `Tx.change` writes what differs.

A column that may be NULL says `| None`. A text column may be declared as a StrEnum: its states come back as members.
A file of rows has no postponed annotations: the types are needed when the class is made.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import partial
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, TypeVar, get_args, get_origin

from connector.store.table import KNOWN_ROWS_MAX, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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

    __slots__ = ()
    TABLE: ClassVar[Table]
    COLUMNS: ClassVar[tuple[str, ...]]
    FROM: ClassVar[Callable[[Mapping[str, Any]], Any]]  # columns as the database gives them -> the row

    def columns(self) -> dict[str, Any]:
        """Return column -> value, in the order of the declaration."""
        return {name: getattr(self, name) for name in self.COLUMNS}

    def differs(self, other: TableRow) -> dict[str, Any]:
        """Return column -> value of those in which `other`, a row of the same table, is different."""
        return {name: value for name in self.COLUMNS if (value := getattr(other, name)) != getattr(self, name)}

    def key(self) -> dict[str, Any]:
        """Return column -> value of the primary key."""
        return {name: getattr(self, name) for name in self.TABLE.key}


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
        columns = " ".join(f"{column}:{kind}" for column, (kind, _) in declared.items())
        states = {column: states for column, (_, states) in declared.items() if states is not None}
        row.COLUMNS = tuple(declared)
        row.TABLE = Table(name, columns, key, unique, index, held, known)
        row.FROM = partial(_from, row, states) if states else partial(_whole, row)
        return row

    return declare


def _whole(row: type[R], columns: Mapping[str, Any]) -> R:
    return row(**columns)


def _from(row: type[R], states: Mapping[str, type[StrEnum]], columns: Mapping[str, Any]) -> R:
    found = dict(columns)
    for column, members in states.items():
        if found[column] is not None:
            found[column] = members(found[column])
    return row(**found)


def _declared(hint: Any) -> tuple[str, type[StrEnum] | None]:
    """Return the kind of a column by its type, and its states if it has any."""
    if get_origin(hint) is UnionType or NoneType in get_args(hint):
        [hint] = [one for one in get_args(hint) if one is not NoneType]
    if get_origin(hint) is Annotated:
        return str(get_args(hint)[1]), None
    if issubclass(hint, StrEnum):
        return "text", hint
    return _KINDS[hint], None
