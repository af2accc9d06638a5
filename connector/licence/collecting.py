"""Removing what nobody needs: keys are destroyed and recorded first, then files that no row names any more are removed.

Law: `connector.custody.needs` says what is needed, and it is asked again inside the act that removes. A file is removed
in the turn of the one writer, so nobody can begin to need it between the question and the removal.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.custody import erasure, needs
from connector.runtime import files
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import PaidRowsRow
from connector.store.rows.vault import EditionRow, VaultState

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.needs import Need
    from connector.custody.secrets import Keys as Secrets
    from connector.licence.erasing import Erasing
    from connector.store.transaction import Tx

REASON = "nothing needs it any more"


class Collecting:
    """The garbage of one participant's vault."""

    def __init__(self, core: Core, erasing: Erasing, secrets: Secrets, blobs: Blobs) -> None:
        self._core, self._erasing, self._secrets, self._blobs = core, erasing, secrets, blobs

    async def look(self) -> list[Need]:
        """Return everything kept, with what speaks for it; what nothing speaks for would be collected."""
        return await self._core.store.read(self._look)

    async def collect(self) -> list[Need]:
        """Erase what nothing needs and remove its files; return what that was. Repeating it is harmless."""
        unneeded = [need for need in await self.look() if not need.reasons]
        for row in await self._core.store.read(lambda tx: tx.find(EditionRow, "state = ?", (VaultState.DELETING,))):
            await self._erase(row.id)  # an earlier run began
        for need in unneeded:
            if need.kind == needs.REPLICA:
                await self._erasing.erase(need.id, REASON)
            elif need.kind == needs.EDITION:
                await self._erase(need.id)
        await self._core.store.write(self._remove)
        if (bucket := self._blobs.bucket) is not None:
            kept = await self._core.store.read(needs.named)
            for name in {need.file for need in unneeded if need.kind == needs.EDITION} - kept:
                await asyncio.to_thread(bucket.remove, name)
        return unneeded

    def _look(self, tx: Tx) -> list[Need]:
        return [*needs.needs(tx), *needs.unnamed(tx, self._blobs.folder, self._core.clock.now())]

    async def _erase(self, edition: str) -> None:
        """Destroy the run's key of an edition that nothing needs; a need that came up meanwhile keeps it."""
        store = self._core.store
        key = await store.write(partial(self._begin, edition=edition))
        if key:
            await asyncio.to_thread(self._secrets.destroy, key)
            await store.write(partial(self._finish, edition=edition))

    def _begin(self, tx: Tx, edition: str) -> str:
        row = tx.get(EditionRow, id=edition)
        unneeded = {need.id for need in needs.needs(tx) if not need.reasons}
        if row is not None and row.state == VaultState.DELETING:
            return row.key_id
        return erasure.begin(tx, EditionRow, edition) if edition in unneeded else ""

    def _finish(self, tx: Tx, edition: str) -> None:
        released = any(
            tx.get(PaidRowsRow, agreement=row.digest) for row in tx.find(AgreementRow, "edition = ?", (edition,))
        )
        told = erasure.finish(tx, self._secrets, EditionRow, edition, rest_elsewhere=released)
        fields: dict[str, Any] = {"reason": REASON, **told}
        now = self._core.clock.now()
        self._core.evidence.record(tx, "edition.withdrawn", part=edition, fields=fields, now=now)

    def _remove(self, tx: Tx) -> None:
        for need in needs.unnamed(tx, self._blobs.folder, self._core.clock.now()):
            files.remove(self._blobs.folder / need.file)
