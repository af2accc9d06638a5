"""A witness's share of one BLS signature under a head.

Law: a share is given only where the ECDSA signature is, after the head was persisted; a head that was shared is
answered from memory, because signing takes a tenth of a second.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from connector.runtime.limits import KEPT_SHARES_MAX
from ledger.log import head_share

if TYPE_CHECKING:
    from connector.chain.proving import Proving
    from connector.core.core import Core
    from contracts.typed_data import Domain
    from ledger.log.witness import Ruling


class Sharing:
    """The BLS key of this witness at work, whichever it is now."""

    def __init__(self, core: Core, proving: Proving) -> None:
        self._core, self._proving = core, proving
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
                await self._proving.prove()
                self._proven = own.aggregate
            if key not in self._kept:
                vkey = head_share.share_vkey(own.witness_name, own.aggregate)
                given = await asyncio.to_thread(lambda: head_share.give(head, vkey, self._secret(), time, domain))
                if len(self._kept) >= KEPT_SHARES_MAX:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = given.encode()
            return self._kept[key]

    def _secret(self) -> int:
        from ledger.log import aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        return aggregate.secret(self._core.identity.keys.aggregate)
