"""A source that grows: what has come since a position, in order, each message once.

Law: `read` may be repeated until `confirm`: what was read is forgotten there no sooner than it is durable here. A
position is a text of the source's own, which alone says where to go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

# what is read at once: a batch of the largest size
READ_BYTES_MAX: Final = 1 << 20
READ_MESSAGES_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Read:
    """Messages without their newlines, and the position behind the last."""

    messages: list[bytes]
    position: str


class Growing(Protocol):
    """A source that is open."""

    async def read(self) -> Read | None:
        """Return what has come since the last read, None where nothing has; `VaultError` `source` if it cannot."""

    async def confirm(self, position: str) -> None:
        """Let the source forget what is before a position: it is durable here."""

    async def close(self) -> None:
        """Close it."""
