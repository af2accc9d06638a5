"""What the operator may do to a negotiation or a transfer that does not go on.

Law: an act of the operator is a message of the protocol like any other, or a repeat of what is under way already;
nothing here writes a state. What the protocol forbids is a conflict, which names the state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.enforcement import supply
from connector.negotiation import amendment, overview
from connector.negotiation.assent import ASKS, waits
from connector.negotiation.envelope import told
from connector.negotiation.negotiation import POLICY
from connector.negotiation.protocol.errors import ProtocolError
from connector.negotiation.protocol.states import FINAL, TRANSFER
from connector.negotiation.rounds import of as rounds_of
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.store.rows.protocol import NegotiationRow
from connector.store.table_row import replace
from policy.amendment import wanted
from policy.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.negotiation.asking import Asking
    from connector.negotiation.outbox import Outbox
    from connector.negotiation.process import AnyProcess
    from connector.negotiation.transfer import Transfers
    from connector.store.rows.protocol import ProcessRow
    from connector.store.store import Store
    from connector.store.transaction import Tx

    View = dict[str, Any]


class Operating:
    """What the operator sees of one participant's processes, and does to them. All but `page` may raise Absent."""

    def __init__(
        self,
        store: Store,
        processes: Mapping[str, AnyProcess],
        outbox: Outbox,
        asks: Asking,
        now: Callable[[], datetime],
        currency: str,
    ) -> None:
        self._store = store
        self._processes = processes
        self._outbox = outbox
        self._asks = asks
        self._now = now
        self._currency = currency

    async def page(self, wanted: overview.Wanted) -> View:
        """Return a page of processes; raises InvalidInput for a wish that makes no sense."""
        wanted.check()
        return await self._store.read(lambda tx: overview.page(tx, self._processes, wanted))

    async def show(self, pid: str) -> View:
        """Return one process; a negotiation with its `rounds`."""

        def read(tx: Tx) -> View:
            row = self._find(tx, pid)[1]
            view = overview.view(tx, row)
            if isinstance(row, NegotiationRow):
                view |= {"rounds": rounds_of(tx, row, self._currency), "asks": waits(row)}
            return view

        return await self._store.read(read)

    async def retry(self, pid: str) -> View:
        """Do what can be done now: deliver what is under way, take the step that is held, or else ask the peer.

        Returns the process with `did`, in words; raises Conflict at its end.
        """
        did = await self._do(pid, self._retry) or await self._ask(pid)
        return {**await self.show(pid), "did": did}

    async def assent(self, pid: str, rules: str | None = None) -> View:
        """Answer a negotiation that waits for a person, within our limits, or within `rules` for this one alone.

        `rules` is a change of what is on its table, or a whole policy. Raises Conflict where nobody is waited for, and
        InvalidInput, PolicyError; NotPermitted where the account that asks may not sign it.
        """

        def act(tx: Tx, process: Any, row: ProcessRow) -> None:
            if not isinstance(row, NegotiationRow) or not waits(row):
                raise Conflict("this process does not wait for your assent", "penstock admin show says what it is at")
            mandate = {name: value for name, value in (row.mandate or {}).items() if name != ASKS}
            if rules is not None:
                if amendment.of(row):
                    raise Conflict("an amendment is taken as it is asked for", "ask for another: `penstock amend`")
                mandate[POLICY] = wanted(rules, (row.terms or {})[POLICY])
                supply.require(parse({"@type": "Offer", **mandate[POLICY]}))
            after = process.signed_by(tx, replace(row, mandate=mandate), self._now())
            process.instruct(tx, row.id, after.mandate, self._now())

        await self._do(pid, act)
        return await self.show(pid)

    async def terminate(self, pid: str, reason: str) -> View:
        """End a process and tell the peer why; one that is being ended already is only shown. Raises Conflict."""
        reasons.check(reason, "the peer reads it")
        await self._do(pid, lambda tx, process, row: process.terminate(tx, row.id, reason, self._now()))
        return await self.show(pid)

    async def suspend(self, pid: str, reason: str) -> View:
        """Pause a transfer; raises Conflict where that is not possible, InvalidInput for a negotiation."""
        reasons.check(reason, "the peer reads it")
        return await self._transfer(pid, lambda transfers, tx: transfers.suspend(tx, pid, reason, self._now()))

    async def resume(self, pid: str) -> View:
        """Start a suspended transfer again; raises likewise."""
        return await self._transfer(pid, lambda transfers, tx: transfers.restart(tx, pid, self._now()))

    async def complete(self, pid: str) -> View:
        """Say that a transfer is done; raises likewise."""
        return await self._transfer(pid, lambda transfers, tx: transfers.complete(tx, pid, self._now()))

    # Inside.

    async def _do(self, pid: str, act: Callable[[Tx, AnyProcess, ProcessRow], Any]) -> Any:
        def run(tx: Tx) -> Any:
            self._outbox.take(tx, pid)
            process, row = self._find(tx, pid)
            if row.state in FINAL:
                raise Conflict(f"the {process.process} is at its end: `{row.state}`")
            try:
                return act(tx, process, row)
            except ProtocolError as error:
                raise Conflict(str(error)) from error

        return await self._store.write(run)

    async def _transfer(self, pid: str, act: Callable[[Transfers, Tx], None]) -> View:
        def on_transfer(tx: Tx, process: Any, _: ProcessRow) -> None:
            if process.process != TRANSFER:
                raise InvalidInput(f"`{pid}` is a {process.process}: only transfers are suspended, resumed, completed")
            act(process, tx)

        await self._do(pid, on_transfer)
        return await self.show(pid)

    def _retry(self, tx: Tx, process: AnyProcess, row: ProcessRow) -> str:
        if row.pending:
            sent = self._outbox.hasten(tx, row.id, self._now())
            assert sent is not None, "a pending state has its message"
            return f"our `{sent.kind}` is delivered again"
        return "the step that was ours is taken" if process.proceed(tx, row.id, self._now()) else ""

    async def _ask(self, pid: str) -> str:
        process, _ = await self._store.read(lambda tx: self._find(tx, pid))
        heard = await self._asks.about(process.process, pid)
        await self._store.write(lambda tx: process.learn(tx, pid, heard, self._now()))
        again = await self._outbox.reminding.about(process.process, pid, heard)
        return told(heard.words, "it was told again what it has lost" if again else "")

    def _find(self, tx: Tx, pid: str) -> tuple[AnyProcess, ProcessRow]:
        for process in self._processes.values():
            if row := tx.get(process.rows, id=pid):
                return process, row
        raise Absent(f"there is no negotiation or transfer `{pid[:100]}` here", "penstock admin list")
