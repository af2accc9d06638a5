"""What comes by flows: fetched from the address that a control plane was told, or sent here by a provider's data plane.

    DATA/flows/DIGEST   NAME (whole, durable) · .part (what comes in)      DIGEST stands for the flow's id

Law: (1) a file has its name when it is whole and durable; what broke off goes on where it was durable, if its source
says that it is still the same file (RFC 9110, 13.1.5). (2) A pull is done when all its files are here, and its control
plane is told; a push is done when the provider's control plane says so. (3) What rests or is over is cut off.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from connector.consumer.flows.drawn import Drawn
from connector.core.driver import Driver
from connector.custody import bearers
from connector.custody.arrived import Tokens, arriving, named
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.states import CONSUMER
from connector.operation.signaling.profiles import endpoint_type
from connector.operation.signaling.states import PREPARED, STARTED
from connector.runtime.data_folder import FLOWS
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.limits import FLOW_FILES_MAX
from connector.store.rows.signaling import FlowRow
from connector.store.table_row import replace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.operation.signaling.flows import Flows
    from connector.store.transaction import Tx

PATH: Final = "/flows"


class Arriving:
    """The flows by which one consumer gets."""

    def __init__(self, core: Core, flows: Flows, peers: Peers, ticket_key: bytes) -> None:
        self._core, self._flows, self._peers = core, flows, peers
        self._tokens = Tokens(ticket_key, "flow-in")
        self._folder = core.data / FLOWS
        self._drawing: dict[str, asyncio.Task[None]] = {}
        self.driver = Driver("fetch of a flow", self._fetch, flows.failed)
        flows.sides[CONSUMER] = self

    def folder(self, row: FlowRow) -> Path:
        """Return where the files of a flow lie."""
        return self._folder / row.digest[:32]

    # ---- the consumer's side of `connector.operation.signaling.flows`

    def opens(self, tx: Tx, row: FlowRow, message: Mapping[str, Any]) -> FlowRow:
        """Return the flow as it is: nothing has to be made ready."""
        del tx, message
        return row

    def addressed(self, row: FlowRow, address: dict[str, Any] | None) -> FlowRow:
        """Return the flow with where it fetches from; raises InvalidInput, AddressRefused for an address of no use."""
        if row.push or address is None or row.state == PREPARED:
            return row
        if not (endpoint := data_address.endpoint(address)):
            raise InvalidInput("the `dataAddress` has no `endpoint`")
        self._core.outbound.check(endpoint)
        return replace(row, address=address)

    def address(self, row: FlowRow) -> tuple[FlowRow, dict[str, Any] | None]:
        """Return where the provider sends to, None for a pull."""
        if not row.push:
            return row, None
        told = {"authorization": self._tokens.of(row.id), "authType": bearers.AUTH_TYPE}
        endpoint = f"{self._core.identity.url}{PATH}/{row.id}/in"
        return row, data_address.write(endpoint, told) | {"endpointType": endpoint_type(push=True)}

    def moved(self, row: FlowRow) -> None:
        """Fetch what may be fetched, and cut off what rests or is over."""
        if row.state == STARTED and not row.push and row.address is not None:
            self.driver.hurry(row.id)
        elif row.state != STARTED and (drawing := self._drawing.get(row.id)):
            drawing.cancel()

    def place(self, row: FlowRow) -> str:
        """Return the folder of a flow's files."""
        return str(self.folder(row)) if row.files else ""

    # ---- what is fetched

    async def _fetch(self, key: str) -> None:
        row = await self._core.store.read(lambda tx: tx.get(FlowRow, id=key))
        if row is None or row.state != STARTED or row.address is None:
            return
        drawn = Drawn(self._core, self._peers, row, self.folder(row))
        self._drawing[key] = task = asyncio.create_task(drawn.run(), name="draw")
        try:
            await task
        except asyncio.CancelledError:
            if not task.cancelled() or asyncio.current_task().cancelling():  # type: ignore[union-attr]  # we run in one
                task.cancel()
                raise
            return
        finally:
            self._drawing.pop(key, None)
        await self._flows.done(key)

    # ---- what is sent here

    def require(self, key: str, header: str) -> None:
        """Raise Unproven unless an `Authorization` header has the token of the flow of this id."""
        self._tokens.require(key, header, "a data flow that is prepared here")

    async def take(self, key: str, name: str, body: AsyncIterator[bytes]) -> None:
        """Keep a file that a provider's data plane sends; raises Absent, Conflict, and InvalidInput for its name."""
        row = await self._core.store.read(lambda tx: _open(tx, key))
        name = named(name)
        if row.files >= FLOW_FILES_MAX:
            raise Conflict(f"{FLOW_FILES_MAX} files came by this data flow", "begin another")
        async with arriving(self.folder(row), body) as file:
            await file.keep(name)
        await self._core.store.write(lambda tx: _count(tx, key, file.length))


def _open(tx: Tx, key: str) -> FlowRow:
    row = tx.get(FlowRow, id=key)
    if row is None or row.role != CONSUMER or not row.push:
        raise Absent(f"there is no data flow `{key[:200]}` that something is sent to")
    if row.state not in (PREPARED, STARTED):
        raise Conflict(f"this data flow is {row.state}", "have it resumed, or begin another")
    return row


def _count(tx: Tx, key: str, length: int) -> None:
    row = _open(tx, key)  # what came after its end is there, and not counted: its control plane is told so
    tx.update(FlowRow, {"id": key}, files=row.files + 1, bytes=row.bytes + length)
