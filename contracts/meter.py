"""How a quantity follows from orders: one table, by which both sides, their books and every auditor count (spec 3.6).

Law: what an order adds is counted of its *new* rows alone, piece by piece; so a cut into orders, and their order,
changes no sum.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from contracts import records

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from contracts.ranges import RowSet
    from contracts.tariff import Tariff


class Sizes(Protocol):
    """What is known of an edition's pieces; a row table is one."""

    def plain_bytes(self, first: int, count: int) -> int:
        """Return the plain bytes of `count` pieces from `first`."""


def added(tariff: Tariff, new: RowSet, sizes: Sizes, *, begins: bool) -> int:
    """Return by how much an order moves the quantity: `new` rows it pays, and whether it `begins` an opening."""
    return METERS[tariff.counted.counts](tariff, new, sizes, begins)


def _bytes(_tariff: Tariff, new: RowSet, sizes: Sizes, _begins: bool) -> int:  # noqa: FBT001 - a table's column
    return sum(sizes.plain_bytes(first, count) for first, count in new.ranges)


def _records(tariff: Tariff, new: RowSet, _sizes: Sizes, _begins: bool) -> int:  # noqa: FBT001 - see above
    return records.within(tariff.records, new)


def _pieces(_tariff: Tariff, new: RowSet, _sizes: Sizes, _begins: bool) -> int:  # noqa: FBT001 - see above
    return len(new)


def _openings(_tariff: Tariff, _new: RowSet, _sizes: Sizes, begins: bool) -> int:  # noqa: FBT001 - see above
    return int(begins)


def _calls(_tariff: Tariff, _new: RowSet, _sizes: Sizes, _begins: bool) -> int:  # noqa: FBT001 - see above
    return 1


METERS: Final[Mapping[str, Callable[[Tariff, RowSet, Sizes, bool], int]]] = MappingProxyType(
    {"byte": _bytes, "record": _records, "piece": _pieces, "opening": _openings, "call": _calls}
)
