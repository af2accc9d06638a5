"""Moving old entries of the own log out of the tables, a bundle at a time, beside the work.

The order: noted in the tables · written · read back and compared · taken from the tables (`connector.store.archive`).
Law: objects rest no less safely than the tables. Those of tables on a server go to a bucket or nowhere: what copies
the server, or takes its place, has nothing of a data folder. What fails is done again in a later round, from the
beginning.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from functools import partial
from typing import TYPE_CHECKING

from connector.store import archive
from connector.store.bundles import encode, name_of
from connector.store.errors import EvidenceBroken
from connector.store.rows.evidence import LogBundleRow, LogBundleState

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.store.bundles import Objects

CHORE = "move old entries of the log"
# of a long log that was never moved; each holds the writer for some ten milliseconds
BUNDLES_A_ROUND = 64

log = logging.getLogger(__name__)


class Archiving:
    """Moves old entries of one participant's log."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def chore(self) -> None:
        """Remove objects that nobody needs, and move what is due; raises StoreError, OSError where objects lie."""
        bundles = self._core.store.bundles
        if bundles is None:
            return
        await self._tidy(bundles.objects)
        for _ in range(BUNDLES_A_ROUND if self.applies() else 0):
            if not await self._move(bundles.objects):
                return

    def applies(self) -> bool:
        """Say whether entries are to move, and there is a place for them."""
        settings = self._core.settings
        return settings.log.archive and bool(settings.vault.blobs or not settings.store.database)

    async def _tidy(self, objects: Objects) -> None:
        for one in await self._core.store.write(archive.left):
            await asyncio.to_thread(objects.remove, name_of(one.number, one.digest))
            await self._core.store.write(partial(archive.gone, bundle=one))

    async def _move(self, objects: Objects) -> bool:
        """Move one bundle; say whether there was one."""
        found = await self._core.store.read(archive.due)
        if found is None:
            return False
        number, contents = found
        data = await asyncio.to_thread(encode, contents)
        bundle = LogBundleRow(
            number=number,
            digest=hashlib.sha256(data).digest(),
            size=len(data),
            state=LogBundleState.PUTTING,
            at=self._core.clock.now(),
        )
        await self._core.store.write(partial(archive.begin, bundle=bundle))
        await asyncio.to_thread(_put, objects, bundle, data)
        moved = await self._core.store.write(partial(archive.lay, bundle=bundle, contents=contents))
        log.debug("bundle %s of the log: %s", number, "it rests in an object" if moved else "it changed meanwhile")
        return moved


def _put(objects: Objects, bundle: LogBundleRow, data: bytes) -> None:
    """Write an object and read it back; raises EvidenceBroken where it comes back otherwise."""
    name = name_of(bundle.number, bundle.digest)
    objects.put(name, data)
    if objects.get(name, bundle.size) != data:
        raise EvidenceBroken(f"the object `{name}` came back otherwise than it was written")
