"""An agreement by its own row: whether anything may flow under it, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from connector.store.table_row import replace
from contracts import lifecycle

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.recorder import Recorder
    from connector.store.rows.agreement import AgreementRow
    from connector.store.transaction import Tx

USABLE: Final = frozenset({"signed", "performing"})  # states of an agreement under which data may flow
OVER = "the agreement has ended"


def why_over(agreement: AgreementRow, now: datetime) -> str:
    """Return why an agreement is over by its own row, empty if it is not."""
    if agreement.state not in USABLE:
        return f"the agreement is `{agreement.state}`"
    if agreement.not_after is not None and agreement.not_after <= now:
        return OVER
    return ""


class Cause(NamedTuple):
    """Why an agreement ends, and by whom (a DID)."""

    reason: str
    by: str


def close(tx: Tx, evidence: Recorder, agreement: AgreementRow, act: str, cause: Cause, now: datetime) -> None:
    """Write the end of an agreement and its event; `act` is `end` or `lapse` of the contract's life."""
    after = lifecycle.move(agreement.state, act)
    assert after in lifecycle.OVER
    tx.change(agreement, replace(agreement, state=after))
    told = {"reason": cause.reason, "by": cause.by}
    evidence.record(tx, "agreement.ended", part=agreement.digest, fields=told, now=now)
