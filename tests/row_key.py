"""A key under which windows rest in the tables of tests: the same in every process, and in no folder."""

from __future__ import annotations

from functools import cache

from connector.custody.row_key import RowKey


class _Known:
    """In place of the files of the vault: one key, which everybody knows."""

    def rows(self) -> list[str]:
        return ["rows-" + "11" * 16]

    def content_of_rows(self, _key_id: str) -> bytes:
        return b"\x11" * 32


@cache
def row_key() -> RowKey:
    return RowKey(_Known())
