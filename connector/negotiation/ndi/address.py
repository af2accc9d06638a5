"""Addresses of peers that are spoken to by these interfaces: `ndi+` stands before the address itself."""

from __future__ import annotations

from typing import Final

MARK: Final = "ndi+"


def is_ndi(url: str) -> bool:
    """Say whether an address is one of these interfaces."""
    return url.startswith(MARK)


def marked(url: str) -> str:
    """Return the address of a process of a peer that answers below `url`."""
    return MARK + url.rstrip("/")


def plain(url: str) -> str:
    """Return the address that is called."""
    return url.removeprefix(MARK).rstrip("/")
