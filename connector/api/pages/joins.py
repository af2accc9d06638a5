"""What a statement in the console joins: the orders that may be named, and the lines that name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.negotiation.agreement import USABLE
from connector.negotiation.protocol.states import CONSUMER
from connector.runtime.errors import InvalidInput
from connector.store.rows.agreement import AcquisitionRow, AcquisitionState, AgreementRow
from contracts.units import KEPT

if TYPE_CHECKING:
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# orders that a form names, of the newest agreements that are looked at
NAMED_MAX: Final = 20
LOOKED_AT: Final = 100


def others(tx: Tx, agreement: str) -> list[JsonObject]:
    """Return the orders that an agreement may be joined with, the newest first; none where it is not kept here."""
    newest = tx.find(AgreementRow, "role = ?", (CONSUMER,), "created desc", LOOKED_AT)
    own = tx.get(AgreementRow, digest=agreement)
    if own is None or not _is_kept(own):
        return []
    found = []
    for row in newest:
        if row.digest == agreement or not _is_kept(row):
            continue
        by = ("agreement = ? and state = ?", (row.digest, AcquisitionState.COMPLETE), "created desc", 1)
        found += [
            {"id": one.id, "title": row.signed_terms.get("title", row.product)} for one in tx.find(AcquisitionRow, *by)
        ]
    return found[:NAMED_MAX]


def read(text: str) -> dict[str, str]:
    """Return name → order of lines `NAME=ORDER`; raises InvalidInput for anything else."""
    pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
    named = {name.strip(): order.strip() for name, _, order in pairs}
    if len(named) < len(pairs) or not all(mark for _, mark, _ in pairs):
        raise InvalidInput("what is joined is a line `NAME=ORDER` each, no name twice", "such as places=ORDER")
    return named


def _is_kept(row: AgreementRow) -> bool:
    usable = row.role == CONSUMER and row.state in USABLE
    return usable and row.terms is not None and row.terms["tier"] == KEPT
