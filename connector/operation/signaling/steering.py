"""Our transfers whose data a data plane of another make moves: it is told what becomes of each, and says what it does.

Law: (1) a step of a transfer that needs the data plane waits for it: what starts or resumes as provider when the plane
has started, what is asked for as consumer when it has prepared. (2) What the plane is to be told follows from the state
of the transfer and that of the flow (`due`), so a crash forgets nothing. (3) A plane that refuses ends the transfer,
and its peer is told why; an error that it reports changes nothing, and stands with the transfer.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from connector.core.driver import Driver
from connector.negotiation import transfer as transfers
from connector.negotiation.doors import DeclinedError
from connector.negotiation.protocol import offers
from connector.negotiation.protocol import states as protocol
from connector.negotiation.protocol.states import CONSUMER, PROVIDER, TRANSFER
from connector.operation.management.release_4 import SIGNALED
from connector.operation.signaling import states
from connector.operation.signaling.data_planes import pick
from connector.operation.signaling.messages import OLDER, REASON_CHARACTERS_MAX
from connector.operation.signaling.profiles import PROFILES
from connector.operation.signaling.states import COMPLETED, FINAL, PREPARED, STARTED, SUSPENDED, TERMINATED
from connector.runtime.errors import Absent, Conflict, InvalidInput, PeerMisbehaved, PeerRefused, PenstockError
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.management import AssetRow
from connector.store.rows.protocol import TransferRow
from connector.store.rows.signaling import DataPlaneRow, SteeredRow
from connector.store.table_row import replace
from contracts.namespace import AGREEMENT_URN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.negotiation.doors import Doors
    from connector.negotiation.engine import Engine
    from connector.negotiation.protocol.messages import Document
    from connector.operation.signaling.data_planes import DataPlanes
    from connector.store.transaction import Tx

FLOWS: Final = "/dataflows"  # below the endpoint of a data plane; Eclipse EDC's are registered with it
DATASPACE: Final = "dataspace-protocol-http:2025-1"
STARTING, PREPARING = "STARTING", "PREPARING"
HTTP_CONFLICT: Final = 409
BEGINS: Final = {PROVIDER: "start", CONSUMER: "prepare"}
# words of a data plane → the state that each means, and those in which it is heard: it may be faster than the answer to
# what caused it
WORDS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "prepared": (PREPARED, frozenset({"", PREPARING, PREPARED})),
    "started": (STARTED, frozenset({"", PREPARED, STARTING, STARTED})),
    "completed": (COMPLETED, frozenset({"", PREPARED, STARTING, STARTED, COMPLETED})),
    "errored": ("", frozenset({"", PREPARING, PREPARED, STARTING, STARTED, SUSPENDED})),
}
# state of a transfer and of its flow → what brings the flow further: what was missed in between is said first
DUE: Final[Mapping[tuple[str, str], str]] = {
    (protocol.STARTED, PREPARED): "started",
    (protocol.STARTED, SUSPENDED): "resume",
    (protocol.SUSPENDED, PREPARED): "started",
    (protocol.SUSPENDED, STARTED): "suspend",
    (protocol.COMPLETED, PREPARED): "started",
    (protocol.COMPLETED, STARTED): "completed",
    (protocol.COMPLETED, SUSPENDED): "resume",
    (protocol.COMPLETED, PREPARING): "terminate",
    (protocol.COMPLETED, STARTING): "terminate",
    **{(protocol.TERMINATED, flow): "terminate" for flow in (PREPARING, PREPARED, STARTING, STARTED, SUSPENDED)},
}
# the same, where a step of ours waits for the flow to go on
WANTED: Final[Mapping[tuple[str, str], str]] = {
    **DUE,
    (protocol.SUSPENDED, SUSPENDED): "resume",
    (protocol.SUSPENDED, STARTED): "",
}
# states in which a provider's start may go
BEGUN: Final = frozenset({STARTED, COMPLETED})
# what a data plane, or the other side, does not know yet, or has not ended
_OPEN: Final = (
    "SELECT steered.transfer FROM steered LEFT JOIN transfers ON transfers.id = steered.transfer "
    "WHERE steered.state NOT IN ('COMPLETED', 'TERMINATED') OR transfers.state NOT IN ('COMPLETED', 'TERMINATED')"
)


class Steering:
    """Steers the data planes of one control plane."""

    def __init__(self, core: Core, engine: Engine, doors: Doors, data_planes: DataPlanes) -> None:
        self._core, self._engine, self._planes = core, engine, data_planes
        self.driver = Driver("data plane", self._advance, self._fail)
        self._moved_by: set[str] = set()  # transfers that a data plane moves: all others are none of ours
        address = doors.data_address
        doors.ready = self.ready
        doors.data_address = lambda tx, row, agreement: self._address(tx, row) or address(tx, row, agreement)

    async def recover(self) -> None:
        """Look at everything that a data plane moves."""
        for key in await self._core.store.read(lambda tx: tx.column(_OPEN)):
            self._moved_by.add(key)
            self.driver.wake(key)

    def moved(self, process: str, key: str) -> None:
        """Look at a transfer that has moved."""
        if process == TRANSFER and key in self._moved_by:
            self.driver.wake(key)

    # ---- doors of the engine

    def ready(self, tx: Tx, row: TransferRow, agreement: AgreementRow) -> bool:
        """Say whether a provider's start may go; where a data plane has to be asked first, that is begun."""
        known = tx.get(SteeredRow, transfer=row.id)
        about = _metadata(tx, agreement.product)
        if known is None and not about:
            return True
        if known is not None and known.state in BEGUN:
            return True
        if known is None:
            plane = pick(tx, row.format, about["labels"])
            if plane is None:
                raise DeclinedError(f"no data plane serves `{row.format}` here at the moment")
            self._insert(tx, row.id, PROVIDER, plane.id, row.agreement, row.format)
        elif known.state == SUSPENDED:
            tx.change(known, replace(known, wanted="resume"))
        tx.after(partial(self.driver.wake, row.id))
        return False

    def _address(self, tx: Tx, row: TransferRow) -> Document | None:
        known = tx.get(SteeredRow, transfer=row.id)
        return None if known is None else known.address

    # ---- transfers as consumer

    async def request(self, agreement: str, profile: str) -> str | None:
        """Begin a transfer that a data plane takes, and return its id; None where no data plane serves the profile."""
        key = f"urn:uuid:{uuid.uuid4()}"

        def act(tx: Tx) -> str | None:
            found = tx.get(AgreementRow, digest=agreement)
            if found is None or found.role != CONSUMER:
                raise InvalidInput("there is no agreement under which we may pull")
            plane = pick(tx, profile, ())
            if plane is None:
                return None
            self._insert(tx, key, CONSUMER, plane.id, agreement, profile)
            tx.after(partial(self.driver.wake, key))
            return key

        return await self._core.store.write(act)

    async def begun(self, key: str) -> SteeredRow | None:
        """Return a transfer that waits for its data plane before it is asked for, None for no such one."""
        return await self._core.store.read(lambda tx: tx.get(SteeredRow, transfer=key))

    # ---- what data planes say

    async def hear(self, plane: str, key: str, word: str, body: Mapping[str, Any]) -> None:
        """Take a callback of a data plane; raises Absent, Conflict."""

        def act(tx: Tx) -> SteeredRow:
            row = _of(tx, plane, key)
            if row.state not in WORDS[word][1]:
                raise Conflict(f"the flow of this transfer is {row.state or 'not begun'}, and does not take `{word}`")
            reason = str(body.get("error") or "")[:REASON_CHARACTERS_MAX]
            address = body.get("dataAddress") if isinstance(body.get("dataAddress"), dict) else row.address
            state = WORDS[word][0] or row.state
            now = self._core.clock.now()
            return tx.change(row, replace(row, state=state, address=address, reason=reason, updated=now))

        self.driver.hurry((await self._core.store.write(act)).transfer)

    async def agreement(self, plane: str, key: str) -> dict[str, Any]:
        """Return the agreement of a transfer, as the protocol has it; raises Absent."""

        def look(tx: Tx) -> AgreementRow:
            found = tx.get(AgreementRow, digest=_of(tx, plane, key).agreement)
            assert found is not None, "no agreement is ever deleted"
            return found

        row = await self._core.store.read(look)
        rules = {name: value for name, value in row.odrl.items() if name in offers.NAMES | frozenset(offers.RULES)}
        return {"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"], **rules}

    # ---- what data planes are told

    async def _advance(self, key: str) -> None:
        def look(tx: Tx) -> tuple[SteeredRow | None, TransferRow | None]:
            return tx.get(SteeredRow, transfer=key), tx.get(TransferRow, id=key)

        row, moving = await self._core.store.read(look)
        if row is None:
            return
        if row.state in FINAL and moving is not None and moving.state in protocol.FINAL:
            self._moved_by.discard(key)
        while message := due(row, moving):
            body = await self._core.store.read(partial(self._body, message, row, moving))
            row = await self._took(row, message, await self._told(row, message, body))
        await self._go_on(row, moving)

    async def _go_on(self, row: SteeredRow, moving: TransferRow | None) -> None:
        """Take the step of ours that waited for the data plane."""
        if row.role == CONSUMER and moving is None and row.state == PREPARED:
            await self._engine.start_transfer(row.agreement, row.profile, row.address, row.transfer)
        if row.state == COMPLETED and moving is not None and moving.state == protocol.STARTED and not moving.pending:
            await self._engine.complete_transfer(row.transfer)
        if row.role != PROVIDER or row.state not in BEGUN or moving is None or moving.pending:
            return
        if row.wanted:
            await self._core.store.write(lambda tx: tx.update(SteeredRow, {"transfer": row.transfer}, wanted=""))
            await self._engine.operating.resume(row.transfer)
        elif moving.state == protocol.REQUESTED or moving.paused == transfers.RESUMED:
            await self._engine.advance(TRANSFER, row.transfer)

    async def _told(self, row: SteeredRow, message: str, body: Mapping[str, Any]) -> Any:
        """Send a message; returns its answer, also where an earlier run of ours was ended before it kept that.

        A data plane refuses to begin a flow that it has. The process is ours alone, so it is the one that we began.
        """
        try:
            return await self._say(row.transfer, message, body, begins=not row.state)
        except PeerRefused as refusal:
            if row.state or refusal.status != HTTP_CONFLICT:
                raise
        found = await self._say(row.transfer, "status", None)
        started = isinstance(found, dict) and found.get("state") == STARTED
        if row.role != PROVIDER or not started or PROFILES.get(row.profile):
            return found
        for word in ("suspend", "resume"):  # where its data are fetched it says as it starts, and as it goes on
            found = await self._say(row.transfer, word, {"messageId": str(uuid.uuid4())})
        return found

    async def _say(self, key: str, message: str, body: Mapping[str, Any] | None, *, begins: bool = False) -> Any:
        """Tell the data plane of a transfer, or (no body) ask it; returns its answer. Raises as `Outbound.get`."""

        def look(tx: Tx) -> DataPlaneRow | None:
            row = tx.get(SteeredRow, transfer=key)
            return None if row is None else tx.get(DataPlaneRow, id=row.plane)

        plane = await self._core.store.read(look)
        if plane is None:
            raise Absent("the data plane of this transfer is not registered here any more")
        url = f"{plane.endpoint.removesuffix(FLOWS)}{FLOWS}/{message if begins else f'{key}/{message}'}"
        headers = await self._planes.authorization(plane)
        if body is None:
            answer = await self._core.outbound.get(url, headers=headers)
        else:
            answer = await self._core.outbound.post(url, body, headers=headers)
        return answer.json() if answer.body else None

    async def _took(self, row: SteeredRow, message: str, told: Any) -> SteeredRow:
        """Write what a data plane answered."""
        said = told if isinstance(told, dict) else {}
        state = _after(row, message, said.get("state"))
        address = said.get("dataAddress") if isinstance(said.get("dataAddress"), dict) else row.address

        def act(tx: Tx) -> SteeredRow:
            now = tx.get(SteeredRow, transfer=row.transfer)
            assert now is not None, "what is steered stays"
            if now.state != row.state:  # a callback was faster than the answer
                return now
            moved = replace(now, state=state, address=address, reason="", updated=self._core.clock.now())
            return tx.change(now, moved)

        return await self._core.store.write(act)

    async def _fail(self, key: str, fault: Exception) -> None:
        reason = f"the data plane refused: {fault}"[:REASON_CHARACTERS_MAX]

        def act(tx: Tx) -> TransferRow | None:
            row = tx.get(SteeredRow, transfer=key)
            if row is not None:
                tx.change(row, replace(row, state=TERMINATED, reason=reason, updated=self._core.clock.now()))
            return tx.get(TransferRow, id=key)

        moving = await self._core.store.write(act)
        with suppress(PenstockError):  # it may have begun what it did not answer
            await self._say(key, "terminate", {"messageId": str(uuid.uuid4()), "reason": reason})
        if moving is not None and moving.state not in protocol.FINAL:
            await self._engine.terminate_transfer(key, reason)

    def _insert(self, tx: Tx, key: str, role: str, plane: str, agreement: str, profile: str) -> None:
        now = self._core.clock.now()
        tx.after(partial(self._moved_by.add, key))
        tx.insert(
            SteeredRow(
                transfer=key,
                role=role,
                plane=plane,
                state="",
                agreement=agreement,
                profile=profile,
                wanted="",
                created=now,
                updated=now,
            )
        )

    def _body(self, message: str, row: SteeredRow, moving: TransferRow | None, tx: Tx) -> dict[str, Any]:
        told: dict[str, Any] = {"messageId": str(uuid.uuid4())}
        address = None if moving is None or moving.address is None else {"dataAddress": moving.address}
        if not row.state:
            return told | self._beginning(tx, row) | ((row.role == PROVIDER and address) or {})
        if message in ("suspend", "terminate"):
            return told | ({"reason": moving.reason} if moving is not None and moving.reason else {})
        return told | ((row.role == CONSUMER and message != "completed" and address) or {})

    def _beginning(self, tx: Tx, row: SteeredRow) -> dict[str, Any]:
        """Return what the first message to a data plane says of a transfer."""
        agreement = tx.get(AgreementRow, digest=row.agreement)
        assert agreement is not None, "no agreement is ever deleted"
        about = _metadata(tx, agreement.product) if row.role == PROVIDER else {}
        return {
            "participantId": self._core.identity.did,
            "counterPartyId": agreement.peer,
            "dataspaceContext": DATASPACE,
            "processId": row.transfer,
            "agreementId": AGREEMENT_URN + row.agreement,
            "datasetId": agreement.product,
            "profile": row.profile,
            OLDER: row.profile,
            "claims": {},
        } | {name: about[name] for name in ("labels", "metadata") if about.get(name)}


