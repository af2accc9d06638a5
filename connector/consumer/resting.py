"""What rests because its buyer paused it: it takes no step that costs, and goes on when it is asked for again.

Law: a row says it, so a restart changes nothing; who buys asks the row before each thing that costs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from connector.negotiation import transfer
from connector.negotiation.protocol.states import COMPLETED, STARTED, SUSPENDED
from connector.runtime.errors import NotPermitted
from connector.store.rows.agreement import AcquisitionRow
from connector.store.rows.protocol import TransferRow

if TYPE_CHECKING:
    from datetime import datetime

    from connector.negotiation.transfer import Transfers
    from connector.store.store import Store
    from connector.store.transaction import Tx

# by as much may a refusal overtake the word that the transfer is paused
NEWS_SECONDS = 1.0


class Resting(NotPermitted):
    """What is bought for an acquisition rests, because its buyer paused it."""


def unpause(tx: Tx, row: AcquisitionRow, transfers: Transfers, now: datetime) -> None:
    """Let an acquisition go on that was paused here, and its transfer: whoever asks for it again wants it."""
    if row.paused is not None:
        tx.update(AcquisitionRow, {"id": row.id}, paused=None, updated=now)
    found = tx.get(TransferRow, id=row.transfer) if row.transfer else None
    if found is not None and found.state == SUSPENDED and found.paused and not found.pending:
        transfers.restart(tx, found.id, now)


def require_going(tx: Tx, row: AcquisitionRow) -> None:
    """Raise Resting when an acquisition, or its transfer, is not to go on: asked before each thing that costs."""
    known = tx.get(AcquisitionRow, id=row.id)
    assert known is not None, "no acquisition is ever deleted"
    begun = transfer.of(tx, known.transfer) if known.transfer else None
    rests = begun is not None and (begun.state not in (STARTED, COMPLETED) or begun.pending == SUSPENDED)
    if known.paused is not None or rests:
        raise Resting(f"`{row.id}` rests: it was paused", "go on with `penstock transfer resume`")


async def moved(store: Store, begun: TransferRow) -> bool:
    """Say whether a transfer has moved since it was as in `begun`; a refusal may overtake the word that it has."""
    for seconds in (0, NEWS_SECONDS):
        await asyncio.sleep(seconds)
        if (await store.read(lambda tx: transfer.of(tx, begun.id))).updated != begun.updated:
            return True
    return False
