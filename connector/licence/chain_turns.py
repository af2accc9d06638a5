"""Licences that were suspended or resumed on chain by our account, but not by us: another tool with the same key.

Law: the chain says how a licence of ours stands, unless a turn of our own is still on its way there; what it says is
taken over as if we had done it here, with its event and its notice to the buyer, and no second call. What happened
while we were away is read first: how far was read is kept.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.chain.transactions import OPEN
from connector.licence.suspension import RESUME, SUSPEND
from connector.store.rows.chain import ChainTxRow
from connector.store.rows.console import FactRow
from ledger.chain.errors import ChainUnreachable

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.licence.suspension import Suspensions
    from connector.store.transaction import Tx
    from ledger.chain.client import Block
    from ledger.chain.programs import Programs

READ = "licences-read"
# how far was read is kept so often: what is read twice changes nothing
KEPT_EVERY_BLOCKS = 100
TURNS = frozenset({"LicenceSuspended", "LicenceResumed"})
REASON = "our account did it on chain, by another tool"


class ChainTurns:
    """Watches the licences that this participant provides; `seen` is called with every newest block."""

    def __init__(self, core: Core, programs: Programs, suspensions: Suspensions) -> None:
        self._core, self._programs, self._suspensions = core, programs, suspensions
        self._read: int | None = None
        self._turn = asyncio.Lock()

    async def seen(self, block: Block, _past: int = 0) -> None:
        """Take over the turns up to `block`; an unreachable chain is asked again at the next one."""
        last = max(block.number - self._core.settings.chain.confirmations, 0)
        async with self._turn:
            first = await self._first()
            if first > last:
                return
            try:
                for digest in await self._turned(first, last):
                    await self._level(digest)
            except ChainUnreachable:
                return
            if self._read is None or last - self._read >= KEPT_EVERY_BLOCKS:
                await self._core.store.write(lambda tx: tx.put(FactRow(name=READ, value={"block": str(last)})))
            self._read = last

    async def _first(self) -> int:
        """Return the first block that was not read; at a start it is the one that an earlier run left off at."""
        if self._read is not None:
            return self._read + 1
        row = await self._core.store.read(lambda tx: tx.get(FactRow, name=READ))
        return 0 if row is None else int(row.value["block"]) + 1

    async def _turned(self, first: int, last: int) -> list[bytes]:
        """Return the licences that were turned, each once."""
        found = await self._programs.events("licences", None, first, last)
        return list(dict.fromkeys(event.fields["agreementDigest"] for event in found if event.name in TURNS))

    async def _level(self, digest: bytes) -> None:
        licence, own = await self._programs.licence(digest), self._core.identity.keys.accounts
        if licence is None or licence.provider not in own or licence.revoked_at is not None:
            return
        turn = RESUME if licence.suspended_at is None else SUSPEND
        await self._core.store.write(partial(self._take, digest=digest.hex(), turn=turn))

    def _take(self, tx: Tx, digest: str, turn: Any) -> None:
        """Turn our own agreement as the chain did, unless a turn of ours is on its way."""
        names = [f"{each.act}:{digest}:" for each in (SUSPEND, RESUME)]
        for name in names:
            waiting = tx.find(ChainTxRow, "id >= ? and id < ? and state in (?, ?)", (name, name[:-1] + ";", *OPEN))
            if waiting:
                return
        self._suspensions.follow(tx, turn, digest, REASON)
