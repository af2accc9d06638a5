"""What an issuer's former key has signed is issued anew, once that key is listed no more before its time.

Law: nothing that a stolen key signed holds, whoever made it; so what we issued under it is revoked, and its holders get
the same under the present key without asking, each in one transaction. A holder who is away now is tried in the next
round. A key that ended in order needs none of it: its credentials end first.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final

from connector.exchange.issuer import revoke
from connector.operation.dcp.asking import SERVICE
from connector.runtime.errors import NotPermitted, PeerMisbehaved, PenstockError
from connector.store.rows.console import FactRow
from connector.store.rows.credential import IssuanceRow, IssuedRow
from contracts.credential.profiles import PROFILES

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.exchange.issuer import Issuer, Order
    from connector.identity.peers import Peers
    from connector.store.transaction import Tx

FACT: Final = "issuing key"
REASON: Final = "the key that signed it was replaced"
LIVE: Final = "revoked IS NULL AND ends > ? AND issued <= ?"
HOLDERS: Final = f"SELECT DISTINCT holder FROM issued WHERE {LIVE}"  # noqa: S608  # a constant

log = logging.getLogger(__name__)


class Reissuing:
    """Follows the key by which one exchange issues."""

    def __init__(self, core: Core, issuer: Issuer, peers: Peers) -> None:
        self._core, self._issuer, self._peers = core, issuer, peers

    async def look(self) -> None:
        """Issue anew what is of a key that our document lists no more."""
        core, now = self._core, self._core.clock.now()
        if not core.settings.has("exchange"):
            return  # it issues nothing
        fact = await core.store.read(lambda tx: tx.get(FactRow, name=FACT))
        told = {"key": core.identity.credential.kid} if fact is None else fact.value
        if told["key"] == core.identity.credential.kid and fact is not None:
            return
        if core.identity.lists(told["key"]) or await self._reissued(told, now):
            told = {"key": core.identity.credential.kid}
            await core.store.write(lambda tx: tx.put(FactRow(name=FACT, value=told)))

    async def _reissued(self, told: dict[str, str], now: datetime) -> bool:
        """Say whether every holder has what it had before we knew that the key was replaced."""
        since = datetime.fromisoformat(told.setdefault("since", now.isoformat()))
        await self._core.store.write(lambda tx: tx.put(FactRow(name=FACT, value=told)))
        away = 0
        for holder in await self._core.store.read(lambda tx: tx.column(HOLDERS, now, since)):
            try:
                await self._again(holder, now, since)
            except PenstockError as fault:
                away += 1
                log.info("what `%s` holds is not issued anew yet: %s", holder, fault)
        return not away

    async def _again(self, holder: str, now: datetime, since: datetime) -> None:
        """Give a holder anew what it has, and may have still."""
        document = await self._peers.document(holder)
        service = document.services.get(SERVICE)
        if service is None:
            raise PeerMisbehaved(f"`{holder}` publishes no `{SERVICE}` any more")
        await self._core.outbound.vet(service)

        def act(tx: Tx) -> None:
            asked = tx.find(IssuanceRow, "holder = ?", (holder,), "created desc")
            issued: dict[str, list[tuple[Order, str]]] = {}
            for row in tx.find(IssuedRow, f"holder = ? AND {LIVE}", (holder, now, since)):
                revoke(tx, self._core.evidence, row, self._core.identity.did, REASON, now)
                wanted = self._issuer.object_id(row.type, PROFILES[row.profile])
                # it takes what it has asked for: the newest request of the kind
                request = next((one.id for one in asked if wanted in one.wanted), "")
                with suppress(NotPermitted):  # it was granted once, and is not now
                    order = self._issuer.order(tx, holder, wanted)
                    issued.setdefault(request, []).append((order, self._issuer.issue(tx, order, now)))
            for one in asked:
                if one.id in issued:
                    self._issuer.deliver(tx, one, service, issued[one.id], now)

        await self._core.store.write(act)
