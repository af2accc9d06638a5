"""The making of a table that subjects are looked up in, seen from the connector: as `connector.compute.fitting`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.compute.buckets import TABLE_BYTES_MAX, Shape
from connector.compute.one_table import Foreseen, OneTable
from connector.compute.reader_process import BUCKETED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from contracts.gate import Gate
    from ledger.edition.index import IndexedFile

# two million keys, each hashed and multiplied, on a machine that is busy
SECONDS: Final = 3_600
STATEMENT: Final = "lookup"


class Bucketing(OneTable):
    """A process that makes a table; `table` may be empty where there is one."""

    seconds_max = SECONDS
    answered_bytes_max = TABLE_BYTES_MAX

    def __init__(self, table: str, gate: Gate, columns: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(STATEMENT, gate, columns, SECONDS, BUCKETED)
        self._table = table

    @property
    def confined(self) -> tuple[str, ...]:
        """What held its process."""
        return self._confined

    def foresee(self) -> Foreseen:
        """Have it looked at (blocking); raises InvalidInput."""
        return self._looked({"table": self._table})

    def make(
        self,
        foreseen: Foreseen,
        file: IndexedFile,
        placed: Iterable[tuple[int, bytes | memoryview]],
        secret: bytes,
        tagging: bytes = b"",
    ) -> tuple[Shape, bytes]:
        """Return the table of a file, made with p (blocking); raises InvalidInput for what is too large.

        With t (`tagging`) the tags of its subjects go before it.
        """
        scalars = {"key": secret.hex()} | ({"tagging": tagging.hex()} if tagging else {})
        head, table = self._given(foreseen.table, file, placed, b"", scalars)
        shape = Shape(*(int(head[name]) for name in ("buckets", "entries", "entryBytes", "tags")))
        return shape, table
