"""The reputation of a member: counted from the chain, the rulings of the docket and the complaints, by the formula.

Law: no score is stored: each question counts what an audit counts from the same records (`ledger.audit.market`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.complaint import FOUND_RIGHT
from connector.runtime.errors import Absent
from connector.store.rows.channel import DisputeRow, DisputeState
from connector.store.rows.space import ComplaintRow
from contracts.reputation import FORMULA
from ledger.audit import reputation
from ledger.dispute.ruling import read_ruling

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.exchange.chain_events import ChainEvents
    from connector.exchange.complaints import Complaints
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs


SOURCES = {
    "deals": "Opened and Closed of the chain",
    "rulings": "Divided of the chain; dispute.ruled of the arbitrator's log",
    "upheld": "complaint.moved of the exchange's log",
    "late": "complaint.moved of the exchange's log",
    "unpaid": "complaint.moved of the exchange's log; Transfer of the chain",
}


async def of(
    core: Core, space: SpaceView, programs: Programs, chain_events: ChainEvents, complaints: Complaints, did: str
) -> dict[str, Any]:
    """Return the counts and the score of a member, with formula and sources; raises Absent."""
    member = (await space.current()).members.get(did)
    if member is None:
        raise Absent(f"`{did[:200]}` is no member of this space")
    block = (await programs.chain.newest()).number
    channels = await chain_events.channels(block)
    ruled = await core.store.read(_ruled)
    found = reputation.together(reputation.records(channels, ruled), member.accounts)
    about = await core.store.read(lambda tx: tx.find(ComplaintRow, "respondent = ?", (did,)))
    found.upheld = sum(row.state in FOUND_RIGHT for row in about)
    found.late = sum(row.late for row in about)
    found.unpaid = await complaints.unpaid(did)
    return {
        "did": did,
        "name": member.name,
        "block": str(block),
        **found.json(),
        "formula": FORMULA,
        "sources": SOURCES,
    }


def _ruled(tx: Tx) -> list[Any]:
    return [read_ruling(row.ruling) for row in tx.find(DisputeRow, "state = ?", (DisputeState.RULED,)) if row.ruling]
