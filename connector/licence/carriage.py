"""Sealed bytes given out under a transfer that runs, and before they are paid (spec 4, `maxUnpaidBytes`).

Law: (1) A ticket may outlive its transfer; what it opens does not: nothing is carried while the transfer is suspended
or over, or its agreement is. (2) What is being carried when that happens is cut off, in the moment of the commit: no
peer is waited for. (3) Sealed bytes are worthless without keys, but carrying them costs: what an agreement has drawn is
counted in the store, so a restart forgets nothing, and a buyer that draws far more than it pays is told to pay first.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.custody import idle
from connector.custody.tickets import NO_SUBJECT, transfer_digest
from connector.negotiation import transfer
from connector.runtime.errors import Conflict, PaymentRefused
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import PaidRowsRow
from connector.store.rows.vault import CarriedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.custody.tickets import Ticket
    from connector.licence.standing import Standing
    from connector.runtime.clock import Clock
    from connector.store.store import Store
    from connector.store.transaction import Tx


class Carriage:
    """Counts the sealed bytes that leave under each agreement, and cuts them off."""

    def __init__(self, store: Store, standing: Standing, clock: Clock) -> None:
        self._store = store
        self._standing = standing
        self._clock = clock
        self._under_way: dict[bytes, set[Callable[[], object]]] = {}

    @contextmanager
    def carrying(self, ticket: Ticket, cut: Callable[[], object]) -> Iterator[None]:
        """Have `cut` called if the ticket's transfer is halted meanwhile; enter before `charge`, so none is missed."""
        cuts = self._under_way.setdefault(ticket.transfer, set())
        cuts.add(cut)
        try:
            yield
        finally:
            cuts.discard(cut)
            if not cuts:
                self._under_way.pop(ticket.transfer, None)

    def halt(self, pid: str) -> None:
        """Cut off what is carried under the transfer with our id `pid`."""
        for cut in tuple(self._under_way.get(transfer_digest(pid), ())):
            cut()

    async def charge(self, ticket: Ticket, length: int) -> None:
        """Count `length` sealed bytes for the ticket's agreement.

        Raises PaymentRefused over its bound, Conflict when its agreement is over or its transfer does not run.
        """
        if ticket.subject != NO_SUBJECT:
            await self._store.write(lambda tx: self._charge(tx, ticket, length), short=True)

    def _charge(self, tx: Tx, ticket: Ticket, length: int) -> None:
        agreement = ticket.subject.hex()
        row = tx.get(AgreementRow, digest=agreement)
        if row is None:
            raise PaymentRefused("the agreement of this ticket is not here")
        if reason := self._standing.over(tx, row, self._clock.now()):
            raise Conflict(reason, "agree anew")
        if ticket.transfer not in {transfer_digest(each.id) for each in transfer.running(tx, agreement)}:
            raise Conflict("the transfer of this ticket is suspended or over", "wait for its start, or request another")
        drawn = tx.get(CarriedRow, agreement=agreement)
        carried = length + (0 if drawn is None else drawn.bytes)
        paid = tx.get(PaidRowsRow, agreement=agreement)
        bound = int(row.signed_terms["maxUnpaidBytes"]) + (0 if paid is None else paid.plain or 0)
        if carried > bound:
            raise PaymentRefused(
                f"{carried} sealed bytes would be drawn, {bound} may be before more is paid", "pay, then go on"
            )
        tx.put(CarriedRow, agreement=agreement, bytes=carried)
        idle.note_served(tx, ticket.edition.hex(), self._clock.now())
