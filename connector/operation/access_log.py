"""Who asked for what, and how it ended: a line for each request that came, in files of the data folder.

    DATA/access/2026-11-25.001.jsonl
    {"time": "…Z", "request": "…", "who": "did:web:…", "method": "GET", "route": "/sealed/{edition}/pieces",
     "status": 200, "code": "", "ms": 12.4, "in": 0, "out": 4194304}

`who` is the DID that was proven, `agreement:DIGEST` for a ticket, `account:NAME`, `key:NAME`, `operator:NAME`, `owner`,
or what the table of routes calls such callers; whoever was not proven has `from`, the address. `status` 0: the caller
has gone.

Law: a route is a row of our table and never a path, so that no id, query, token or body is in a line. Nobody who is
served waits for the disk: lines are written by a thread, a second later at most, and a disk that fails loses lines and
nothing else. Files are as old and take as much room as the settings say, the oldest go first.
"""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context
from datetime import date, timedelta
from typing import TYPE_CHECKING

import orjson

from connector.runtime import files
from connector.runtime.spans import CAME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connector.runtime.clock import Clock
    from connector.runtime.spans import Span

SUFFIX = ".jsonl"
WRITE_SECONDS = 1.0  # what a crash may lose
LINES_MAX = 65_536  # that wait for the disk, some 16 MB; a busy participant has so many in ten seconds
# of all that the settings permit, so that removing the oldest file loses an eighth
FILES_COUNT = 8
METHOD_CHARACTERS_MAX = 16

log = logging.getLogger(__name__)


class AccessLog:
    """The lines of one participant in `folder`, for so many `days` and `most_bytes` together."""

    def __init__(self, folder: Path, clock: Clock, days: int, most_bytes: int) -> None:
        self._folder, self._clock = files.make_folder(folder), clock
        self._days, self._most, self._each = days, most_bytes, max(most_bytes // FILES_COUNT, 1)
        self._lines: list[bytes] = []
        self._lost = 0
        self._failed = False
        self._file: Path | None = None
        self._size = 0
        self._task: asyncio.Task[None] | None = None

    def ended(self, span: Span) -> None:
        """Note a request that came; costs a few microseconds."""
        if span.side != CAME:
            return
        if len(self._lines) >= LINES_MAX:
            self._lost += 1
            return
        self._lines.append(line(span))
        if self._task is None:
            # in no request's context: what a rehearsal asked for is written down like anything else
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._soon(), name="access-log", context=Context())

    async def close(self) -> None:
        """Write what waits."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await asyncio.to_thread(self._write, self._taken())

    async def _soon(self) -> None:
        await asyncio.sleep(WRITE_SECONDS)
        self._task = None  # what comes while the disk is written to has a turn of its own
        await asyncio.to_thread(self._write, self._taken())

    def _taken(self) -> list[bytes]:
        lines, self._lines = self._lines, []
        if self._lost:
            lines.append(orjson.dumps({"lost": self._lost}, option=orjson.OPT_APPEND_NEWLINE))
            self._lost = 0
        return lines

    def _write(self, lines: Sequence[bytes]) -> None:
        """Append lines to the newest file; a full disk loses them, and is said once (blocking)."""
        if not lines:
            return
        data = b"".join(lines)
        try:
            path = self._place(len(data))
            files.append(path, data)
        except OSError as fault:
            if not self._failed:
                log.warning("the access log cannot be written, its lines are lost: %s", fault)
            self._failed = True
            return
        self._failed = False
        self._size += len(data)

    def _place(self, size: int) -> Path:
        """Return the file that has room for so many bytes today; a new one makes room before."""
        today = self._clock.now().date().isoformat()
        if self._file is None:
            self._file = max(self._folder.glob(f"{today}.*{SUFFIX}"), default=None)
            self._size = 0 if self._file is None else self._file.stat().st_size
        full = self._size and self._size + size > self._each
        if self._file is None or full or not self._file.name.startswith(today):
            number = int(self._file.name.split(".")[1]) + 1 if self._file and self._file.name.startswith(today) else 1
            self._file, self._size = self._folder / f"{today}.{number:03}{SUFFIX}", 0
            self._prune(date.fromisoformat(today))
        return self._file

    def _prune(self, today: date) -> None:
        """Remove what is too old, then the oldest until a whole file more has room."""
        oldest = (today - timedelta(days=self._days - 1)).isoformat()
        kept = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if path.name < oldest:
                files.remove(path)
            else:
                kept.append((path, path.stat().st_size))
        room = self._most - self._each - sum(size for _, size in kept)
        for path, size in kept:
            if room >= 0:
                break
            files.remove(path)
            room += size


def line(span: Span) -> bytes:
    """Return what is written of a request."""
    method, _, route = span.what.partition(" ")
    said = {
        "time": span.at,
        "request": span.place.trace,
        "who": span.who or "unproven",
        "method": method[:METHOD_CHARACTERS_MAX],
        "route": route or "none",
        "status": span.status,
        "code": span.code,
        "ms": round(span.seconds * 1000, 3),
        "in": span.bytes_in,
        "out": span.bytes_out,
    }
    if span.remote:
        said["from"] = span.remote
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
