"""Typed values as JSON: the names of the typed data, addresses checksummed, digests hex, numbers decimal strings.

`uint8` codes are JSON numbers and `Range[]` is the `[[first, count], …]` of `ranges`, canonical form only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from contracts import address
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.ranges import RowSet
from contracts.typed_data import Order, Range, members

MAX_TEXT_CHARACTERS = 2000
MAX_ORDERS = 64
MAX_RANGES = 1024

T = TypeVar("T")


def to_json(value: Any) -> dict[str, Any]:
    """Return the JSON object of a typed value."""
    return {name: _CODECS[solidity][0](getattr(value, field)) for solidity, name, field in members(type(value))}


def from_json(kind: type[T], document: Any) -> T:
    """Read a typed value; unknown, missing or misspelt members are refused."""
    plan = members(kind)
    if not isinstance(document, Mapping) or set(document) != {name for _, name, _ in plan}:
        raise ContractError("members", f"a {kind.__name__} has exactly {', '.join(name for _, name, _ in plan)}")
    return kind(**{field: _CODECS[solidity][1](document[name], name) for solidity, name, field in plan})


def row_set(ranges: tuple[Range, ...]) -> RowSet:
    """Return the rows of an order; ranges that are not in canonical form are refused."""
    return RowSet(tuple((each.first, each.count) for each in ranges))


def to_ranges(rows: RowSet) -> tuple[Range, ...]:
    """Return the typed ranges of a row set."""
    return tuple(Range(first, count) for first, count in rows.ranges)


def _read_code(value: Any, name: str) -> int:
    if type(value) is not int or not 0 <= value <= 255:
        raise ContractError("out-of-range", f"`{name}` is not a code from 0 to 255")
    return value


def _read_text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT_CHARACTERS:
        raise ContractError("not-text", f"`{name}` is not a text of at most {MAX_TEXT_CHARACTERS} characters")
    return value


def _read_ranges(value: Any, name: str) -> tuple[Range, ...]:
    rows = RowSet.from_json(value, max_ranges=MAX_RANGES)
    if not rows:
        raise ContractError("ranges", f"`{name}` names no row")
    return to_ranges(rows)


def _read_orders(value: Any, name: str) -> tuple[Order, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_ORDERS:
        raise ContractError("orders", f"`{name}` is not a list of 1 to {MAX_ORDERS} orders")
    return tuple(from_json(Order, order) for order in value)


Codec = tuple[Callable[[Any], Any], Callable[[Any, str], Any]]

_CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        "address": (address.show, address.read),
        "bytes32": (bytes.hex, lambda value, name: read_hex(value, name, 32)),
        "uint8": (int, _read_code),
        "uint64": (str, lambda value, name: read_decimal(value, name, limit=(1 << 64) - 1)),
        "uint128": (str, lambda value, name: read_decimal(value, name, limit=(1 << 128) - 1)),
        "string": (str, _read_text),
        "Range[]": (lambda ranges: row_set(ranges).json(), _read_ranges),
        "Order[]": (lambda orders: [to_json(order) for order in orders], _read_orders),
    }
)
