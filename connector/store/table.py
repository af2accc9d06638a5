"""A table as data: what its columns hold, what identifies a row, what is unique."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the store.

    `columns` is `"name:kind name:kind …"`; the kinds are the rows of `connector.store.columns.KINDS`.
    `key` names the primary key; `unique` and `index` are tuples of column tuples.
    """

    name: str
    columns: str
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    index: tuple[tuple[str, ...], ...] = ()

    def kinds(self) -> dict[str, str]:
        """Return column name → kind, in declaration order."""
        return dict(pair.split(":", 1) for pair in self.columns.split())
