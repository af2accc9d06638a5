"""Sealed bytes given out under a transfer that runs, and before they are paid (spec 4, `maxUnpaidBytes`).

A ticket may outlive its transfer; what it opens does not: nothing is carried while the transfer is suspended or over.
Sealed bytes are worthless without keys, but carrying them costs: what an agreement has drawn is counted in the store,
so a restart forgets nothing, and a buyer that draws far more than it pays is told to pay first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine import transfer
from connector.errors import Conflict, PaymentRefused
from connector.vault.tickets import NO_SUBJECT, transfer_digest

if TYPE_CHECKING:
    from connector.store.sqlite import Store
    from connector.store.transaction import Tx
    from connector.vault.tickets import Ticket


class Carriage:
    """Counts the sealed bytes that leave under each agreement."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def charge(self, ticket: Ticket, length: int) -> None:
        """Count `length` sealed bytes for the ticket's agreement.

        Raises PaymentRefused over its bound, Conflict when its transfer does not run.
        """
        if ticket.subject != NO_SUBJECT:
            await self._store.write(lambda tx: self._charge(tx, ticket, length))

    def _charge(self, tx: Tx, ticket: Ticket, length: int) -> None:
        agreement = ticket.subject.hex()
        row = tx.get("agreements", digest=agreement)
        if row is None:
            raise PaymentRefused("the agreement of this ticket is not here")
        if ticket.transfer not in {transfer_digest(each["id"]) for each in transfer.running(tx, agreement)}:
            raise Conflict("the transfer of this ticket is suspended or over", "wait for its start, or request another")
        drawn = tx.get("carried", agreement=agreement)
        carried = length + (0 if drawn is None else drawn["bytes"])
        paid = tx.get("paid_rows", agreement=agreement)
        bound = int(row["terms"]["maxUnpaidBytes"]) + (0 if paid is None else paid["quantity"])
        if carried > bound:
            raise PaymentRefused(
                f"{carried} sealed bytes would be drawn, {bound} may be before more is paid", "pay, then go on"
            )
        tx.put("carried", agreement=agreement, bytes=carried)
