"""How large the pieces of an edition are where nobody says a size (decision 0129)."""

from __future__ import annotations

from ledger.edition.header import DEFAULT_PIECE_BYTES
from ledger.edition.row import MAX_PIECE_BYTES

# from so many plain bytes on `fixed` pieces are as large as they may be: each costs the same work whatever its size
LARGE_BYTES = 1024 * 1024 * 1024


def piece_bytes(layout: str, plain_bytes: int) -> int:
    """Return the size for data of so many bytes, cut as `layout` says."""
    return MAX_PIECE_BYTES if layout == "fixed" and plain_bytes >= LARGE_BYTES else DEFAULT_PIECE_BYTES
