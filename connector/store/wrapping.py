"""Columns whose values rest wrapped: secrets that a copy of the tables must not tell (spec 1.11).

Law: a value of the kind `secret` reaches SQL only wrapped, under a key that is in no table and in no back-up; in memory
it is plain. Who opens tables without that key can neither write such a value nor read one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from connector.store.errors import BadStatement

if TYPE_CHECKING:
    from collections.abc import Callable


class Wrapping(Protocol):
    """Who wraps the values; `name` is the column's, `table.column`, and a value unwraps under no other."""

    def wrap(self, name: str, value: bytes) -> bytes:
        """Return the value wrapped."""

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """Return the value; raises where the key is not here, or the value is not what was wrapped."""


def encoder(name: str, encode: Callable[[object], bytes], wrapping: Wrapping | None) -> Callable[[object], bytes]:
    """Return what makes a value of ours one that may rest."""

    def wrapped(value: object) -> bytes:
        if wrapping is None:
            raise BadStatement(f"`{name}` rests wrapped, and these tables were opened without the key for it")
        return wrapping.wrap(name, encode(value))

    return wrapped


def decoder(name: str, wrapping: Wrapping | None) -> Callable[[bytes], bytes]:
    """Return what makes a value that rested ours again."""

    def plain(value: bytes) -> bytes:
        if wrapping is None:
            raise BadStatement(f"`{name}` rests wrapped, and these tables were opened without the key for it")
        return wrapping.unwrap(name, value)

    return plain
