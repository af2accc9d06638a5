"""What the header of a push says by NDI-TR-2025-05 (bulk push), and what its answer does.

Law: what is pushed is named by the numbers of its transport; its digest is of the bytes as they go, and is made before
the first of them does. An answer that is no JSON with a return code counts by its HTTP status alone.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from connector.runtime.errors import PeerRefused, PeerUnreachable
from connector.runtime.limits import REFUSAL_BYTES_MAX
from contracts.canonical import load
from contracts.errors import ContractError
from contracts.ndi.fields import Code

if TYPE_CHECKING:
    from connector.custody.opened import Opened
    from connector.store.rows.delivery import DeliveryRow
    from ledger.edition.index import IndexedFile

REFUSED_STATUS = 409


class Heading:
    """The header of one push, by the delivery that it is."""

    def __init__(self, row: DeliveryRow) -> None:
        self._row = row

    async def of(self, opened: Opened, file: IndexedFile, *, alone: bool) -> dict[str, str]:
        """Return the header of a file; one of several is told apart by where it begins in the edition (`streamId`)."""
        row = self._row
        stream = {} if alone else {"streamId": str(file.first_row)}
        return {
            "sequenceNum": row.sequence,
            "productId": row.named,
            "ctrlInstructiontId": row.instruction,
            "sourceConnectorId": row.callee,
            "targetConnectorId": row.caller,
            "bodyHash": await asyncio.to_thread(_digest, opened, file),
            "traceId": row.transfer.removeprefix("urn:uuid:").replace("-", ""),
            **stream,
        }

    @staticmethod
    def hear(answer: bytes) -> None:
        """Pass an answer that takes what was pushed; raises PeerUnreachable where it is busy, PeerRefused."""
        try:
            told: Any = load(answer, max_bytes=REFUSAL_BYTES_MAX)
        except ContractError:
            return
        code = told.get("code", Code.SUCCESS) if isinstance(told, dict) else Code.SUCCESS
        if str(code) == Code.BUSY:
            raise PeerUnreachable("the place that is pushed to is busy", "it is pushed again")
        if str(code) != Code.SUCCESS:
            raise PeerRefused(f"what is pushed is answered {str(code)[:20]}", REFUSED_STATUS, answer)


def _digest(opened: Opened, file: IndexedFile) -> str:
    whole = sha256()
    for row in range(file.first_row, file.first_row + file.row_count):
        whole.update(opened.bytes_of(file, row, 0, file.size))
    return whole.hexdigest()
