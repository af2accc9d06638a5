"""Plain copies sent by the provider to an address that the consumer named in its request (`HttpData-PUSH`; spec 5).

Law: (1) what is pushed is decided, counted and cut like what is pulled (`connector.provider.plain.copies`). (2) Each
file is sent whole, once (`connector.provider.plain.sending`). (3) What time may mend is tried again until the agreement
ends; a refusal ends the transfer, and what all of its files arriving brings is its completion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.codes import FORMAT_PUSH
from connector.core.driver import Driver
from connector.custody.tickets import Ticket, transfer_digest
from connector.negotiation.protocol.states import PROVIDER, STARTED, TRANSFER
from connector.provider.plain.heading import Heading
from connector.provider.plain.sending import Sending
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.delivery import DeliveryRow
from connector.store.rows.protocol import TransferRow
from connector.store.rows.signaling import SteeredRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.licence.carriage import Carriage
    from connector.licence.throttle import Throttle
    from connector.negotiation.engine import Engine
    from connector.provider.plain.copies import Copies
    from connector.store.transaction import Tx

REASON_CHARACTERS_MAX = 500


class Pushes:
    """The pushes of one provider; `recover` goes on with what an earlier run left."""

    def __init__(self, core: Core, engine: Engine, copies: Copies, carriage: Carriage, throttle: Throttle) -> None:
        self._core, self._engine, self._copies, self._carriage = core, engine, copies, carriage
        self._throttle = throttle
        self.driver = Driver("push", self._push, self._fail)

    async def recover(self) -> None:
        """Go on with every push that runs."""
        where, values = "role = ? and format = ? and state = ?", (PROVIDER, FORMAT_PUSH, STARTED)
        found = await self._core.store.read(lambda tx: tx.find(TransferRow, where, values))
        self.driver.resume(row.id for row in found)

    def moved(self, process: str, key: str) -> None:
        """Look at a transfer that has moved."""
        if process == TRANSFER:
            self.driver.wake(key)

    async def _push(self, key: str) -> None:
        row = await self._core.store.read(lambda tx: tx.get(TransferRow, id=key))
        assert row is not None, "no transfer is ever deleted"
        if (row.role, row.format, row.state, row.pending) != (PROVIDER, FORMAT_PUSH, STARTED, ""):
            return
        if await self._core.store.read(lambda tx: tx.get(SteeredRow, transfer=key)) is not None:
            return  # a data plane sends it
        agreement = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=row.agreement))
        assert agreement is not None, "a transfer has its agreement"
        about = bytes.fromhex(agreement.signed_edition), bytes.fromhex(row.agreement), transfer_digest(key)
        ticket = Ticket(*about, agreement.not_after or self._core.clock.now())
        await self._copies.begin(ticket, "", {})
        heading = await self._core.store.read(lambda tx: _heading(tx, key))
        meters = self._copies, self._carriage, self._throttle
        sending = Sending(self._core, *meters, key, row.address or {}, ticket, heading)
        if await sending.run():
            await self._engine.complete_transfer(key)

    async def _fail(self, key: str, fault: Exception) -> None:
        row = await self._core.store.read(lambda tx: tx.get(TransferRow, id=key))
        if row is not None and row.state == STARTED and not row.pending:
            await self._engine.terminate_transfer(key, str(fault)[:REASON_CHARACTERS_MAX])


def _heading(tx: Tx, transfer: str) -> Heading | None:
    """Return the header of a push that was agreed over the national interfaces, None for any other."""
    rows = tx.find(DeliveryRow, "transfer = ?", (transfer,), limit=1)
    return Heading(rows[0]) if rows else None
