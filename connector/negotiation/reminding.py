"""A peer told again what it had taken from us and has lost since.

Law: (1) it is told what its own state says it lacks, by a row of `LOST`, and only after it refused with a conflict what
followed, or has been silent where the next word is its own (`reactions.REMIND`); (2) the words are those of the first
time, under an `@id` of their own; (3) nothing of ours moves: what it answers with is a repeat, which gets the answer of
the first time, and what it refused is then sent again.

Eclipse EDC may take one step in two threads: the later one writes back the state from before the earlier one's, and
with it everything that had come in between.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import TYPE_CHECKING, Final

from catalog.codes import FORMAT_PUSH
from connector.negotiation import signing
from connector.negotiation.envelope import pids
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.states import (
    ACCEPTED,
    AGREED,
    CONSUMER,
    NEGOTIATION,
    PROVIDER,
    REQUESTED,
    STARTED,
    TRANSFER,
    VERIFIED,
    other,
)
from connector.runtime import traceparent
from connector.runtime.cancellation import cancel
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import NegotiationRow, TransferRow

if TYPE_CHECKING:
    from connector.negotiation.asking import Asking, Heard
    from connector.negotiation.doors import Deliver
    from connector.negotiation.protocol.messages import Document
    from connector.store.rows.protocol import ProcessRow
    from connector.store.store import Store
    from connector.store.transaction import Tx

# process, our role, the state we are in -> the state the peer says it is in -> what it had from us before and lacks
LOST: Final[dict[tuple[str, str, str], dict[str, str]]] = {
    (NEGOTIATION, PROVIDER, AGREED): dict.fromkeys((REQUESTED, ACCEPTED), "agreement"),
    (NEGOTIATION, PROVIDER, VERIFIED): dict.fromkeys((REQUESTED, ACCEPTED), "agreement"),
    (NEGOTIATION, CONSUMER, VERIFIED): {AGREED: "verification"},
    (TRANSFER, PROVIDER, STARTED): {REQUESTED: "start"},
}
TOLD: Final = "%s %s: we are `%s`, its %s says it is `%s`: it is told our `%s` again (%s)"

UNASKED: Final = "%s %s: its peer could not be asked what it has lost"
INQUIRIES = 64  # silent peers being asked at once

log = logging.getLogger(__name__)


class Reminding:
    """Tells the peers of one participant again what they have lost; `asking` is how they are asked."""

    def __init__(self, store: Store, deliver: Deliver, asking: Asking) -> None:
        self._store = store
        self._deliver = deliver
        self._asking = asking
        self._inquiries: dict[str, asyncio.Task[None]] = {}  # by process

    def inquire(self, process: str, pid: str) -> None:
        """Ask the peer of a process that is silent for its state, and tell it again what it has lost.

        Beyond `INQUIRIES` at once nobody is asked: whoever is silent still is asked later.
        """
        if pid in self._inquiries or len(self._inquiries) >= INQUIRIES:
            return
        task = asyncio.get_running_loop().create_task(self._inquired(process, pid), name=f"inquiry:{pid}")
        self._inquiries[pid] = task
        task.add_done_callback(lambda _: self._inquiries.pop(pid))

    async def close(self) -> None:
        """Ask nobody any more; who is still silent then is asked by the next run."""
        await cancel(*self._inquiries.values())

    async def _inquired(self, process: str, pid: str) -> None:
        traceparent.CURRENT.set(traceparent.of(pid))  # of this task alone
        try:
            await self.about(process, pid, await self._asking.about(process, pid))
        except Exception:
            log.exception(UNASKED, process, pid)

    async def about(self, process: str, pid: str, heard: Heard) -> bool:
        """Say whether a peer that says it is in `heard.state` has lost a word of ours, and was told it again.

        Raises StoreError.
        """
        row, lost, body = await self._store.read(lambda tx: _lacks(tx, process, pid, heard.state))
        if row is None or body is None:
            return False
        url = messages.address(row.callback, process, lost, row.peer_pid)
        try:
            status, _ = await self._deliver(row.peer, url, body | {"@id": f"urn:uuid:{uuid.uuid4()}"})
        except Exception as error:  # noqa: BLE001  # whatever the way to the peer raises, it is tried with the repeat
            told = str(error) or type(error).__name__
        else:
            told = str(status)
        log.info(TOLD, process, row.id, row.state, other(row.role), heard.state, lost, told)
        return True


def _lacks(tx: Tx, process: str, pid: str, said: str) -> tuple[ProcessRow | None, str, Document | None]:
    """Return a process, the kind of the message that its peer lacks, and that message; None where it lacks none."""
    rows: type[NegotiationRow | TransferRow] = TransferRow if process == TRANSFER else NegotiationRow
    row = tx.get(rows, id=pid)
    lost = "" if row is None else LOST.get((process, row.role, row.state), {}).get(said, "")
    if row is None or not lost:
        return row, lost, None
    if isinstance(row, TransferRow):
        return row, lost, messages.transfer_start(*pids(row), None if row.format == FORMAT_PUSH else row.address)
    if lost == "verification":
        return row, lost, signing.verified(row)
    agreed = _agreed(tx, row)
    return row, lost, None if agreed is None else messages.contract_agreement(*pids(row), agreed)


def _agreed(tx: Tx, row: NegotiationRow) -> Document | None:
    """Return the agreement that was said in a negotiation, None where there is none."""
    if row.agreement is not None or row.digest is None:
        return row.agreement
    kept = tx.get(AgreementRow, digest=row.digest)
    return None if kept is None else kept.odrl
