"""Addresses of peers that are spoken to by these interfaces: `ndi+` stands before the address itself.

`ndi+platform+` stands before that of the platform where it passes on what is said (signing mode 02); who asks for that
way writes it before the address of the other party.
"""

from __future__ import annotations

from typing import Final

MARK: Final = "ndi+"
THROUGH: Final = MARK + "platform+"


def is_ndi(url: str) -> bool:
    """Say whether an address is one of these interfaces."""
    return url.startswith(MARK)


def is_through(url: str) -> bool:
    """Say whether what is said to an address goes through the platform."""
    return url.startswith(THROUGH)


def marked(url: str, mark: str = MARK) -> str:
    """Return the address of a process of a peer that answers below `url`."""
    return mark + url.rstrip("/")


def plain(url: str) -> str:
    """Return the address that is called."""
    return url.removeprefix(THROUGH).removeprefix(MARK).rstrip("/")
