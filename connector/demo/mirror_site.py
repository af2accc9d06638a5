"""A log served from plain files: any directory behind any web server can be a mirror (C2SP tlog-tiles).

The directory holds what the live server answers below `/log`: checkpoint, tiles, entry bundles, the encrypted
disclosures in the ranges that auditors ask for, and the list of peers' heads.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from connector.runtime import files
from ledger.log import mirror

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from ledger.log.note import Note
    from ledger.log.tree import Log

ADDENDA_PER_FILE = 256  # as the live server gives at most, and as `penstock audit` asks


def pages(
    log: Log, note: Note, boxes: Sequence[Mapping[str, str]], peers: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, bytes]]:
    """Yield (path, bytes) of all of `log` under the head `note`; `boxes` are each entry's disclosures."""
    size = len(boxes)
    yield from mirror.files(log, size, note)
    for first in range(0, size, ADDENDA_PER_FILE):
        rows = [dict(row) for row in boxes[first : first + ADDENDA_PER_FILE]]
        yield f"addenda/{first}-{len(rows)}", orjson.dumps(rows)
    yield "peers", orjson.dumps(list(peers))


def lay_out(
    folder: Path, log: Log, note: Note, boxes: Sequence[Mapping[str, str]], peers: Sequence[Mapping[str, Any]]
) -> None:
    """Write the pages of a log below `folder`."""
    for path, content in pages(log, note, boxes, peers):
        files.make_folder((folder / path).parent)
        files.write_atomic(folder / path, content)


@contextlib.asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[str]:
    """Serve the files below `folder` on a loopback port; yields the base URL."""
    application = web.Application()
    application.router.add_static("/", folder)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
