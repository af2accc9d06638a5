"""Data flows: what control planes have us give and take, one state machine for both sides (DPS 1.0).

Law: (1) a flow is its control plane's alone: to another one it is not there. (2) A message is taken in one transaction,
and what it causes begins after it: what is suspended or over is cut off in the moment of the commit, whoever is asked.
(3) What its control plane is to be told is written with what happened (`owed`), and told until it is heard. (4) A fault
of the wire changes no state: it is told as `errored`, and what to do is the control plane's to say.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from connector.core.driver import Driver
from connector.custody.tickets import transfer_digest
from connector.negotiation.protocol.states import CONSUMER, PROVIDER
from connector.operation.signaling import messages, states
from connector.operation.signaling.planes import known
from connector.operation.signaling.profiles import PROFILES
from connector.operation.signaling.states import COMPLETED, FINAL, PREPARED, STARTED, TERMINATED
from connector.runtime.errors import Absent, Conflict, explain_failure
from connector.runtime.limits import FLOWS_MAX
from connector.store.rows.signaling import FlowRow
from connector.store.table_row import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.operation.signaling.planes import ControlPlanes
    from connector.store.transaction import Tx

# a message that begins a flow → whose side of it this is, and the state after it
BEGINS: Final = {"prepare": (CONSUMER, PREPARED), "start": (PROVIDER, STARTED)}
ERRORED: Final = "errored"
OWNER: Final = "ended by the operator of the data plane"
_OPEN: Final = "SELECT count(*) AS n FROM flows WHERE plane = ? AND state NOT IN ('COMPLETED', 'TERMINATED')"


class Side(Protocol):
    """What the provider's side of a flow does, or the consumer's."""

    def opens(self, tx: Tx, row: FlowRow, message: Mapping[str, Any]) -> FlowRow:
        """Return a flow that begins with what it gives or takes; raises for one that cannot be."""

    def addressed(self, row: FlowRow, address: dict[str, Any] | None) -> FlowRow:
        """Return the flow with an address that it was told; raises for one of no use."""

    def address(self, row: FlowRow) -> tuple[FlowRow, dict[str, Any] | None]:
        """Return the flow, and where the other side fetches or sends, None where that is not ours to say."""

    def moved(self, row: FlowRow) -> None:
        """Go on with a flow, or cut it off, after what was committed."""

    def place(self, row: FlowRow) -> str:
        """Return where on our disk the files of a flow are, empty for none of its own."""


class Flows:
    """The flows of one data plane."""

    def __init__(self, core: Core, control_planes: ControlPlanes) -> None:
        self._core, self._planes = core, control_planes
        self.sides: dict[str, Side] = {}
        self.driver = Driver("flow", self._tell, self._fail)

    async def recover(self) -> None:
        """Go on with what an earlier run left."""
        for row in await self._core.store.read(lambda tx: tx.find(FlowRow, "owed <> ''")):
            self.driver.wake(row.id)
        for row in await self._core.store.read(lambda tx: tx.find(FlowRow, "state = ?", (STARTED,))):
            self.sides[row.role].moved(row)

    async def begin(self, plane: str, message: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Take a message that begins a flow, `prepare` or `start`; returns its status, with its address if it has one.

        Raises InvalidInput, Conflict where its process has a flow already, Absent where its dataset is not here.
        """
        told = messages.beginning(body)
        role, state = BEGINS[message]

        def act(tx: Tx) -> tuple[FlowRow, dict[str, Any] | None]:
            if tx.get(FlowRow, id=told["processId"]) is not None:
                raise Conflict(f"there is a data flow for the process `{told['processId']}` already")
            if tx.column(_OPEN, plane)[0] >= FLOWS_MAX:
                raise Conflict(f"{FLOWS_MAX} data flows of this control plane go on", "end some first")
            side = self.sides[role]
            row = side.addressed(side.opens(tx, self._new(plane, role, state, told), told), told["dataAddress"])
            row, address = side.address(row)
            tx.insert(row)
            self._note(tx, row, "flow.started")
            tx.after(partial(side.moved, row))
            return row, address

        return messages.status(*await self._core.store.write(act))

    async def take(self, plane: str, key: str, message: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Take a message about a flow that is there; returns its status. Raises Absent, Conflict, InvalidInput."""
        told = messages.following(body)

        def act(tx: Tx) -> tuple[FlowRow, dict[str, Any] | None]:
            row = self._of(tx, plane, key)
            if message == "started" and row.role != CONSUMER:
                raise Conflict("`started` is a word to the consumer's data plane")
            return self._moved(tx, row, states.after(row.state, message), message, told)

        return messages.status(*await self._core.store.write(act))

    async def status(self, plane: str, key: str) -> dict[str, Any]:
        """Return in which state a flow is; raises Absent.

        What is prepared says again where its data go to: its control plane may not have kept our answer.
        """
        row = await self._core.store.read(lambda tx: self._of(tx, plane, key))
        prepared = row.role == CONSUMER and row.state == PREPARED
        address = self.sides[CONSUMER].address(row)[1] if prepared else None
        told = {"dataFlowId": row.id, "state": row.state}
        return told if address is None else {**told, "dataAddress": address}

    async def done(self, key: str) -> None:
        """Take note that all bytes of a flow are through; its control plane will be told."""

        def act(tx: Tx) -> None:
            row = tx.get(FlowRow, id=key)
            if row is not None and row.state == STARTED:
                after = replace(row, state=COMPLETED, owed="completed", reason="", updated=self._core.clock.now())
                self._end(tx, tx.change(row, after))
                tx.after(partial(self.driver.wake, key))

        await self._core.store.write(act)

    async def failed(self, key: str, fault: Exception) -> None:
        """Take note that the wire of a flow has failed for good: its control plane will be told, its state stays."""
        text = str(fault)[: messages.REASON_CHARACTERS_MAX]

        def act(tx: Tx) -> None:
            row = tx.get(FlowRow, id=key)
            if row is not None and row.state not in FINAL:
                tx.change(row, replace(row, owed=ERRORED, reason=text, updated=self._core.clock.now()))
                tx.after(partial(self.driver.wake, key))

        await self._core.store.write(act)

    # ---- what the owner sees and does

    async def page(self) -> list[dict[str, Any]]:
        """Return the newest flows."""
        rows = await self._core.store.read(lambda tx: tx.find(FlowRow, order="created desc", limit=FLOWS_MAX))
        return [self._shown(row) for row in rows]

    async def end(self, flow: str) -> dict[str, Any]:
        """End a flow here, whatever its control plane thinks, and tell it; raises Absent, Conflict."""

        def act(tx: Tx) -> FlowRow:
            row = tx.get(FlowRow, id=flow)
            if row is None:
                raise Absent(f"there is no data flow `{flow[:200]}`", "see `penstock flow list`")
            if row.state in FINAL:
                raise Conflict(f"this data flow is {row.state}")
            row, _ = self._moved(tx, row, TERMINATED, "terminate", {"dataAddress": None, "reason": OWNER})
            tx.change(row, told := replace(row, owed=ERRORED))
            tx.after(partial(self.driver.wake, flow))
            return told

        return self._shown(await self._core.store.write(act))

    # ---- inside one transaction

    def _new(self, plane: str, role: str, state: str, told: Mapping[str, Any]) -> FlowRow:
        now = self._core.clock.now()
        return FlowRow(
            id=told["processId"],
            digest=transfer_digest(told["processId"]).hex(),
            plane=plane,
            role=role,
            participant=told["participantId"],
            counterparty=told["counterPartyId"],
            dataspace=told["dataspaceContext"],
            agreement=told["agreementId"],
            dataset=told["datasetId"],
            profile=told["profile"],
            push=int(PROFILES[told["profile"]]),
            state=state,
            owed="",
            reason="",
            edition_bytes=0,
            files=0,
            bytes=0,
            created=now,
            updated=now,
        )

    def _of(self, tx: Tx, plane: str, key: str) -> FlowRow:
        row = tx.get(FlowRow, id=key)
        if row is None or row.plane != plane:
            raise Absent(f"there is no data flow `{key[:200]}`")
        return row

    def _moved(
        self, tx: Tx, row: FlowRow, state: str, message: str, told: Mapping[str, Any]
    ) -> tuple[FlowRow, dict[str, Any] | None]:
        side, address, before = self.sides[row.role], None, row
        reason = told["reason"] or ("" if state == STARTED else row.reason)
        row = replace(row, state=state, reason=reason, updated=self._core.clock.now())
        if state == STARTED:
            row = side.addressed(row, told["dataAddress"])
        if message == "resume":
            row, address = side.address(row)
        tx.change(before, row)
        if state in FINAL and before.state != state:
            self._end(tx, row)
        tx.after(partial(side.moved, row))
        return row, address

    def _end(self, tx: Tx, row: FlowRow) -> None:
        self._note(tx, row, "flow.ended", state=row.state, bytes=str(row.bytes))
        tx.after(partial(self.sides[row.role].moved, row))

    def _note(self, tx: Tx, row: FlowRow, kind: str, **more: str) -> None:
        told = {name: getattr(row, name) for name in ("plane", "role", "participant", "counterparty", "agreement")}
        fields = told | {"dataset": row.dataset, "profile": row.profile, "edition": row.edition} | more
        now = self._core.clock.now()
        self._core.evidence.record(tx, kind, part=row.id, link=[row.id], fields=fields, now=now)

    # ---- what its control plane is told

    async def _tell(self, key: str) -> None:
        row = await self._core.store.read(lambda tx: tx.get(FlowRow, id=key))
        if row is None or not row.owed:
            return
        plane = await self._core.store.read(lambda tx: known(tx, row.plane))
        url = f"{plane.endpoint}/transfers/{row.id}/dataflow/{row.owed}"
        await self._core.outbound.post(url, messages.status(row), headers=self._planes.authorization(plane.id))
        await self._said(row)

    async def _fail(self, key: str, fault: Exception) -> None:
        """Leave it at what a control plane does not want to hear."""
        row = await self._core.store.read(lambda tx: tx.get(FlowRow, id=key))
        if row is not None:
            text = f"its control plane was not told `{row.owed}`: {explain_failure(fault).text}"
            await self._said(row, text[: messages.REASON_CHARACTERS_MAX])

    async def _said(self, row: FlowRow, reason: str | None = None) -> None:
        def act(tx: Tx) -> None:
            found = tx.get(FlowRow, id=row.id)
            if found is not None and found.owed == row.owed:
                tx.change(found, replace(found, owed="", reason=found.reason if reason is None else reason))

        await self._core.store.write(act)

    def _shown(self, row: FlowRow) -> dict[str, Any]:
        return {
            "flow": row.id,
            "plane": row.plane,
            "role": row.role,
            "dataset": row.dataset,
            "counterparty": row.counterparty,
            "agreement": row.agreement,
            "direction": "push" if row.push else "pull",
            "state": row.state,
            "bytes": str(row.bytes),
            "files": row.files,
            "folder": self.sides[row.role].place(row),
            "untold": row.owed,
            "reason": row.reason,
            "created": row.created.isoformat(),
            "updated": row.updated.isoformat(),
        }
