"""A peer told again what it had taken from us and has lost since.

Law: (1) it is told what its own state says it lacks, by a row of `LOST`, and only after it refused with a conflict what
followed; (2) the words are those of the first time, under an `@id` of their own; (3) nothing of ours moves: what it
answers with is a repeat, which gets the answer of the first time, and what it refused is then sent again.

Eclipse EDC may take one step in two threads: the later one writes back the state from before the earlier one's, and
with it everything that had come in between.
"""

from __future__ import annotations

import logging
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from connector.negotiation.envelope import pids
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.states import ACCEPTED, NEGOTIATION, REQUESTED, other
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import NegotiationRow

if TYPE_CHECKING:
    from connector.negotiation.doors import Deliver
    from connector.negotiation.outcome import Outcome
    from connector.negotiation.protocol.messages import Document
    from connector.store.rows.protocol import OutboxRow
    from connector.store.store import Store
    from connector.store.transaction import Tx

# process, what was refused, the state the peer says it is in -> what it had from us before and lacks
LOST: Final[dict[tuple[str, str, str], str]] = {
    (NEGOTIATION, "finalize", REQUESTED): "agreement",
    (NEGOTIATION, "finalize", ACCEPTED): "agreement",
}
TOLD: Final = "negotiation %s: its %s refused our `%s` and says it is `%s`: it is told our `%s` again (%s)"

log = logging.getLogger(__name__)


class Reminding:
    """Tells the peers of one participant again what they have lost."""

    def __init__(self, store: Store, deliver: Deliver) -> None:
        self._store = store
        self._deliver = deliver

    async def about(self, sent: OutboxRow, outcome: Outcome) -> bool:
        """Say whether the peer refused `sent` for a loss, and was told what it lost; raises StoreError."""
        lost = LOST.get((sent.process, sent.kind, outcome.heard.state))
        if lost is None or outcome.status != HTTPStatus.CONFLICT:
            return False
        row, agreed = await self._store.read(lambda tx: _agreed(tx, sent.subject))
        if row is None or agreed is None:
            return False
        body = messages.contract_agreement(*pids(row), agreed) | {"@id": f"urn:uuid:{uuid.uuid4()}"}
        url = messages.address(row.callback, sent.process, lost, row.peer_pid)
        try:
            status, _ = await self._deliver(row.peer, url, body)
        except Exception as error:  # noqa: BLE001  # whatever the way to the peer raises, it is tried with the repeat
            told = str(error) or type(error).__name__
        else:
            told = str(status)
        log.info(TOLD, row.id, other(row.role), sent.kind, outcome.heard.state, lost, told)
        return True


def _agreed(tx: Tx, pid: str) -> tuple[NegotiationRow | None, Document | None]:
    """Return a negotiation and the agreement that was said in it, each None where there is none."""
    row = tx.get(NegotiationRow, id=pid)
    if row is None or row.agreement is not None or row.digest is None:
        return row, None if row is None else row.agreement
    kept = tx.get(AgreementRow, digest=row.digest)
    return row, None if kept is None else kept.odrl
