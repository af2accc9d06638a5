"""What processes on one database tell each other besides what is in its tables: a few words, after the commit.

Law: (1) a word is a reason to look, never what is to be believed: what it is about lies in the tables, so one that is
lost costs no more than a wait for the next reason. (2) What came from another process is told no further. (3) What is
told in one turn of the loop goes together, and the same twice goes once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson

from connector.runtime.cancellation import cancel
from connector.store.errors import StoreClosed, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.store.store import Store

# PostgreSQL carries less than 8,000 bytes in one notification
TOLD_BYTES_MAX = 7_000

log = logging.getLogger(__name__)


class Beside:
    """The other processes on a store; `hears` has for each first word who is told the rest."""

    def __init__(self, store: Store) -> None:
        self.hears: dict[str, Callable[..., object]] = {}
        self._store = store
        self._self = secrets.token_hex(8)  # each process hears itself, too
        self._due: dict[tuple[str, ...], None] = {}
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._hearing = False
        self._telling: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Hear what the others tell from now on."""
        self._store.on_told(self._hear)

    async def close(self) -> None:
        """Tell nothing more."""
        await cancel(self._telling)

    def tell(self, *words: str) -> None:
        """Tell the other processes, soon; may be called from any thread."""
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.tell, *words)
        elif not self._hearing:
            self._due[words] = None
            if self._telling is None or self._telling.done():
                self._telling = self._loop.create_task(self._tell(), name="beside")

    async def _tell(self) -> None:
        while self._due:
            due, self._due = list(self._due), {}
            for told in _parts(due):
                try:
                    await self._store.tell(orjson.dumps([self._self, told]).decode())
                except StoreClosed:
                    return
                except StoreError as fault:
                    log.warning("the other processes were not told: %s", fault)

    def _hear(self, told: str) -> None:
        by, said = orjson.loads(told)
        if by == self._self:
            return
        with self._heard():
            for first, *rest in said:
                try:
                    self.hears[first](*rest)
                except Exception:  # one who hears badly silences nobody else
                    log.exception("`%s` of another process could not be taken up", first)

    @contextmanager
    def _heard(self) -> Iterator[None]:
        self._hearing = True
        try:
            yield
        finally:
            self._hearing = False


def _parts(due: list[tuple[str, ...]]) -> Iterator[list[tuple[str, ...]]]:
    """Yield what is told together: no more than one notification carries."""
    part: list[tuple[str, ...]] = []
    size = 0
    for words in due:
        length = len(orjson.dumps(words)) + 1
        if part and size + length > TOLD_BYTES_MAX:
            yield part
            part, size = [], 0
        part.append(words)
        size += length
    yield part
