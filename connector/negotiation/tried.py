"""The fitting that a request names (`contracts.tried`): shown on both sides, and true, or the request is refused.

Law: it changes nothing of what is agreed. A provider takes the request of nobody that names an answer which it did not
give; the request is in both logs by its digest, so neither side can say later that it was about another trial.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from connector.negotiation.protocol.errors import MalformedError, UnacceptableError
from connector.negotiation.protocol.states import PROVIDER
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.compute import FittingRow
from contracts import tried
from contracts.errors import ContractError
from contracts.namespace import TRIED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.transaction import Tx
    from contracts.tried import Tried


def require(tx: Tx, offer: Mapping[str, Any], peer: str) -> None:
    """Raise UnacceptableError where an offer of a peer names a fitting that we did not answer it, MalformedError."""
    if TRIED not in offer:
        return
    try:
        named = tried.read(offer[TRIED])
    except ContractError as fault:
        raise MalformedError(f"`{TRIED}`: {fault}") from fault
    if not _answered(tx, named, peer):
        raise UnacceptableError(f"`{TRIED}` names a fitting that we did not answer: leave it out, or name another")


def shown(offer: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the fitting that an offer names, None where it names none."""
    try:
        return tried.read(offer[TRIED]).json() if TRIED in offer else None
    except ContractError:  # a peer that is none of ours may say anything under our name
        return None


def _answered(tx: Tx, named: Tried, peer: str) -> bool:
    """Say whether these are the answers that we gave that peer."""
    deal = tx.get(AgreementRow, digest=named.agreement)
    if deal is None or (deal.role, deal.peer) != (PROVIDER, peer):
        return False
    kept = [tx.get(FittingRow, agreement=named.agreement, job=job) for job in named.parts]
    given = [None if one is None or one.answer is None else sha256(one.answer).hexdigest() for one in kept]
    return given == list(named.answers)
