"""The part of the evidence that who acts writes; whoever takes it can be tested without a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connector.store.transaction import Tx


class Recorder(Protocol):
    """The part of the evidence that who acts writes."""

    def record(
        self, tx: Tx, kind: str, *, part: str, link: Sequence[str] = (), fields: Mapping[str, Any], now: datetime
    ) -> int:
        """Append an event in the transaction of the act it proves; return its index."""

    def leaf(self, tx: Tx, index: int) -> bytes:
        """Return the 32-byte leaf hash of an event."""
