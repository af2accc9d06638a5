"""Transfers that are kept for one agreement while it is called, or followed: begun when first needed, ended when asked.

Law: a line is nobody's acquisition; of an agreement there is one at a time.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from catalog.codes import FORMAT_PLAIN
from connector.consumer import line_receipts
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import CONSUMER, FINAL
from connector.runtime.errors import Absent, Conflict, NotPermitted, PeerUnreachable, PenstockError
from connector.store.rows.agreement import AcquisitionRow, AgreementRow
from connector.store.rows.protocol import TransferRow
from contracts.errors import ContractError
from contracts.units import COMPUTED

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from connector.core.core import Core
    from connector.negotiation.engine import Engine
    from connector.negotiation.notices import Notices
    from connector.negotiation.protocol.messages import Document
    from connector.store.transaction import Tx

log = logging.getLogger(__name__)

START_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.05
RECEIPT_SECONDS: Final = 3.0
# tier → how what was bought in it is used
HOW: Final = {COMPUTED: "penstock query, for an answer", PLAIN: "penstock call, or penstock open for its files"}


class Lines:
    """The kept transfers of one buyer."""

    def __init__(self, core: Core, engine: Engine, notices: Notices) -> None:
        self._core, self._engine, self._notices = core, engine, notices
        self._turns: dict[str, asyncio.Lock] = {}

    async def running(self, agreement: str, fits: Callable[[Document], object]) -> TransferRow:
        """Return the line of an agreement, begun now if there is none; waits for its start.

        Raises Conflict where its data address does not fit, NotPermitted where it was ended.
        """
        async with self._turns.setdefault(agreement, asyncio.Lock()):
            found = await self._core.store.read(lambda tx: _lines(tx, agreement))
            pid = found[0].id if found else await self._engine.start_transfer(agreement, FORMAT_PLAIN)
            try:
                async with asyncio.timeout(START_SECONDS):
                    return await self._started(pid, fits)
            except TimeoutError as late:
                raise PeerUnreachable("the provider has not started the transfer yet; ask again") from late

    async def end(self, agreement: str) -> int:
        """End the lines of an agreement; their provider signs what it served. Returns how many there were.

        A receipt that we sign is here then, as a rule; where its provider takes longer a later round has it.
        """
        found = await self._core.store.read(lambda tx: _lines(tx, agreement))
        for one in found:
            await self._engine.complete_transfer(one.id)
        with suppress(TimeoutError):
            async with asyncio.timeout(RECEIPT_SECONDS):
                while await self._core.store.read(lambda tx: line_receipts.awaited(tx, found)):
                    await asyncio.sleep(LOOK_SECONDS)
                    await self.collect()
        return len(found)

    async def collect(self) -> None:
        """Fetch the receipts of lines that are over, and sign for them; what is not there yet a later round asks."""
        found = await self._core.store.read(lambda tx: line_receipts.lacking(tx, self._core.clock.now()))
        await asyncio.gather(*(self._collect(*one) for one in found))

    async def _collect(self, agreement: AgreementRow, row: TransferRow) -> None:
        try:
            async with asyncio.timeout(line_receipts.SECONDS):
                told = await line_receipts.fetched(self._core, agreement, row)
            now = self._core.clock.now()
            kept = partial(line_receipts.keep, self._notices, agreement, row, told, now)
            await self._core.store.write(kept)
        except (ContractError, PenstockError, TimeoutError) as fault:
            log.info("there is no receipt of `%s` yet that we sign: %s", row.id, fault)

    async def _started(self, pid: str, fits: Callable[[Document], object]) -> TransferRow:
        while True:
            row = await self._core.store.read(lambda tx: tx.get(TransferRow, id=pid))
            assert row is not None, "no transfer is ever deleted"
            if row.state in FINAL:
                raise NotPermitted(f"the transfer was ended: {row.reason}", "agree anew")
            if row.address is not None:
                if not fits(row.address):
                    await self._engine.complete_transfer(pid)
                    raise Conflict("what was bought is of another kind", "penstock open, for its files")
                return row
            await asyncio.sleep(LOOK_SECONDS)


def agreed(tx: Tx, digest: str, tiers: Container[str] = (PLAIN,)) -> AgreementRow:
    """Return an agreement of ours on a product of one of the tiers; raises Absent, and Conflict for one of another."""
    row = tx.get(AgreementRow, digest=digest)
    if row is None or row.role != CONSUMER:
        raise Absent("there is no agreement of ours as a buyer with this digest", "penstock list")
    if (told := row.signed_terms["tier"]) not in tiers:
        raise Conflict("what was bought is of another kind", HOW.get(told, "penstock open, for its files"))
    return row


def _lines(tx: Tx, agreement: str) -> list[TransferRow]:
    found = tx.find(TransferRow, "agreement = ? and role = ?", (agreement, CONSUMER), order="created desc")
    return [
        row
        for row in found
        if row.state not in FINAL and not row.pending and not tx.find(AcquisitionRow, "transfer = ?", (row.id,))
    ]
