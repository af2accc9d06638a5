"""Pushes under contracts of these interfaces, as their consumer has them made: to a server of its own, or to here.

    DATA/pushed/SEQUENCE    the files of one push, each with its name once it is whole and durable

Law: (1) what is pushed here names the numbers of a transfer that we asked for, and has the token that we gave along
with its address; the token is of that transfer alone. (2) A file whose bytes are not those of its `bodyHash` is not
kept. (3) Nothing comes in under a transfer that rests or is over.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

from catalog.codes import FORMAT_PUSH
from connector.custody import bearers
from connector.custody.arrived import Tokens, arriving, named
from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.states import CONSUMER, FINAL, SUSPENDED
from connector.operation.ndi import contracts
from connector.operation.ndi.proposals import contract_of
from connector.runtime.data_folder import PUSHED
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.limits import FLOW_FILES_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.delivery import DeliveryRow
from connector.store.rows.protocol import TransferRow
from contracts.ndi.delivery import PUSH, PUSH_PATH, require_body
from contracts.ndi.fields import Code, FieldError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from connector.core.core import Core
    from connector.negotiation.engine import Engine
    from connector.negotiation.protocol.messages import Document
    from connector.operation.ndi.ways import Ways
    from connector.store.transaction import Tx


class Landing:
    """The pushes that one consumer asks for, and takes."""

    def __init__(self, core: Core, engine: Engine, ways: Ways, ticket_key: bytes) -> None:
        self._core, self._engine, self._ways = core, engine, ways
        self._tokens = Tokens(ticket_key, "ndi-push")
        self._folder = core.data / PUSHED

    async def push(self, code: str, to: str | None, authorization: str | None) -> Document:
        """Have the provider of a contract push its data to an address, or here; its own rules say where it pushes to.

        Raises Absent and Conflict for no contract in force in which we are the consumer, InvalidInput.
        """
        _, talk = await self._core.store.read(lambda tx: contracts.in_force(tx, code))
        pid = f"urn:uuid:{uuid.uuid4()}"
        sequence = contracts.sequence(pid)
        if to is None:
            if authorization:
                raise InvalidInput("what is pushed here has a token that is drawn here", "name your server, too: --to")
            to = f"{self._core.identity.url}{PUSH_PATH}/{sequence}"
            authorization, folder = bearers.SCHEME + self._tokens.of(sequence), str(self._folder / sequence)
        else:
            folder = ""
        address = data_address.write(to, {"authorization": authorization} if authorization else {})
        transfer = await self._engine.start_transfer(str(talk.digest), FORMAT_PUSH, address, pid)
        return {"contractId": code, "transfer": transfer, "folder": folder}

    def require(self, sequence: str, header: str) -> None:
        """Raise Unproven unless an `Authorization` header has the token of the push of this number."""
        self._tokens.require(sequence, header, "a push that was asked for here")

    async def asked(self, sequence: str, said: Mapping[str, Any]) -> DeliveryRow:
        """Return the delivery that a push is of, by its header `said`; raises FieldError, Absent, Conflict."""
        return await self._core.store.read(lambda tx: self._asked(tx, sequence, said))

    async def take(self, made: DeliveryRow, name: str, said: Mapping[str, Any], body: AsyncIterator[bytes]) -> None:
        """Keep a file that is pushed; `said` is its header. Raises FieldError, Conflict, InvalidInput."""
        folder, name = self._folder / made.sequence, named(name)
        async with arriving(folder, body) as file:
            require_body(said, file.digest)
            again = await asyncio.to_thread(_is_there, folder, name)
            await file.keep(name)
        # one that was taken, and whose answer was lost, is no second one
        length = 0 if again else file.length
        await self._core.store.write(lambda tx: self._ways.deliveries.add(tx, made, length))

    def _asked(self, tx: Tx, sequence: str, said: Mapping[str, Any]) -> DeliveryRow:
        row = tx.get(TransferRow, id=f"urn:uuid:{uuid.UUID(sequence)}")
        kept = None if row is None else tx.get(AgreementRow, digest=row.agreement)
        contract = None if kept is None else contracts.of_negotiation(tx, kept.negotiation)
        if row is None or kept is None or contract is None or (row.role, row.format) != (CONSUMER, FORMAT_PUSH):
            raise Absent(f"there is no push `{sequence}` that was asked for here")
        if row.state in FINAL or row.state == SUSPENDED:
            raise Conflict(f"this push is {row.state}", "have it asked for again")
        about = contract_of(contracts.talk_of(tx, contract))
        wanted = {"sequenceNum": sequence, "productId": about["product"], "ctrlInstructiontId": contract.instruction}
        for field, value in wanted.items():
            if said[field] != value:
                raise FieldError(Code.FORM, field, "is not that of the push which was asked for")
        return DeliveryRow(
            peer=row.peer,
            sequence=sequence,
            kind=PUSH,
            product=kept.product,
            named=about["product"],
            instruction=contract.instruction,
            transfer=row.id,
            caller=about["consumer"],
            callee=about["provider"],
            created=self._core.clock.now(),
        )


def _is_there(folder: Path, name: str) -> bool:
    """Say whether a file came before; raises Conflict for one too many."""
    there = {path.name for path in folder.iterdir()}
    if name not in there and len(there) > FLOW_FILES_MAX:
        raise Conflict(f"{FLOW_FILES_MAX} files came by this push", "ask for another")
    return name in there
