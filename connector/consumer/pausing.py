"""Pausing what is being got, at any point of its journey, going on with it, and giving it up.

Law: an acquisition that its buyer paused takes no step: nothing is negotiated further, paid in or bought, and no
voucher is signed, whatever its provider says or does not say. A transfer that has begun is suspended besides, so that
the provider knows. What was signed and sent before stays as it is.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connector.consumer import resting
from connector.consumer.steps import FINAL
from connector.negotiation import transfer
from connector.negotiation.protocol.states import FINAL as ENDS
from connector.negotiation.protocol.states import STARTED
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, NotPermitted
from connector.store.rows.agreement import AcquisitionRow
from connector.store.rows.protocol import NegotiationRow, TransferRow

if TYPE_CHECKING:
    from connector.consumer.acquisition import Acquisitions
    from connector.core.core import Core
    from connector.negotiation.engine import Engine
    from connector.store.transaction import Tx

    View = dict[str, Any]


class Pausing:
    """What a buyer does about an acquisition that is under way."""

    def __init__(self, core: Core, engine: Engine, acquisitions: Acquisitions) -> None:
        self._core, self._engine, self._acquisitions = core, engine, acquisitions

    async def pause(self, id: str, reason: str) -> View:  # noqa: A002  # the act's field
        """Let an acquisition rest from now on; raises Conflict at its end."""
        reasons.check(reason, "the peer reads it")
        row, now = await self._under_way(id), self._core.clock.now()
        if row.paused is None:
            await self._core.store.write(lambda tx: tx.update(AcquisitionRow, {"id": row.id}, paused=now))
            row = await self._under_way(id)  # the step that was under way may have begun its transfer
        if row.transfer and (await self._transfer(row.transfer)).state == STARTED:
            with suppress(Conflict):  # one that is on its way to another state rests by our own word
                await self._engine.operating.suspend(row.transfer, reason)
        self._acquisitions.tell(row.id)
        return await self._acquisitions.view(row.id)

    async def resume(self, id: str) -> View:  # noqa: A002  # as above
        """Go on with an acquisition that was paused."""
        row, now = await self._under_way(id), self._core.clock.now()
        await self._core.store.write(lambda tx: resting.unpause(tx, row, self._engine.transfers, now))
        self._acquisitions.driver.wake(row.id)
        return await self._acquisitions.view(row.id)

    async def cancel(self, id: str, reason: str) -> View:  # noqa: A002  # as above
        """End an acquisition for good and tell the provider why, if it knows of it."""
        reasons.check(reason, "the peer reads it")
        row = await self._under_way(id)
        for process in await self._core.store.read(lambda tx: _processes(tx, row)):
            await self._engine.operating.terminate(process, reason)
        if not row.transfer:  # one with a transfer ends with it
            fault = NotPermitted(f"it was given up: {reason}", "get it anew with another id")
            await self._acquisitions.end(row.id, fault)
        return await self._acquisitions.view(row.id)

    async def _under_way(self, key: str) -> AcquisitionRow:
        row = await self._core.store.read(lambda tx: tx.get(AcquisitionRow, id=key))
        if row is None:
            raise Absent(f"there is no acquisition `{key[:100]}`")
        if row.state in FINAL:
            raise Conflict(f"the acquisition `{key[:100]}` is at its end: `{row.state}`")
        return row

    async def _transfer(self, key: str) -> TransferRow:
        return await self._core.store.read(lambda tx: transfer.of(tx, key))


def _processes(tx: Tx, row: AcquisitionRow) -> list[str]:
    """Return the processes of an acquisition that are not at their end."""
    found = [
        tx.get(TransferRow, id=row.transfer) if row.transfer else None,
        tx.get(NegotiationRow, id=row.negotiation) if row.negotiation else None,
    ]
    return [one.id for one in found if one is not None and one.state not in ENDS]
