"""Nodes of a chain's trees between lists and bytes (RLP, and paths as hexadecimal digits), for nodes alone.

A general reader looks at each value several times; nodes are two or seventeen short byte strings, and there are a dozen
for each word that a program writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

BRANCHES, HASH_BYTES = 17, 32
# a path and what it leads to, or a branch; and what shows a node in the one above: its hash, itself if that is shorter,
# nothing
Node = list[Any]
Reference = bytes | list[Any]
_STRING, _LONG_STRING, _LIST, _LONG_LIST, _SHORT = 0x80, 0xB7, 0xC0, 0xF7, 56
_ODD, _LEAF = 1, 2


def encode(node: Sequence[Any]) -> bytes:
    """Return a node as bytes."""
    parts = []
    for item in node:
        if not item:
            parts.append(b"\x80")
        elif isinstance(item, list):
            parts.append(encode(item))
        elif len(item) == 1 and item[0] < _STRING:
            parts.append(item)
        else:
            parts.append(_lead(len(item), _STRING) + item)
    whole = b"".join(parts)
    return _lead(len(whole), _LIST) + whole


def _lead(size: int, kind: int) -> bytes:
    if size < _SHORT:
        return bytes((kind + size,))
    counted = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((kind + _SHORT - 1 + len(counted),)) + counted


def decode(encoded: bytes) -> Node:
    """Return the node that `encode` made bytes of."""
    first = encoded[0]
    return _items(encoded, 1 if first <= _LONG_LIST else 1 + first - _LONG_LIST, len(encoded))


def _items(encoded: bytes, at: int, end: int) -> Node:
    items: Node = []
    while at < end:
        first = encoded[at]
        if first < _STRING:
            items.append(encoded[at : at + 1])
            at += 1
        elif first <= _LONG_STRING:
            items.append(encoded[at + 1 : at + 1 + first - _STRING])
            at += 1 + first - _STRING
        elif first < _LIST:
            start = at + 1 + first - _LONG_STRING
            at = start + int.from_bytes(encoded[at + 1 : start])
            items.append(encoded[start:at])
        else:  # a node inside another has fewer bytes than a hash
            items.append(_items(encoded, at + 1, at + 1 + first - _LIST))
            at += 1 + first - _LIST
    return items


def digits(path: bytes) -> tuple[str, bool]:
    """Return the digits of a node's path, and whether a word lies behind them."""
    shown = path.hex()
    flag = int(shown[0], 16)
    return shown[1 if flag & _ODD else 2 :], flag >= _LEAF


def path(shown: str, *, is_leaf: bool) -> bytes:
    """Return the path of digits."""
    flag = _LEAF if is_leaf else 0
    return bytes.fromhex(f"{flag + _ODD:x}{shown}" if len(shown) % 2 else f"{flag:x}0{shown}")
