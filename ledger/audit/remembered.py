"""A later audit reads only what is new: what can never change is remembered from the one before.

Law: (1) remembered is what its own hash or place holds fast: full tiles, the disclosures of full tiles, an edition's
public rows; and of the chain what lies `FINAL_BLOCKS` below the newest event. (2) Nothing is believed for being
remembered: the audit proves it all again, so old tiles that do not make the new head are a finding. (3) The chain part
stands under the hash of its last block; a chain that now has another there was rewritten: it is read anew, and said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from contracts.canonical import canonical, load
from ledger.audit.archive import CHAIN, read_events, write_events

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

    from ledger.audit.sources import BlockHead, ChainEvent, Sources
    from ledger.chain.payment import Payment

UPTO = "chain/upto"
# deeper than any reorganisation that the programs' users wait for
FINAL_BLOCKS = 64
# a full tile has no `.p/`; 256 disclosures lie beside a full bundle of entries
_LASTING = re.compile(r"/log/tile/[0-9a-z/]+$|/log/addenda/[0-9]+-256$|/sealed/[0-9a-f]{64}/(header|rows)$")
ADDENDA, BOXES = "/log/addenda/", 256


class Remembered:
    """`Sources` that ask another only for what `kept` does not hold; `rewritten`: the block that the chain changed.

    `reader` is the id under which disclosures to whoever audits are filed: a page that lacks some may have them later.
    """

    def __init__(self, sources: Sources, kept: MutableMapping[str, bytes], reader: str = "") -> None:
        self._sources = sources
        self._kept = kept
        self._reader = reader.encode()
        self.rewritten: int | None = None

    async def space(self) -> Mapping[str, Any]:
        """Ask for the space document."""
        return await self._sources.space()

    async def identity(self, did: str) -> Mapping[str, str] | None:
        """Ask for a member's own word."""
        return await self._sources.identity(did)

    async def block(self, number: int) -> BlockHead | None:
        """Ask for a block."""
        return await self._sources.block(number)

    async def payment(self, transaction: bytes) -> Payment | None:
        """Ask for a payment."""
        return await self._sources.payment(transaction)

    async def payments(self, sender: bytes, receiver: bytes) -> Sequence[Payment]:
        """Ask for what one account paid another."""
        return await self._sources.payments(sender, receiver)

    async def head(self) -> Mapping[str, Any] | None:
        """Ask for the newest head of the space."""
        return await self._sources.head()

    async def unread(self) -> Sequence[str]:
        """Ask whose logs are left out."""
        return await self._sources.unread()

    async def attestation(self) -> Mapping[str, Any] | None:
        """Ask for the newest attestation."""
        return await self._sources.attestation()

    async def fetch(self, url: str) -> bytes:
        """Return a page that never changes from memory, any other from its place."""
        name = f"page/{url}"
        if not _LASTING.search(url):
            return await self._sources.fetch(url)
        if name in self._kept:
            return self._kept[name]
        body = await self._sources.fetch(url)
        if ADDENDA not in url or body.count(self._reader) >= BOXES:
            self._kept[name] = body
        return body

    async def chain_events(self, first: int = 0) -> Sequence[ChainEvent]:
        """Return all events from block `first`, those below the remembered block from memory if it still stands."""
        upto, known = await self._standing()
        found = [*known, *await self._sources.chain_events(upto + 1)]
        await self._keep(found)
        return [event for event in found if event.block >= first]

    async def _standing(self) -> tuple[int, list[ChainEvent]]:
        if UPTO not in self._kept or CHAIN not in self._kept:
            return -1, []
        mark = load(self._kept[UPTO])
        number = int(mark["number"])
        head = await self._sources.block(number)
        if head is None or head.hash.hex() != mark["hash"]:
            self.rewritten = number
            return -1, []
        return number, list(read_events(self._kept[CHAIN]))

    async def _keep(self, found: Sequence[ChainEvent]) -> None:
        upto = max((event.block for event in found), default=0) - FINAL_BLOCKS
        head = await self._sources.block(upto) if upto > 0 else None
        if head is not None:
            self._kept[CHAIN] = write_events([event for event in found if event.block <= upto])
            self._kept[UPTO] = canonical({"number": str(upto), "hash": head.hash.hex()})
