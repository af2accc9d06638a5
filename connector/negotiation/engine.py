"""One engine for negotiations and transfers, for both roles: what bindings and the command line call.

    engine = Engine(store, evidence, me, doors)
    await engine.recover()                                     # after a start: go on where the last run stopped
    pid = await engine.start_negotiation(provider, base, offer, mandate)
    reply = await engine.receive_negotiation_message("ContractOfferMessage", pid, body, peer)

Law: a peer's fault is answered (`Reply` with a typed error), an operator's is raised (`ProtocolError`,
`DeclinedError`). Nothing here decides anything; the acts are in `negotiation` and `transfer`.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.negotiation.asking import Asking
from connector.negotiation.deadlines import Deadlines
from connector.negotiation.doors import Reply
from connector.negotiation.looking import Looking
from connector.negotiation.negotiation import Negotiations
from connector.negotiation.operating import Operating
from connector.negotiation.outbox import DELIVERED, NOTICE, Outbox
from connector.negotiation.process import PATIENCE
from connector.negotiation.protocol import messages, validation
from connector.negotiation.protocol.errors import ProtocolError
from connector.negotiation.protocol.states import ROLES, STATES
from connector.negotiation.reactions import DEFAULT
from connector.negotiation.reminding import Reminding
from connector.negotiation.transfer import Transfers
from connector.runtime.alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from connector.negotiation.doors import Doors, Participant, Peer
    from connector.negotiation.outcome import Outcome
    from connector.negotiation.process import AnyProcess
    from connector.negotiation.protocol.messages import Document
    from connector.negotiation.reactions import Reactions, Rules
    from connector.store.recorder import Recorder
    from connector.store.rows.protocol import OutboxRow
    from connector.store.store import Store
    from connector.store.transaction import Tx

    Admit = Callable[[Tx], None]

log = logging.getLogger(__name__)


class Engine:
    """Everything a participant negotiates and transfers. `admit` is run first in the transaction of a message.

    `patience` is how long either side may take for one step.
    """

    def __init__(
        self,
        store: Store,
        evidence: Recorder,
        me: Participant,
        doors: Doors,
        reactions: Reactions = DEFAULT,
        rules: Rules = (),
        patience: timedelta = PATIENCE,
    ) -> None:
        self._store = store
        self._now = doors.now
        alarm = Alarm(doors.now)
        asking = self.asking = Asking(
            store, doors.question, {each.process: each.rows for each in (Negotiations, Transfers)}
        )
        self._reminding = Reminding(store, doors.send, asking)
        sending = (store, doors.send, doors.now, self._settled)
        self._outbox = self.outbox = Outbox(*sending, asking.about, self._reminding)
        shared = (me, doors, evidence, self._outbox, alarm, reactions, rules, patience)
        self.negotiations = Negotiations(*shared)
        self.transfers = Transfers(*shared)
        self._processes: Mapping[str, AnyProcess] = {each.process: each for each in (self.negotiations, self.transfers)}
        self._alarm = alarm
        self._deadlines = Deadlines(store, list(self._processes.values()), asking, alarm, doors.now)
        self._looking = Looking(store, self.transfers, asking, doors.now)
        self.operating = Operating(store, self._processes, self._outbox, asking, doors.now, me.currency)
        for (process, role, state), act in reactions.items():
            known = state in STATES[process] and role in ROLES and act in self._processes[process].acts()
            assert known, f"no reaction `{act}` of a {role} to a {process} that is `{state}`"

    async def recover(self) -> None:
        """Take every step that is ours to take, then deliver what is undelivered and watch the deadlines."""
        await self._store.write(self._resume)
        self._outbox.start()
        self._deadlines.start()
        self._looking.start()

    async def close(self) -> None:
        """Stop sending and watching; rows stay as they are."""
        await self._looking.close()
        await self._deadlines.close()
        await self._reminding.close()
        await self._outbox.close()

    def wake(self) -> None:
        """Look at the clock and the outbox now."""
        self._alarm.notice()
        self._outbox.wake()

    # Messages of peers: `kind` is the document type of the route, `pid` our id in the path, `body` what came: the
    # bytes, or of a message in a parcel the document.

    async def receive_negotiation_message(
        self, kind: str, pid: str | None, body: bytes | Document, peer: Peer, admit: Admit | None = None
    ) -> Reply:
        """Take a message of a negotiation (`pid` None: of a new one) and return the answer."""
        return await self._receive(self.negotiations, kind, pid, body, peer, admit)

    async def receive_transfer_message(
        self, kind: str, pid: str | None, body: bytes | Document, peer: Peer, admit: Admit | None = None
    ) -> Reply:
        """Take a message of a transfer (`pid` None: of a new one) and return the answer."""
        return await self._receive(self.transfers, kind, pid, body, peer, admit)

    async def view_negotiation(self, pid: str, peer: Peer, admit: Admit | None = None) -> Reply:
        """Return the negotiation's state to its peer, 404 to everybody else."""
        return await self._view(self.negotiations, pid, peer, admit)

    async def view_transfer(self, pid: str, peer: Peer, admit: Admit | None = None) -> Reply:
        """Return the transfer's state to its peer, 404 to everybody else."""
        return await self._view(self.transfers, pid, peer, admit)

    # What the operator asks for.

    async def start_negotiation(self, provider: str, base: str, offer: Document, mandate: Document) -> str:
        """Ask `provider`, whose DSP base is `base`, for an offer of its catalogue (with `target`); return our id."""
        act = partial(self.negotiations.start, provider=provider, base=base, offer=offer, mandate=mandate)
        return str(await self._do(act))

    async def instruct(self, negotiation: str, mandate: Document) -> None:
        """Give a negotiation that waits for it a mandate."""
        await self._do(partial(self.negotiations.instruct, pid=negotiation, mandate=mandate))

    async def start_transfer(
        self, agreement: str, transfer_format: str, address: Document | None = None, pid: str | None = None
    ) -> str:
        """Ask for a pull under the agreement with this digest, or for a push to an address; return our id."""
        about = partial(self.transfers.request, agreement=agreement, transfer_format=transfer_format)
        return str(await self._do(partial(about, address=address, pid=pid)))

    async def complete_transfer(self, transfer: str) -> None:
        """Say that a transfer is done."""
        await self._do(partial(self.transfers.complete, pid=transfer))

    async def terminate_transfer(self, transfer: str, reason: str) -> None:
        """End a transfer and tell the peer why."""
        await self._do(partial(self.transfers.terminate, pid=transfer, reason=reason))

    async def advance(self, process: str, pid: str) -> None:
        """Take the next step of a process again, e.g. one that was held."""
        await self._do(partial(self._processes[process].advance, pid=pid))

    # Inside.

    async def _do(self, act: Callable[..., Any]) -> Any:
        return await self._store.write(lambda tx: act(tx, now=self._now()), short=True)

    async def _receive(
        self, process: AnyProcess, kind: str, pid: str | None, body: bytes | Document, peer: Peer, admit: Admit | None
    ) -> Reply:
        message: Document = {}
        try:
            message = validation.read(kind, body) if isinstance(body, bytes) else _agreeing(kind, body)
            return await self._store.write(partial(self._take, process, message, peer, pid, admit), short=True)
        except ProtocolError as error:
            return _refusal(process, error, message, pid)

    def _take(
        self, process: AnyProcess, message: Document, peer: Peer, pid: str | None, admit: Admit | None, tx: Tx
    ) -> Reply:
        if admit is not None:
            admit(tx)
        return process.receive(tx, message, peer, pid, self._now())

    async def _view(self, process: AnyProcess, pid: str, peer: Peer, admit: Admit | None) -> Reply:
        try:
            if admit is None and not self._outbox.rests(pid):
                return await self._store.read(lambda tx: process.view(tx, pid, peer.did))
            return await self._store.write(partial(self._show, process, pid, peer, admit), short=True)
        except ProtocolError as error:
            return _refusal(process, error, {}, pid)

    def _show(self, process: AnyProcess, pid: str, peer: Peer, admit: Admit | None, tx: Tx) -> Reply:
        if admit is not None:
            admit(tx)
        self._outbox.take(tx, pid)
        return process.view(tx, pid, peer.did)

    def _settled(self, tx: Tx, sent: OutboxRow, outcome: Outcome, now: datetime) -> bool:
        if sent.process == NOTICE:
            if outcome.kind != DELIVERED:
                log.warning("`%s` did not take our `%s`: %s", sent.peer, sent.kind, outcome.reason)
            return True
        return self._processes[sent.process].settled(tx, sent, outcome, now)

    def _resume(self, tx: Tx) -> None:
        for process in self._processes.values():
            process.resume(tx, self._now())


def _agreeing(kind: str, message: Document) -> Document:
    """Return a message that was read with others, when it is one."""
    validation.decide(kind, message)
    return message


def _refusal(process: AnyProcess, error: ProtocolError, message: Document, pid: str | None) -> Reply:
    """Return a typed error; ids that the message does not tell are echoed from the path."""
    provider, consumer = (str(message.get(name) or pid or "") for name in ("providerPid", "consumerPid"))
    body = messages.error(process.process, provider, consumer, error.code, error.reasons)
    return Reply(error.status, body)
