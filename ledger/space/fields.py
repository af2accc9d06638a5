"""Fields of the space's document, read strictly."""

from __future__ import annotations

from typing import Any, Final

BASIS_POINTS: Final = 10_000
SCHEMES: Final = ("http", "https")


def url(value: str) -> str:
    """Return a base URL if it is one; raises ValueError."""
    scheme, _, rest = value.partition("://")
    if scheme not in SCHEMES or not rest or rest.endswith("/"):
        raise ValueError(f"`{value[:200]}` is no base URL")
    return value


def raw(value: str, length: int) -> bytes:
    """Return so many bytes that are written in hex; raises ValueError."""
    raw = bytes.fromhex(value)
    if len(raw) != length:
        raise ValueError(f"`{value[:40]}` is not {length} bytes in hex")
    return raw


def basis_points(value: Any) -> int:
    """Return a fee if it is one; raises ValueError."""
    if type(value) is not int or not 0 <= value <= BASIS_POINTS:
        raise ValueError("`feeBps` is no number of basis points")
    return value
