"""Hosting as one part: what its owner asks for, and what the other side may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.negotiation import authority
from connector.provider.hosting import kept
from connector.provider.hosting.delegating import Delegating
from connector.provider.hosting.keeping import Keeping
from connector.provider.hosting.reading import Reading
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.rows.hosting import DelegationRow
from connector.store.rows.product import ProductRow
from contracts.authority import PROVIDER, Deed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.custody.blobs import Blobs
    from connector.custody.secrets import Keys as Secrets
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.negotiation.doors import Doors
    from connector.provider.data_addresses import DataAddresses
    from connector.provider.publication import Publications
    from connector.provider.shop import Shop
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs


class Hosting:
    """The delegations that one participant has given, and those that it has taken."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        transactions: Transactions,
        peers: Peers,
        secrets: Secrets,
        blobs: Blobs,
        doors: Doors,
        data_addresses: DataAddresses,
        publications: Publications,
        shop: Shop,
    ) -> None:
        self._core = core
        self._delegating = Delegating(core, space, programs, transactions, peers, secrets, data_addresses)
        self._reading = Reading(core, space, programs)
        self._keeping = Keeping(core, space, programs, peers, secrets, blobs, doors, publications, shop)

    async def recover(self) -> None:
        """Know which events of ours are disclosed to providers for whom we host."""
        await self._keeping.recover()

    async def look(self) -> None:
        """Let go what may not be sold any more, and note what is over; see `Keeping.look`."""
        await self._delegating.end_due()
        await self._keeping.look()

    async def delegate(
        self,
        product: str,
        host: str,
        share: str,
        until: str,
        acts: Sequence[str],
        delegation: str,
        floor: str | None = None,
    ) -> JsonObject:
        """Sign a delegation; see `Delegating.delegate`."""
        await self._core.store.write(lambda tx: self._require(tx, product))
        return await self._delegating.delegate(product, host, share, until, acts, delegation, floor)

    async def accept(self, delegation: str, provider: str) -> JsonObject:
        """Take up a delegation; see `Keeping.accept`."""
        await self._core.store.write(lambda tx: self._require(tx, delegation))
        return await self._keeping.accept(delegation, provider)

    def _require(self, tx: Tx, product: str) -> None:
        """Raise NotPermitted where the account that asks may not sign for a product; what it costs is nothing."""
        row = tx.get(ProductRow, id=product)
        rules = {} if row is None else row.policy
        account = self._core.identity.keys.address
        authority.require(tx, Deed(PROVIDER, product, 0, "", rules, account), self._core.clock.now())

    async def revoke(self, delegation: str, reason: str) -> JsonObject:
        """Revoke a delegation of ours; see `Delegating.revoke`."""
        return await self._delegating.revoke(delegation, reason)

    async def page(self, first: int) -> list[JsonObject]:
        """Return the delegations that we gave or took, newest first, from the `first` on."""

        def read(tx: Tx) -> list[DelegationRow]:
            return tx.find(DelegationRow, order="created desc, id", limit=first + PAGE_ROWS_MAX)[first:]

        return [kept.view(row) for row in await self._core.store.read(read)]

    async def show(self, delegation: str) -> JsonObject:
        """Return a delegation of ours; raises Absent."""
        return kept.view(await self._core.store.read(lambda tx: kept.found(tx, delegation)))

    async def log(self, delegation: str) -> JsonObject:
        """Return what the host of a delegation of ours did under it; see `Reading.log`."""
        return await self._reading.log(delegation)

    async def audit(self, delegation: str) -> JsonObject:
        """Hold what the host did against the delegation; see `Reading.audit`."""
        return await self._reading.audit(delegation)

    async def asked(self, key: str, step: str, told: Mapping[str, str], peer: str) -> JsonObject:
        """Return what the other side asks for in a step (`connector.api.hosting`); `told` is the body that came."""
        if step == "offer":
            return await self._delegating.offered(key, peer)
        if step == "handover":
            return await self._delegating.hand_over(key, peer, told["signature"])
        await self._keeping.look()
        return {}
