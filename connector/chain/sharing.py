"""A witness's share of one BLS signature under a head, and the proof of its key without which the chain takes none.

Law: a share is given only where the ECDSA signature is, after the head was persisted; a head that was shared is
answered from memory, because signing takes a tenth of a second. The key is proven to the chain once, when somebody
first asks: who never witnesses by shares pays for no proof.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from connector.runtime.limits import KEPT_SHARES_MAX
from ledger.chain import acts
from ledger.chain.programs import takes_aggregates
from ledger.log import head_share

if TYPE_CHECKING:
    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from contracts.typed_data import Domain
    from ledger.chain.client import Act
    from ledger.chain.programs import Programs
    from ledger.log.witness import Ruling


class Sharing:
    """The BLS key of this witness at work, whichever it is now."""

    def __init__(self, core: Core, programs: Programs, transactions: Transactions) -> None:
        self._core, self._programs, self._transactions = core, programs, transactions
        self._kept: dict[tuple[str, int, bytes, int, bytes], str] = {}
        self._proven: bytes | None = None
        self._turn = asyncio.Lock()

    async def give(self, ruling: Ruling, domain: Domain) -> str:
        """Return the line of our share in an accepted head; one at a time, in a thread."""
        assert ruling.accepted is not None
        head, time = ruling.accepted, ruling.head_time
        async with self._turn:
            own = self._core.identity.member
            key = (head.origin, head.size, head.root, time, own.aggregate)
            if self._proven != own.aggregate:
                await self._prove()
            if key not in self._kept:
                vkey = head_share.share_vkey(own.witness_name, own.aggregate)
                given = await asyncio.to_thread(lambda: head_share.give(head, vkey, self._secret(), time, domain))
                if len(self._kept) >= KEPT_SHARES_MAX:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = given.encode()
            return self._kept[key]

    async def _prove(self) -> None:
        """Prove our key to a chain that can check it, unless it knows the key already."""
        from ledger.log import head_aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        own = self._core.identity.member
        programs = self._programs
        known = await asyncio.to_thread(head_aggregate.key_digest, own.aggregate)
        if await programs.key_digest(own.address) != known and await takes_aggregates(programs.chain):
            act = await asyncio.to_thread(self._proof)
            name = f"prove-key:{own.aggregate.hex()}"
            await self._core.store.write(lambda tx: self._transactions.enqueue(tx, name, act))
        self._proven = own.aggregate

    def _proof(self) -> Act:
        from ledger.log import head_aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        own = self._core.identity.member
        point = head_aggregate.key_point(own.aggregate)
        possession = head_aggregate.prove_for(self._secret(), own.aggregate, own.address)
        return acts.prove_key(self._programs.deployment, point, possession)

    def _secret(self) -> int:
        from ledger.log import aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        return aggregate.secret(self._core.identity.keys.aggregate)
