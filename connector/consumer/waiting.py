"""Whose turn it is while something is being got, until when, and why it did not go on.

Law: a state of an acquisition that is not its end has a row in `TURNS`; what a peer or the chain failed to answer is
told with it. Until the agreement the wait ends after `PATIENCE`; then it ends with the agreement itself, because money
and keys may be under way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from connector.negotiation.process import PATIENCE
from connector.negotiation.protocol.states import SUSPENDED
from connector.store.rows.agreement import AcquisitionState as State
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import NegotiationRow, OutboxRow, TransferRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.runtime.errors import Failure
    from connector.store.rows.agreement import AcquisitionRow
    from connector.store.transaction import Tx

EXCHANGE, PROVIDER, BUYER, CHAIN = "exchange", "provider", "buyer", "chain"
# `whose` of a failure → who can mend it, whoever was asked
MENDERS: Mapping[str, str] = MappingProxyType({"chain": CHAIN, "disk": BUYER})
# the process itself ends what waits too long, and says why; we give up only if it does not
SLACK = timedelta(minutes=1)

# why one that its buyer paused does not go on
PAUSED = "you paused it; `penstock transfer resume` goes on"

# state of an acquisition → who has to act
TURNS: Mapping[State, str] = MappingProxyType(
    {
        State.WANTED: PROVIDER,
        State.NEGOTIATING: PROVIDER,
        State.AGREED: PROVIDER,
        State.LICENSED: BUYER,
        State.FUNDING: CHAIN,
        State.FUNDED: BUYER,
        State.TRANSFERRING: PROVIDER,
        State.RECEIVING: PROVIDER,
    }
)
# states in which a protocol's process says itself whose turn it is → its rows, and our column with its id
PROCESSES: Mapping[State, tuple[type[NegotiationRow | TransferRow], str]] = MappingProxyType(
    {State.NEGOTIATING: (NegotiationRow, "negotiation"), State.TRANSFERRING: (TransferRow, "transfer")}
)


@dataclass(frozen=True, slots=True)
class Turn:
    """Who has to act, until when, and what the last try said (empty: nothing went wrong), also as a fault is told."""

    whose: str
    until: datetime
    why: str
    fault: Failure | None = None

    def json(self) -> dict[str, Any]:
        """Return it as a view shows it."""
        fault = None if self.fault is None else self.fault.as_json()
        return {"whose": self.whose, "until": self.until.isoformat(), "why": self.why, "fault": fault}


def turn(tx: Tx, row: AcquisitionRow, trouble: Failure | None, asked: str) -> Turn | None:
    """Return whose turn the acquisition `row` is, None at its end.

    `trouble` is what the last try of its step met, `asked` whom that step was asking when it is more than one.
    """
    if row.state not in TURNS:
        return None
    whose, why = TURNS[row.state], ""
    if trouble is not None:
        whose, why = MENDERS.get(trouble.whose) or asked or whose, trouble.text
        if MENDERS.get(trouble.whose) == BUYER:
            why += f"; {trouble.hint}"  # nobody but who reads this can do it
    until = _until(tx, row)
    if row.state == State.RECEIVING and (transfer := tx.get(TransferRow, id=row.transfer)):
        why = f"the transfer is suspended: {transfer.reason}" if transfer.state == SUSPENDED else why
    if row.paused is not None:
        return Turn(BUYER, until, PAUSED)
    if row.state in PROCESSES:
        rows, column = PROCESSES[row.state]
        process = tx.get(rows, id=getattr(row, column))
        assert process is not None, "an acquisition has its processes"
        ours = process.turn == process.role and not process.pending
        waiting = tx.find(OutboxRow, "subject = ?", (process.id,), limit=1)
        whose, why = BUYER if ours else PROVIDER, waiting[0].error if waiting else ""
        until = process.deadline or until
    return Turn(whose, until, why, trouble)


def over(tx: Tx, row: AcquisitionRow, now: datetime) -> bool:
    """Say whether the acquisition has waited too long."""
    return row.state in TURNS and _until(tx, row) + SLACK <= now


def _until(tx: Tx, row: AcquisitionRow) -> datetime:
    agreement = tx.get(AgreementRow, digest=row.agreement) if row.agreement else None
    if agreement is not None and agreement.not_after is not None:
        return agreement.not_after
    end: datetime = row.updated + PATIENCE
    if agreement is None and row.state in PROCESSES:
        rows, column = PROCESSES[row.state]
        process = tx.get(rows, id=getattr(row, column))
        end = end if process is None or process.deadline is None else process.deadline
    return end
