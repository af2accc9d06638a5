"""A later audit asks only for what is new: of the chain and of editions, what can never change is remembered.

Law: (1) remembered is what its own hash or place holds fast: an edition's public rows; and of the chain what lies
`FINAL_BLOCKS` below the newest event. (2) Nothing is believed for being remembered: the audit holds it all against logs
and terms again. (3) The chain part stands under the hash of its last block; a chain that now has another there was
rewritten: it is read anew, and said. What is proven of the logs is another matter (`ledger.audit.carried`).
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
_LASTING = re.compile(r"/sealed/[0-9a-f]{64}/(header|rows)$")


class Remembered:
    """`Sources` that ask another only for what `kept` does not hold; `rewritten`: the block that the chain changed."""

    def __init__(self, sources: Sources, kept: MutableMapping[str, bytes]) -> None:
        self._sources = sources
        self._kept = kept
        self._heard = False  # what comes later in this audit, the next one keeps
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
        self._kept[name] = body = await self._sources.fetch(url)
        return body

    async def chain_events(self, first: int = 0) -> Sequence[ChainEvent]:
        """Return all events from block `first`, those below the remembered block from memory if it still stands."""
        if self._heard and first:
            return await self._sources.chain_events(first)
        upto, known = await self._standing()
        found = [*known, *await self._sources.chain_events(upto + 1)]
        await self._keep(found)
        self._heard = True
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
