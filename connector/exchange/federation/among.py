"""The rows of many keys by one question each: what computes beside us may take the interpreter at every statement.

Law: a question names as many keys as a power of two, so that there are few statements to be prepared; who has fewer
names one of them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from connector.store.table_row import TableRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.store.transaction import Tx

R = TypeVar("R", bound=TableRow)

# keys of one question: a page of a catalogue has four times as many, and each may be a description of some kilobytes
KEYS_MAX = 32


def among(tx: Tx, table: type[R], column: str, keys: Sequence[str], where: str = "", *values: Any) -> list[R]:
    """Return the rows whose `column` is one of `keys`, and for which `where` holds, in no order."""
    found: list[R] = []
    for first in range(0, len(keys), KEYS_MAX):
        some = keys[first : first + KEYS_MAX]
        width = 1 << (len(some) - 1).bit_length()
        named = [*some, *([some[-1]] * (width - len(some)))]
        marks = ", ".join("?" * width)
        found += tx.find(table, f"{where and where + ' and '}{column} in ({marks})", (*values, *named))
    return found
