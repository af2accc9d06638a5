"""Keys of a member's log that were: up to which size its heads count by each, and until when it cosigned by it.

A log goes on under another key: the tree is the same, and so is its origin. What a former key signed stays what it was,
but says nothing of what came later (decision 0306).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ledger.log.checkpoint import Former
from ledger.log.note import log_vkey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEY_BYTES: Final = 32
SIZE_LIMIT: Final = 2**63 - 1
FORMER_LOG_MAX: Final = 8  # of one member


@dataclass(frozen=True, slots=True)
class FormerLog:
    """A key (32 public bytes) under which a log had at most `size` entries; it cosigned others' heads `until` then."""

    key: bytes
    size: int
    until: datetime

    def json(self) -> dict[str, str]:
        """Return it as a space's document has it."""
        return {"key": self.key.hex(), "size": str(self.size), "until": self.until.isoformat(timespec="seconds")}


def verifiers(origin: str, former: Iterable[FormerLog]) -> tuple[Former, ...]:
    """Return what verifies heads of a log that bear a former key's signature alone."""
    return tuple(Former(log_vkey(origin, one.key), one.size) for one in former)


def read(value: Mapping[str, Any]) -> FormerLog:
    """Read a former key; raises ValueError, KeyError, TypeError."""
    key, size, until = bytes.fromhex(value["key"]), value["size"], datetime.fromisoformat(value["until"])
    if len(key) != KEY_BYTES or until.tzinfo is None:
        raise ValueError("a former key of a log has 32 bytes, and ends at a time with a zone")
    if not (isinstance(size, str) and size.isascii() and size.isdigit() and int(size) <= SIZE_LIMIT):
        raise ValueError("a former key of a log ends at a size")
    return FormerLog(key, int(size), until)
