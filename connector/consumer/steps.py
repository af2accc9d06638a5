"""What becomes of an acquisition where that is to be decided, as functions of its row.

Law: nothing is looked up and nothing is written here; `Acquisitions` writes the row that follows, in the transaction of
the thing that was done.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from connector.custody.packs import BROKEN
from connector.negotiation.authority import BEYOND, SIGNER
from connector.negotiation.ending import was_late
from connector.negotiation.ndi import offers as contracts
from connector.negotiation.protocol.offers import PLAIN
from connector.runtime.errors import NotPermitted, explain_failure, from_reason
from connector.store.rows.agreement import AcquisitionRow
from connector.store.rows.agreement import AcquisitionState as State
from connector.store.table_row import replace
from contracts.price_words import bare
from contracts.units import KEPT

if TYPE_CHECKING:
    from datetime import datetime

    from connector.consumer.quoting import Quote
    from connector.store.rows.agreement import AgreementRow
    from connector.store.rows.protocol import NegotiationRow, TransferRow
    from contracts.canonical import JsonObject

FINAL = (State.COMPLETE, State.FAILED)
UNENDED = tuple(state for state in State if state not in FINAL)
IS_UNENDED = f"state in ({', '.join('?' for _ in UNENDED)})"
AFTER = "after"  # in `progress`: the state that an acquisition was in when its channel was over
LATE = "late"  # in `progress`: how many of its transfers have ended because a side was not there in time
UNDER_ROUNDS = 2  # both sides hold to the contract: it is asked for, and agreed to
LATE_MAX = 64  # each took ten minutes, if its deadline is the usual one


def wanted(key: str, product: str, mandate: dict[str, Any], now: datetime) -> AcquisitionRow:
    """Return the first row of an acquisition."""
    return AcquisitionRow(
        id=key, product=product, mandate=mandate, state=State.WANTED, progress={}, created=now, updated=now
    )


def limits(mandate: JsonObject, asked: int, rounds: int) -> JsonObject:
    """Return within what a negotiation bargains: from the bid, or the asked price, up to the limit."""
    limit = int(mandate["limit"])
    bid = min(asked, limit) if mandate["bid"] is None else int(mandate["bid"])
    cap = {"cap": mandate["cap"]} if mandate.get("cap") else {}
    signer = {SIGNER: mandate[SIGNER]} if SIGNER in mandate else {}
    return {"bid": str(bid), "limit": str(limit), "rounds": rounds} | cap | signer


def is_sealed(kept: AgreementRow) -> bool:
    """Say whether what was agreed is a contract that is delivered by an agreement under it."""
    return contracts.is_sealed(kept.odrl)


def under(row: AcquisitionRow, found: Quote) -> tuple[Quote, JsonObject]:
    """Return what is asked for under a contract, and within what that is agreed: at its price, and nothing else."""
    mandate = {**row.mandate, "bid": None, "limit": str(found.asked)}
    return found, limits(mandate, found.asked, UNDER_ROUNDS) | found.fixed


def unagreed(row: AcquisitionRow, talk: NegotiationRow) -> NotPermitted:
    """Return what ends an acquisition whose negotiation came to nothing: why, for our own people."""
    if why := (talk.mandate or {}).get(BEYOND):
        return NotPermitted(f"no agreement: {why}")
    asked = "" if talk.their_price is None else f"; the last that was asked is {bare(talk.their_price)}"
    limit = f"raise your limit of {bare(int(row.mandate['limit']))}"
    hint = f"{limit} (`penstock quote {shlex.quote(row.product)}` says what is asked{asked}), or choose another product"
    return NotPermitted(f"no agreement: {talk.reason}", hint)


def was_complete(row: AcquisitionRow) -> bool:
    """Say whether all is here, and only the channel for its next opening is being paid into."""
    return row.progress.get(AFTER) == State.COMPLETE


def is_here(row: AcquisitionRow) -> bool:
    """Say whether all is here that was got; also what failed at unpacking alone, for it opens in its archives."""
    if row.state == State.FAILED:
        return row.reason is not None and explain_failure(from_reason(row.reason)).code == BROKEN
    return row.state == State.COMPLETE or was_complete(row)


def funded(row: AcquisitionRow) -> AcquisitionRow:
    """Return what follows when the channel is open: what was left when the one before was over."""
    if was_complete(row):
        return replace(row, state=State.COMPLETE, progress={**row.progress, AFTER: None})
    return replace(row, state=State.RECEIVING if row.transfer else State.FUNDED)


def anew(row: AcquisitionRow, ended: TransferRow) -> AcquisitionRow:
    """Return what follows when its transfer ended before all was here, because a side was not there: another one.

    Raises NotPermitted where somebody has ended it, and where `LATE_MAX` were late.
    """
    times = int(row.progress.get(LATE, 0)) + 1
    if not was_late(ended) or times > LATE_MAX:
        raise NotPermitted(f"the transfer was ended: {ended.reason}")
    return replace(row, state=State.FUNDED, transfer=None, progress={**row.progress, LATE: times})


def channel_over(row: AcquisitionRow) -> AcquisitionRow:
    """Return what follows when nothing more can be bought through the channel: another is paid into."""
    return replace(row, state=State.LICENSED, progress={**row.progress, AFTER: row.state})


def amended(row: AcquisitionRow, new: AgreementRow) -> AcquisitionRow:
    """Return what follows when another agreement is in place of an acquisition's: the same journey goes on under it.

    What is here with its keys is here; all else is paid into and transferred under the new agreement. The files of a
    plain copy go with the agreement that they came under.
    """
    tier = PLAIN if new.terms is None else new.terms["tier"]
    if row.state is State.FAILED or tier == PLAIN:
        return row
    row = replace(row, agreement=new.digest, negotiation=new.negotiation)
    if row.state is State.COMPLETE and tier == KEPT:
        return row
    return replace(row, state=State.AGREED, channel=None, transfer=None, progress={})


def failed(row: AcquisitionRow, reason: str) -> AcquisitionRow:
    """Return what follows a fault that ends it; what was complete stays so, whatever its next channel met."""
    return replace(row, state=State.COMPLETE if was_complete(row) else State.FAILED, reason=reason)
