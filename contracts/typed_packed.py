"""Typed values as bytes, for keeping: the members in their order, each as wide as its type.

    address 20 · bytes32 32 · uint8 1 · uint64 8 · uint128 16      numbers big-endian
    string, Range[], Order[]      a count of 4 bytes, then UTF-8 or the values, one after the other

Law: a value has one packed form, and bytes that are not exactly one are refused. It rests in tables of ours and is
neither signed nor sent: that is `typed_data` and `typed_json`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from contracts.errors import ContractError
from contracts.typed_data import TYPES, Order, Range, members

COUNT_BYTES = 4

T = TypeVar("T")
Pack = Callable[[Any], bytes]
# bytes and a place in them -> the value that begins there, and where it ends
Unpack = Callable[[bytes, int], tuple[Any, int]]
Codec = tuple[Pack, Unpack]


def pack(value: Any) -> bytes:
    """Return the packed form of a typed value; ContractError for a member that its type does not hold."""
    plan = _PLANS[type(value)]
    try:
        return b"".join([write(getattr(value, field)) for field, (write, _) in plan])
    except OverflowError as error:
        raise ContractError("out-of-range", f"a {type(value).__name__} has a number too large for its type") from error


def unpack(kind: type[T], packed: bytes) -> T:
    """Return the typed value of a packed form; ContractError for anything else."""
    value, end = _read(kind, packed, 0)
    if end != len(packed):
        raise ContractError("packed", f"a packed {kind.__name__} has {len(packed)} bytes, {end} were expected")
    return value


def _read(kind: type[T], packed: bytes, at: int) -> tuple[T, int]:
    values: list[Any] = []
    for _, (_, read) in _PLANS[kind]:
        value, at = read(packed, at)
        values.append(value)
    return kind(*values), at


def _fixed(size: int) -> Codec:
    def write(value: bytes) -> bytes:
        if type(value) is not bytes or len(value) != size:
            raise ContractError("wrong-length", f"a value of {size} bytes was expected")
        return value

    def read(packed: bytes, at: int) -> tuple[bytes, int]:
        return packed[at : at + size], at + size

    return write, read


def _uint(size: int) -> Codec:
    def write(number: int) -> bytes:
        return number.to_bytes(size, "big")

    def read(packed: bytes, at: int) -> tuple[int, int]:
        return int.from_bytes(packed[at : at + size], "big"), at + size

    return write, read


def _counted(packed: bytes, at: int) -> tuple[int, int]:
    count = int.from_bytes(packed[at : at + COUNT_BYTES], "big")
    if count > len(packed):  # a value has a byte at least
        raise ContractError("packed", f"it counts {count} values in {len(packed)} bytes")
    return count, at + COUNT_BYTES


def _write_text(value: str) -> bytes:
    text = value.encode()
    return len(text).to_bytes(COUNT_BYTES, "big") + text


def _read_text(packed: bytes, at: int) -> tuple[str, int]:
    size, at = _counted(packed, at)
    try:
        return packed[at : at + size].decode(), at + size
    except UnicodeDecodeError as error:
        raise ContractError("packed", "its text is not UTF-8") from error


def _several(kind: type) -> Codec:
    def write(values: tuple[Any, ...]) -> bytes:
        return b"".join((len(values).to_bytes(COUNT_BYTES, "big"), *map(pack, values)))

    def read(packed: bytes, at: int) -> tuple[tuple[Any, ...], int]:
        count, at = _counted(packed, at)
        values: list[Any] = []
        value: Any
        for _ in range(count):
            value, at = _read(kind, packed, at)
            values.append(value)
        return tuple(values), at

    return write, read


_CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        "address": _fixed(20),
        "bytes32": _fixed(32),
        "uint8": _uint(1),
        "uint64": _uint(8),
        "uint128": _uint(16),
        "string": (_write_text, _read_text),
        "Range[]": _several(Range),
        "Order[]": _several(Order),
    }
)
_PLANS: Mapping[type, tuple[tuple[str, Codec], ...]] = MappingProxyType(
    {kind: tuple((field, _CODECS[solidity]) for solidity, _, field in members(kind)) for kind in TYPES}
)
