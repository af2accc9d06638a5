"""The files of a log, `checkpoint` and `tile/…`, as whoever reads them fetches them: below a URL, or in a folder.

Law: of a file at most `limit_bytes` are read, and what goes wrong is raised as it comes: the caller says what it means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.log.tiles import ENTRY_LIMIT_BYTES, TILE_WIDTH_HASHES

if TYPE_CHECKING:
    from pathlib import Path

    from connector.net.outbound import Outbound
    from ledger.log.reader import Fetch

# an entry bundle is the longest file of a log: 256 entries, each behind its length
FILE_BYTES_MAX = TILE_WIDTH_HASHES * (2 + ENTRY_LIMIT_BYTES)


def below(outbound: Outbound, base: str, limit_bytes: int) -> Fetch:
    """Return what fetches the files below a URL."""
    prefix = base.rstrip("/")

    async def fetch(path: str) -> bytes:
        return (await outbound.get(f"{prefix}/{path}", limit_bytes=limit_bytes)).body

    return fetch


def inside(folder: Path, limit_bytes: int) -> Fetch:
    """Return what reads the files in a folder."""

    async def fetch(path: str) -> bytes:
        with (folder / path).open("rb") as file:
            return file.read(limit_bytes)

    return fetch