def due(row: SteeredRow, moving: TransferRow | None) -> str:
    """Return what a data plane has to be told, nothing where it knows."""
    if not row.state:
        return "" if moving is not None and moving.state in protocol.FINAL else BEGINS[row.role]
    if row.state in FINAL or moving is None:
        return ""
    return DUE.get((moving.state, row.state), "") if not row.wanted else WANTED.get((moving.state, row.state), "")


def _after(row: SteeredRow, message: str, told: Any) -> str:
    """Return the state after a message that a data plane took; raises PeerMisbehaved for an answer of no sense."""
    if message == "terminate":
        return TERMINATED
    if row.state:
        return states.after(row.state, message)
    allowed = (STARTED, STARTING) if message == "start" else (PREPARED, PREPARING)
    if told not in allowed:
        raise PeerMisbehaved(f"the data plane answered `{str(told)[:40]}` to `{message}`")
    return str(told)


def _metadata(tx: Tx, product: str) -> dict[str, Any]:
    """Return what a product's data plane is told of it, empty for one that is served here."""
    asset = tx.get(AssetRow, id=product)
    return dict(asset.address) if asset is not None and asset.address.get("type") == SIGNALED else {}


def _of(tx: Tx, plane: str, key: str) -> SteeredRow:
    row = tx.get(SteeredRow, transfer=key)
    if row is None or row.plane != plane:
        raise Absent(f"there is no transfer `{key[:200]}` of this data plane")
    return row
