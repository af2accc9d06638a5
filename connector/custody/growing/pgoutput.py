"""What PostgreSQL's `pgoutput` says of changes, read message by message (logical replication message formats, 1).

Law: of a transaction everything or nothing: its changes are given with its commit. What this form does not know is
refused, never left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from connector.custody.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
ABSENT: Final = object()  # a value that did not change and is stored elsewhere: it is not told


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `was` is what the table's replica identity says of the row before."""

    op: str
    table: str
    row: dict[str, str | None]
    was: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Transaction:
    """What was committed together, when, and where the log goes on behind it."""

    end: int
    at: datetime
    changes: tuple[Change, ...]


@dataclass(slots=True)
class Reader:
    """Reads one message after the other; tables are told before their changes."""

    _tables: dict[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    _changes: list[Change] = field(default_factory=list)

    def transactions(self, messages: Iterable[bytes]) -> Iterator[Transaction]:
        """Yield the transactions of messages in order; `VaultError` `source` for one that is not understood."""
        for message in messages:
            kind, at = chr(message[0]), _Cursor(message, 1)
            if kind == "B":
                self._changes = []
            elif kind == "R":
                self._table(at)
            elif kind in _CHANGES:
                self._changes.append(self._change(kind, at))
            elif kind == "T":
                self._changes.extend(self._truncated(at))
            elif kind == "C":
                at.skip(1 + 8)
                end, microseconds = at.number(8), at.number(8)
                yield Transaction(end, EPOCH + timedelta(microseconds=microseconds), tuple(self._changes))
            elif kind not in _PASSED:
                raise VaultError("source", f"the slot tells `{kind}`, which is no change of a table")

    def _table(self, at: _Cursor) -> None:
        number, schema, name = at.number(4), at.text(), at.text()
        at.skip(1)
        columns = []
        for _ in range(at.number(2)):
            at.skip(1)
            columns.append(at.text())
            at.skip(4 + 4)
        self._tables[number] = f"{schema}.{name}", tuple(columns)

    def _change(self, kind: str, at: _Cursor) -> Change:
        table, columns = self._tables[at.number(4)]
        parts: dict[str, dict[str, str | None]] = {}
        while at.left:
            which = at.letter()
            parts[which] = _row(at, columns)
        was = parts.get("O") or parts.get("K") or {}
        return Change(_CHANGES[kind], table, parts.get("N", {}), was)

    def _truncated(self, at: _Cursor) -> Iterator[Change]:
        count = at.number(4)
        at.skip(1)
        for _ in range(count):
            yield Change("truncate", self._tables[at.number(4)][0], {}, {})


_CHANGES: Final = {"I": "insert", "U": "update", "D": "delete"}
# where a change came from, and kinds of columns: nothing that a buyer is told
_PASSED: Final = frozenset("OY")


def _row(at: _Cursor, columns: tuple[str, ...]) -> dict[str, str | None]:
    found: dict[str, Any] = {}
    for name in columns[: at.number(2)]:
        kind = at.letter()
        if kind == "t":
            found[name] = at.bytes(at.number(4)).decode()
        elif kind == "n":
            found[name] = None
        elif kind != "u":
            raise VaultError("source", f"the column `{name}` comes in the form `{kind}`, and not as text")
    return found


@dataclass(slots=True)
class _Cursor:
    """A place in a message."""

    message: bytes
    at: int

    @property
    def left(self) -> int:
        return len(self.message) - self.at

    def skip(self, count: int) -> None:
        self.at += count

    def bytes(self, count: int) -> bytes:
        found = self.message[self.at : self.at + count]
        self.at += count
        return found

    def number(self, count: int) -> int:
        return int.from_bytes(self.bytes(count))

    def letter(self) -> str:
        return chr(self.number(1))

    def text(self) -> str:
        end = self.message.index(b"\x00", self.at)
        found = self.message[self.at : end].decode()
        self.at = end + 1
        return found
