"""Who says whether plain bytes may leave, and counts them: a transfer under an agreement, or a data flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from connector.custody.opened import Opened
    from connector.custody.tickets import Ticket


class Meter(Protocol):
    """What serving and sending ask; each raises NotPermitted where nothing may leave."""

    async def stands(self, ticket: Ticket) -> None:
        """Pass where the ticket's transfer runs."""

    async def open(self, ticket: Ticket) -> Opened:
        """Open the ticket's edition for reading."""

    async def charge(self, ticket: Ticket, rows: range, length: int, calls: int) -> None:
        """Count bytes of `rows`, and requests, before they leave."""

    async def give_back(self, ticket: Ticket, length: int) -> None:
        """Take back bytes that were counted and did not leave."""

    def pace(self, ticket: Ticket) -> str:
        """Return whose pace is kept (`connector.licence.throttle`)."""

    async def sent(self, key: str) -> int:
        """Return how many files of a push were taken."""

    async def note_sent(self, key: str, count: int) -> None:
        """Take note of files that were taken."""
