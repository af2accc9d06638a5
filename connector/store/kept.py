"""Rows that the exchange keeps for somebody, each under its key: found, or the word that there is none.

Law: who may not know of a row hears the same word as for one that there is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from connector.runtime.errors import Absent
from connector.store.table_row import TableRow

if TYPE_CHECKING:
    from connector.store.store import Store
    from connector.store.transaction import Tx

R = TypeVar("R", bound=TableRow)

KEY_CHARACTERS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Kept(Generic[R]):
    """The rows of a table by its column `key`; `none` says that there is none, with the key in the place of `{}`."""

    row: type[R]
    key: str
    none: str
    hint: str

    def find(self, tx: Tx, key: str) -> R:
        """Return the row of a key; raises Absent."""
        row = tx.get(self.row, **{self.key: key})
        if row is None:
            raise self.absent(key)
        return row

    async def read(self, store: Store, key: str) -> R:
        """Return the row of a key, in a transaction of its own; raises Absent."""
        return await store.read(lambda tx: self.find(tx, key))

    def absent(self, key: str) -> Absent:
        """Return the word that there is none of this key."""
        return Absent(self.none.format(key[:KEY_CHARACTERS_SHOWN]), self.hint)
