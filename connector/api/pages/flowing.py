"""Data flows that control planes of other makes have us run, newest first (decision 0177)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.printable import printable
from connector.console.leafing import leafed
from connector.operation.signaling.messages import TEXT_CHARACTERS_MAX
from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX
from connector.store.rows.signaling import FlowRow

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


async def flows(call: Call) -> JsonObject:
    """Return a page of flows: of what, which way, how far."""
    first = call.first(FOUND_ROWS_MAX)

    def read(tx: Tx) -> list[FlowRow]:
        return tx.find(FlowRow, order="created desc", limit=first + PAGE_ROWS_MAX + 1)[first:]

    return leafed(first, [_told(row) for row in await call.core.store.read(read)])


def _told(row: FlowRow) -> JsonObject:
    return {
        "dataset": printable(row.dataset, TEXT_CHARACTERS_MAX),
        "direction": "push" if row.push else "pull",
        "state": row.state,
        "peer": printable(row.counterparty, TEXT_CHARACTERS_MAX),
        "bytes": str(row.bytes),
        "updated": row.updated.isoformat(timespec="seconds"),
        "reason": printable(row.reason, TEXT_CHARACTERS_MAX),
        "id": printable(row.id, TEXT_CHARACTERS_MAX),
    }
