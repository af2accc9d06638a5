"""Moving our sealed editions to the bucket that the settings name, each when it is on offer.

Law: an edition's file goes only when the bucket has shown every row of it; until then it is served from here. A move
that fails is tried again by itself: while the bucket is away with growing pauses, whatever else it was each hour.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from connector.core.driver import Driver
from connector.custody.edition import header_and_table
from connector.custody.scrub import ERASED
from connector.store.rows.vault import EditionRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.provider.publication import Publications

AGAIN_SECONDS = 3_600.0  # what a bucket spoiled costs the whole edition again, there and back

log = logging.getLogger(__name__)


class Offloading:
    """What of one provider's vault lies in a bucket."""

    def __init__(self, core: Core, publications: Publications, blobs: Blobs) -> None:
        self._core, self._blobs = core, blobs
        self.driver = Driver("offloading", self._advance, self._fail)
        self._failed: set[str] = set()
        self._due = core.clock.monotonic() + AGAIN_SECONDS
        publications.on_offer.append(self.wake)

    async def recover(self) -> None:
        """Go on with editions that are here still."""
        if self._blobs.bucket is None:
            return
        for row in await self._core.store.read(lambda tx: tx.find(EditionRow, order="created")):
            if row.register_tx and self._blobs.path(bytes.fromhex(row.id)).exists():
                self.wake(row.id)

    async def again(self) -> None:
        """Try again, once an hour, what is here still: a move that failed, or an edition that was mended here."""
        if self._core.clock.monotonic() >= self._due:
            self._due = self._core.clock.monotonic() + AGAIN_SECONDS
            await self.recover()

    async def measures(self) -> dict[str, float | None]:
        """Return how many moves failed and will be tried again; nothing where there is no bucket."""
        failed = None if self._blobs.bucket is None else float(self.driver.troubled() + len(self._failed))
        return {"penstock_bucket_failed_moves": failed}

    def wake(self, edition: str) -> None:
        """Move an edition, if there is a bucket and it is not there yet."""
        if self._blobs.bucket is not None:
            self.driver.wake(edition)

    async def _advance(self, key: str) -> None:
        row = await self._core.store.read(lambda tx: tx.get(EditionRow, id=key))
        if row is None or row.state in ERASED:
            self._failed.discard(key)
            return
        table = header_and_table(row)[1]
        if await asyncio.to_thread(self._blobs.offload, bytes.fromhex(key), table):
            log.info("edition `%s` is in the bucket", key)
        self._failed.discard(key)

    async def _fail(self, key: str, fault: Exception) -> None:
        self._failed.add(key)
        log.error("edition `%s` stays here, its move is tried again in an hour: %s", key, fault)
