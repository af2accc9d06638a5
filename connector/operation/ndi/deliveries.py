"""What was delivered by NDI-TR-2025-05: each call and each transport by its number, kept as long as the settings say.

Law: (1) a number is of one delivery as long as it is kept: a call that comes again under it is not made again. (2) What
was refused before anything left is not kept; the access log has it. (3) What runs is kept however old it is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol.states import COMPLETED, FINAL, PROVIDER
from connector.runtime.errors import Conflict
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.store.rows.delivery import DeliveryRow
from connector.store.rows.vault import CopyRow
from connector.store.table_row import replace
from contracts.ndi.fields import Code

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.store.rows.protocol import TransferRow
    from connector.store.transaction import Tx

CALL: Final = "call"
# in one transaction of the chore that forgets what is old: others write between two of them
FORGOTTEN_MAX: Final = 1_000
OLD: Final = "created < ? AND code <> ''"


class Deliveries:
    """The deliveries of one participant: those asked of it, the calls that it made, the pushes that came to it."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def begin(self, tx: Tx, row: DeliveryRow) -> None:
        """Keep a delivery that begins; raises Conflict for a number that is another's."""
        known = tx.get(DeliveryRow, peer=row.peer, sequence=row.sequence)
        if known is None:
            tx.insert(row)
        elif row.kind == CALL or (known.kind, known.transfer) != (row.kind, row.transfer):
            raise Conflict("this `sequenceNum` is of another delivery to you", "draw another one")

    async def end(self, peer: str, sequence: str, length: int, code: str = Code.SUCCESS) -> None:
        """Take note that a call was answered with `length` bytes, and with which return code."""

        def act(tx: Tx) -> None:
            row = tx.get(DeliveryRow, peer=peer, sequence=sequence)
            assert row is not None, "it was begun"
            now = self._core.clock.now()
            tx.change(row, replace(row, code=code, bytes=length, ended=now))

        await self._core.store.write(act, short=True)

    def add(self, tx: Tx, row: DeliveryRow, length: int) -> None:
        """Count `length` bytes of a push that came to us, which is kept from its first file on."""
        known = tx.get(DeliveryRow, peer=row.peer, sequence=row.sequence)
        if known is None:
            tx.insert(replace(row, bytes=length))
        elif not known.code:
            tx.change(known, replace(known, bytes=known.bytes + length))

    async def give_up(self, peer: str, sequence: str) -> None:
        """Forget a call that was refused, or that nobody answered: it may be made again."""
        await self._core.store.write(lambda tx: tx.delete(DeliveryRow, peer=peer, sequence=sequence), short=True)

    def moved(self, tx: Tx, transfer: TransferRow) -> None:
        """End the deliveries of a transfer that is over."""
        if transfer.state not in FINAL:
            return
        copy = tx.get(CopyRow, id=transfer.id) if transfer.role == PROVIDER else None
        for row in tx.find(DeliveryRow, "transfer = ? AND code = ''", (transfer.id,)):
            # of a call that a crash broke off nobody knows what became
            is_call = row.kind == CALL
            code = Code.SUCCESS if transfer.state == COMPLETED and not is_call else Code.UNKNOWN
            # of what came to us each file was counted
            length = 0 if is_call else row.bytes if copy is None else copy.bytes
            tx.change(row, replace(row, code=code, bytes=length, ended=self._core.clock.now()))

    async def page(self, first: int = 0) -> list[dict[str, Any]]:
        """List what was delivered, newest first."""

        def read(tx: Tx) -> list[dict[str, Any]]:
            rows = tx.find(DeliveryRow, order="created desc, sequence", limit=first + PAGE_ROWS_MAX)
            return [_shown(row) for row in rows[first:]]

        return await self._core.store.read(read)

    async def tidy(self) -> None:
        """Forget what ended longer ago than the settings have us keep it."""
        before = self._core.clock.now() - timedelta(days=self._core.settings.telemetry.delivery_days)

        def act(tx: Tx) -> int:
            rows = tx.find(DeliveryRow, OLD, (before,), limit=FORGOTTEN_MAX)
            for row in rows:
                tx.delete(DeliveryRow, peer=row.peer, sequence=row.sequence)
            return len(rows)

        while await self._core.store.write(act) == FORGOTTEN_MAX:
            pass


def _shown(row: DeliveryRow) -> dict[str, Any]:
    lasted = None if row.ended is None else (row.ended - row.created).total_seconds()
    return {
        "sequence": row.sequence,
        "kind": row.kind,
        "product": row.product,
        "peer": row.peer,
        "caller": row.caller,
        "instruction": row.instruction,
        "transfer": row.transfer,
        "code": row.code,
        "bytes": row.bytes,
        "seconds": "" if lasted is None else f"{lasted:.3f}",
        "created": row.created.isoformat(timespec="seconds"),
    }
