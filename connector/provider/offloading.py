"""Moving our sealed editions to the bucket that the settings name, each when it is on offer.

Law: an edition's file goes only when the bucket has shown every row of it; until then it is served from here.
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

log = logging.getLogger(__name__)


class Offloading:
    """What of one provider's vault lies in a bucket."""

    def __init__(self, core: Core, publications: Publications, blobs: Blobs) -> None:
        self._core, self._blobs = core, blobs
        self.driver = Driver("offloading", self._advance, self._fail)
        publications.on_offer.append(self.wake)

    async def recover(self) -> None:
        """Go on with editions that an earlier run left here."""
        for row in await self._core.store.read(lambda tx: tx.find(EditionRow, order="created")):
            if row.register_tx:
                self.wake(row.id)

    def wake(self, edition: str) -> None:
        """Move an edition, if there is a bucket and it is not there yet."""
        if self._blobs.bucket is not None:
            self.driver.wake(edition)

    async def _advance(self, key: str) -> None:
        row = await self._core.store.read(lambda tx: tx.get(EditionRow, id=key))
        if row is None or row.state in ERASED:
            return
        table = header_and_table(row)[1]
        if await asyncio.to_thread(self._blobs.offload, bytes.fromhex(key), table):
            log.info("edition `%s` is in the bucket", key)

    async def _fail(self, key: str, fault: Exception) -> None:
        log.error("edition `%s` stays here until the next start: %s", key, fault)
