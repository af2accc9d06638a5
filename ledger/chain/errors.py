"""What can go wrong between us and a chain; the type says whose turn it is.

ChainError
├── ChainUnreachable    nobody answered, or not as a chain does: nothing is known, ask again
└── ChainRefused        the chain or the program said no, and `reason` says why: change something first
"""

from __future__ import annotations


class ChainError(Exception):
    """Something between us and a chain went wrong."""


class ChainUnreachable(ChainError):  # noqa: N818  # the name says what happened
    """Nobody answered, or not as a chain does; whether anything happened is unknown."""


class ChainRefused(ChainError):  # noqa: N818  # the name says what happened
    """The chain or a program said no; nothing changed. `reason` may be a program's words: `channels: stale voucher`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the chain refuses: {reason}")
        self.reason = reason
