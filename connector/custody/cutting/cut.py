"""One file's pieces: their plain lengths in order, the group of each, and which of them a reader needs first.

Law: the lengths add up to the file, so a piece never spans two files; none is longer than the piece size, none empty.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING

from connector.custody.errors import VaultError
from contracts.ranges import RowSet
from ledger.edition.row_table import MAX_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.custody.critical import Span


@dataclass(frozen=True, slots=True)
class Cut:
    """The pieces of one file; `critical` counts rows from the file's first piece."""

    lengths: array[int]
    groups: array[int]
    critical: RowSet

    def __len__(self) -> int:
        return len(self.lengths)


@dataclass(frozen=True, slots=True)
class Cutting:
    """The cuts of all files in order; `columns` maps a column's name to its group where the layout has any."""

    cuts: tuple[Cut, ...]
    columns: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


def cut_of(spans: Iterable[tuple[int, int]], piece_bytes: int, critical: Span | None = None) -> Cut:
    """Cut consecutive spans of (bytes, group), each at every `piece_bytes`; `critical` is offset and length."""
    lengths, groups = array("I"), array("I")
    for size, group in spans:
        whole, rest = divmod(size, piece_bytes)
        found = [piece_bytes] * whole + [rest] * bool(rest)
        if len(lengths) + len(found) > MAX_ROWS:
            raise VaultError("source", f"a file has more than the {MAX_ROWS} pieces of an edition", "use larger pieces")
        lengths.extend(found)
        groups.extend([group] * len(found))
    return Cut(lengths, groups, overlapping(lengths, critical))


def overlapping(lengths: Iterable[int], span: Span | None) -> RowSet:
    """Return the pieces that hold bytes of a span (offset, length)."""
    if span is None:
        return RowSet()
    begins, ends = span[0], span[0] + span[1]
    after = list(accumulate(lengths))
    return RowSet.rows(n for n, at in enumerate([0, *after[:-1]]) if at < ends and after[n] > begins)
