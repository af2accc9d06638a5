"""Finding listed products: the catalogue's index beside the database, led after it.

Law: the database is the truth, the index a copy that may be lost. Every change of a listing takes the next `seq` in its
transaction; the index takes in what is beyond its newest entry. An index whose newest entry is not in the database (the
one or the other was restored) is made again, and until the new one is whole the old one answers.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from catalog.facets import FACETS
from connector.exchange import indexing, listings
from connector.exchange.indexing import ROWS_PER_COMMIT
from connector.exchange.numbering import newest, row_of, seq_of
from connector.runtime.cancellation import cancel
from connector.runtime.data_folder import SEARCH

if TYPE_CHECKING:
    from catalog.index import Index
    from catalog.question import Question
    from connector.core.core import Core
    from connector.runtime.worker import Worker
    from contracts.canonical import JsonObject


# what is further behind is taken in by the worker: a thread that makes thousands of entries holds up every answer
HERE_CHANGES_MAX = 256
# a question waits so long for changes that were made before it
FRESH_SECONDS = 1.0
# what changes in so short a time is taken in together
GATHER_SECONDS = 0.02
# what sources bring in so long is taken in together: a commit of the index costs as much as hundreds of products
GROWN_SECONDS = 2.0
RETRY_SECONDS = 5.0

log = logging.getLogger(__name__)


class Finding:
    """Answers questions to the catalogue, as the exchange."""

    def __init__(self, core: Core, worker: Worker) -> None:
        self._core, self._worker = core, worker
        self._folder = core.data / SEARCH
        self._index: Index | None = None
        self._behind = asyncio.Event()
        self._level = asyncio.Event()
        self._hurry = asyncio.Event()
        self._owed = False
        self._task: asyncio.Task[None] | None = None

    async def recover(self) -> None:
        """Begin to lead the index after the database."""
        if "exchange" not in self._core.identity.roles:
            return
        await self._core.store.write(listings.number)
        self._index = await self._opened("now")
        self.changed()
        self._task = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Stop; the next start goes on where the index ends."""
        await cancel(self._task)

    def changed(self) -> None:
        """Take note that listings have changed: questions from now on wait for that."""
        self._owed = True
        self._level.clear()
        self._hurry.set()
        self._behind.set()

    def grown(self) -> None:
        """Take note of products that no question waits for: a source that is read brings some all the time."""
        self._behind.set()

    async def keys(self, question: Question, *, limit: int, first: int) -> tuple[tuple[str, ...], int]:
        """Return the keys of a page of products, best first, and how many there are in all."""
        index = await self._fresh()
        found = await asyncio.to_thread(index.find, question, limit=limit, first=first)
        return found.keys, found.total

    async def counts(self, question: Question) -> dict[str, list[JsonObject]]:
        """Return how many of the products found have which value, for each facet, most first."""
        index = await self._fresh()
        counted = await asyncio.to_thread(index.counts, question, tuple(FACETS))
        return {name: [_counted(name, value, count) for value, count in of.items()] for name, of in counted.items()}

    async def _opened(self, name: str) -> Index:
        from catalog.index import Index  # noqa: PLC0415  # the library of searches, which only an exchange needs

        return await asyncio.to_thread(Index, self._folder / name)

    async def _fresh(self) -> Index:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._level.wait(), FRESH_SECONDS)
        assert self._index is not None, "only an exchange is asked, and once it has started"
        return self._index

    async def _follow(self) -> None:
        while True:
            await self._behind.wait()
            with suppress(TimeoutError):
                # `wait_for` may swallow a cancellation, and `close` waits on
                async with asyncio.timeout(GROWN_SECONDS):
                    await self._hurry.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._behind.clear()
            self._hurry.clear()
            self._owed = False
            try:
                await self._catch_up()
            except Exception:  # the index is a copy: whatever is wrong with it ends no exchange
                log.exception("the catalogue's index does not follow; trying again")
                await asyncio.sleep(RETRY_SECONDS)
                self.changed()
            if not self._owed:
                self._level.set()

    async def _catch_up(self) -> None:
        assert self._index is not None
        last = await asyncio.to_thread(self._index.newest)
        row = None if last is None else await self._core.store.read(lambda tx: tx.get(row_of(last[0]), id=last[0]))
        if last is not None and (row is None or seq_of(row) < last[1]):
            await self._make_again()
            return
        from catalog.index import HEAP_BYTES  # noqa: PLC0415  # as in `_opened`

        await self._take_in(self._index, 0 if last is None else last[1], HEAP_BYTES)

    async def _make_again(self) -> None:
        from catalog.index import BUILDING_HEAP_BYTES  # noqa: PLC0415  # as in `_opened`

        log.warning("the catalogue's index is not of this database; making it again")
        new, now = self._folder / "new", self._folder / "now"
        await asyncio.to_thread(shutil.rmtree, new, ignore_errors=True)
        await self._take_in(await self._opened("new"), 0, BUILDING_HEAP_BYTES)
        await asyncio.to_thread(shutil.rmtree, now)
        new.rename(now)
        self._index = await self._opened("now")

    async def _take_in(self, index: Index, seq: int, heap_bytes: int) -> None:
        """Take in what lies beyond `seq` now; what comes meanwhile is another round's, or this one might never end."""
        end = await self._read(newest)
        while seq < end:
            before = seq
            seq = await (self._here if end - seq <= HERE_CHANGES_MAX else self._aside)(index, seq, heap_bytes)
            if seq == before:
                return

    async def _here(self, index: Index, seq: int, heap_bytes: int) -> int:
        entries = await self._read(partial(indexing.following, seq=seq, limit=ROWS_PER_COMMIT))
        if entries:
            await asyncio.to_thread(index.put, entries, heap_bytes)
        return entries[-1].seq if entries else seq

    async def _aside(self, index: Index, seq: int, heap_bytes: int) -> int:
        reached = await self._worker.do(indexing.take_in, self._core.store.path, index.folder, seq, heap_bytes)
        await asyncio.to_thread(index.reload)
        return reached

    async def _read(self, act: Any) -> Any:
        return await self._core.store.read(act)


def _counted(name: str, value: str, count: int) -> JsonObject:
    en, zh = FACETS[name].words(value) or (value, value)
    return {"value": value, "count": count, "en": en, "zh": zh}
