"""One file of a web server, through the same gate as every address we connect to.

    a server that serves ranges and names the version (strong ETag, or Last-Modified) → read range by range
    any other                                                                         → fetched once, to a spool

Law: every range names the version it belongs to; what was fetched whole is read from our own disk.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from connector.custody.errors import VaultError
from connector.custody.origins.origin import changed, distant
from connector.custody.origins.spool import Spool
from connector.runtime.errors import PeerMisbehaved, PeerRefused, PenstockError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from connector.custody.origins.origin import Origin
    from connector.net.outbound import Answer, Outbound

    Way = Callable[[], Outbound]

# asking for the first byte tells the size, and whether ranges are served at all
PROBE = "bytes=0-0"
OF_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
PARTIAL, UNMET = 206, 412
FALLBACK_NAME = "download"
RANGE_SECONDS_MAX = 300  # for one window of a slow server


class Caller:
    """A loop of its own for a thread that seals, with one pool of connections behind the gate."""

    def __init__(self, way: Way) -> None:
        self._runner = asyncio.Runner()
        self._way = way
        self._outbound: Outbound | None = None

    def get(self, url: str, headers: Mapping[str, str], limit_bytes: int) -> Answer:
        """Ask for a short document, or one range."""
        return self._runner.run(self._get(url, headers, limit_bytes))

    def fetch(self, url: str, spool: Spool) -> None:
        """Fetch the whole of something long."""
        self._runner.run(self._fetch(url, spool))

    def close(self) -> None:
        """Close connections and loop."""
        if self._outbound is not None:
            self._runner.run(self._outbound.close())
        self._runner.close()

    async def _get(self, url: str, headers: Mapping[str, str], limit_bytes: int) -> Answer:
        return await self._open().get(url, headers=headers, limit_bytes=limit_bytes, timeout_seconds=RANGE_SECONDS_MAX)

    async def _fetch(self, url: str, spool: Spool) -> None:
        async with self._open().download(url, limit_bytes=spool.room) as body:
            async for chunk in body.chunks():
                spool.write(chunk)

    def _open(self) -> Outbound:
        if self._outbound is None:
            self._outbound = self._way().open()
        return self._outbound


@dataclass(frozen=True, slots=True)
class WebFile:
    """One version of one file; `condition` is the header that names the version."""

    url: str
    size: int
    condition: tuple[str, str]
    way: Way

    @property
    def place(self) -> str:
        """The file's address."""
        return self.url

    def open(self) -> BinaryIO:
        """Open it; every read is for this version only."""
        caller = Caller(self.way)
        return distant(self.size, lambda first, count: self._fetch(caller, first, count), caller.close)

    def check(self) -> None:
        """Do nothing: no read returned bytes of another version."""

    def _fetch(self, caller: Caller, first: int, count: int) -> bytes:
        last = first + count - 1
        headers = {"Range": f"bytes={first}-{last}", self.condition[0]: self.condition[1]}
        try:
            answer = caller.get(self.url, headers, count)
        except (PeerRefused, PeerMisbehaved) as refusal:
            if isinstance(refusal, PeerMisbehaved) or refusal.status == UNMET:
                raise changed(self.url) from refusal
            raise _unreadable(self.url, refusal) from refusal
        except PenstockError as fault:
            raise _unreadable(self.url, fault) from fault
        told = (_range(answer), _condition(answer.headers), len(answer.body))
        if told != ((first, last, self.size), self.condition, count):
            raise changed(self.url)
        return answer.body


def file_at(url: str, way: Way, folder: Path) -> tuple[str, Origin]:
    """Return (name, file) of an http(s) address; a file without ranges is spooled below `folder` (blocking)."""
    name = urlsplit(url).path.rpartition("/")[2] or FALLBACK_NAME
    caller = Caller(way)
    try:
        answer = _probe(caller, url)
        span = _range(answer) if answer else None
        condition = _condition(answer.headers) if answer else None
        if span and condition:
            return name, WebFile(url, span[2], condition, way)
        spool = Spool(url, folder)
        caller.fetch(url, spool)
    except PenstockError as fault:
        raise _unreadable(url, fault) from fault
    else:
        return name, spool
    finally:
        caller.close()


def _probe(caller: Caller, url: str) -> Answer | None:
    """Ask for one byte; None where a server sends more, or has none."""
    try:
        return caller.get(url, {"Range": PROBE}, 1)
    except PeerMisbehaved:
        return None
    except PeerRefused as refusal:
        if refusal.status == 416:  # an empty file has no first byte
            return None
        raise


def _range(answer: Answer) -> tuple[int, int, int] | None:
    """Return first and last byte and size of a partial answer."""
    found = OF_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if answer.status != PARTIAL or found is None:
        return None
    return int(found[1]), int(found[2]), int(found[3])


def _condition(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the header by which later reads ask for the same version, None if the server names none."""
    etag = headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return "If-Match", etag
    modified = headers.get("Last-Modified", "")
    return ("If-Unmodified-Since", modified) if modified and not etag else None


def _unreadable(url: str, fault: Exception) -> VaultError:
    return VaultError("source", f"`{url}` cannot be read: {fault}")
