"""A database server that was set back in time: noticed by what the data directory saw of the own log.

Law: (1) what is kept here is a head that was committed, so a database whose log does not extend it has lost something
since. (2) Such a database gets the mark of one that came out of a back-up, and signs nothing before it has asked what
others know (`catching_up`). (3) Of several processes one asks: the others wait until the mark is gone. A data
directory that saw less than what was lost notices nothing; `penstock admin set-back` says it in its place.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from connector.runtime import files
from connector.runtime.cancellation import cancel
from connector.store import restored
from connector.store.errors import EvidenceBroken
from connector.store.restored import Restored
from connector.store.rows.evidence import LogEntryRow
from connector.store.shelf import TxShelf
from ledger.log.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.store.evidence import Evidence, Head
    from connector.store.tenure import Tenure
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs

FILE_NAME = "log.seen"
# a head goes to the file so long after its commit: a server set back by less has lost what nobody misses yet
SEEN_SECONDS = 1.0
LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class Seen:
    """Keeps the newest committed head of the own log in the data directory, unless it `follows` none."""

    def __init__(self, folder: Path, evidence: Evidence, *, follows: bool = True) -> None:
        self.follows = follows
        self._path = folder / FILE_NAME
        self._evidence = evidence
        self._task: asyncio.Task[None] | None = None
        self._kept = 0

    def changed(self) -> None:
        """Take note of a commit; many that follow each other cost one file."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep_soon(), name="log-seen")

    async def close(self) -> None:
        """Keep the newest head now."""
        if not self.follows:
            return
        await cancel(self._task)
        self._keep(self._newest())

    async def _keep_soon(self) -> None:
        while True:
            await asyncio.sleep(SEEN_SECONDS)
            await asyncio.to_thread(self._keep, self._newest())
            # what was committed during the write began no task of its own
            if (head := self._newest()) is None or head.size <= self._kept:
                return

    def _newest(self) -> Head | None:
        newest = self._evidence.newest
        return None if newest is None or isinstance(newest, EvidenceBroken) else newest[0]

    def _keep(self, head: Head | None) -> None:
        if head is not None and head.size > self._kept:
            self._kept = head.size
            files.write_atomic(self._path, orjson.dumps({"size": head.size, "root": head.root.hex()}))


async def follow(core: Core) -> Seen:
    """Notice whether a server was set back, and keep what it commits from now on.

    A file is not followed: it is restored by `penstock admin restore`, and its folder would go back with it.
    """
    seen = Seen(core.data, core.evidence, follows=bool(core.settings.store.database))
    if seen.follows:
        core.store.on_commit(seen.changed)
        await notice(core)
    return seen


async def notice(core: Core) -> None:
    """Mark the database if its log does not extend what this data directory saw; it is there already if it was told."""
    try:
        seen = orjson.loads((core.data / FILE_NAME).read_bytes())
    except FileNotFoundError:
        return
    now = core.clock.now()

    def act(tx: Tx) -> int | None:
        tree = Tree(TxShelf(tx))
        if restored.marked(tx) or (tree.size >= seen["size"] and tree.root(seen["size"]).hex() == seen["root"]):
            return None
        restored.set_mark(tx, _lost(tx, now))
        return tree.size

    size = await core.store.write(act)
    if size is not None:
        log.warning("the database was set back: its log has %d events, and %d were signed", size, seen["size"])


def told(tx: Tx, now: datetime, mirror: str, without: tuple[str, ...]) -> dict[str, Any]:
    """Mark a database of which its operator says that it was set back; returns what is told about it as JSON."""
    mark = replace(restored.marked(tx) or _lost(tx, now), mirror=mirror, without=without)
    restored.set_mark(tx, mark)
    return {"events": str(mark.size), "made": mark.made.isoformat(), "mirror": mirror, "without": list(without)}


async def wait(
    core: Core,
    space: SpaceView,
    programs: Programs,
    tenure: Tenure,
    catch_up: Callable[[Core, SpaceView, Programs], Any],
) -> None:
    """Return when the database may be signed from: caught up by us if the work is ours, else by whoever has it."""
    while not tenure.held and await core.store.read(restored.marked) is not None:
        log.warning("waiting for the process that works on this database to ask what others know of our log")
        await asyncio.sleep(LOOK_SECONDS)
        await tenure.attempt()
    if tenure.held:
        await catch_up(core, space, programs)


def _lost(tx: Tx, now: datetime) -> Restored:
    """Return the mark of a database as it is: of when its newest event is, and how far its log reaches."""
    tree = Tree(TxShelf(tx))
    newest = tx.find(LogEntryRow, order="idx desc", limit=1)
    return Restored(now, newest[0].at if newest else now, tree.size, tree.root().hex())
