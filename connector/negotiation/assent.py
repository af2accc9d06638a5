"""When a person of ours is asked before we agree: a mandate says which rules need none (`ASKS`).

A mandate without the member asks nobody; one that names no rules asks whatever is on the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.negotiation.protocol.states import OFFERED, REQUESTED

if TYPE_CHECKING:
    from connector.store.rows.protocol import NegotiationRow

ASKS: Final = "asks"
# states in which an offer of the peer is on the table
ASKED: Final = frozenset({REQUESTED, OFFERED})


def asks(row: NegotiationRow) -> bool:
    """Say whether a person is to be asked: our limits say so, and the rules on the table need one."""
    without, table = (row.mandate or {}).get(ASKS), row.terms or {}
    return without is not None and table.get("policy") != without


def waits(row: NegotiationRow) -> bool:
    """Say whether a negotiation waits for a person here to assent (`Operating.assent`)."""
    return row.state in ASKED and not row.pending and ASKS in (row.mandate or {})
