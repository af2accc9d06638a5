"""Negotiations, agreements and transfers of both roles, as clients of the Management API begin, see and end them.

Law: what is shown is what our engine has, in EDC's words for its states; what is begun, paused and ended is a message
of the protocol. What a client takes of an offer goes to a provider of our make as that provider offers it (its terms
are no part of what a client can say), to any other as the client writes it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from catalog.codes import FORMAT_PLAIN, FORMAT_PUSH
from connector.core.driver import Driver
from connector.negotiation.protocol import data_address, messages, offers, validation
from connector.negotiation.protocol.errors import ProtocolError
from connector.negotiation.protocol.states import CONSUMER, FINALIZED, NEGOTIATION, PROVIDER, TERMINATED, TRANSFER
from connector.operation.management import prefixed, query, shape, views
from connector.operation.management.names import read, scalar
from connector.operation.management.query import Field, Table
from connector.operation.management.shape import Violation, Violations
from connector.operation.management.views import ON_THE_WAY
from connector.operation.management.written import moment, stamped
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.management import EdrRequestRow
from connector.store.rows.protocol import NegotiationRow, TransferRow
from contracts.namespace import AGREEMENT_URN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.negotiation.engine import Engine
    from connector.operation.management.callbacks import Callbacks
    from connector.operation.management.catalogues import Catalogues
    from connector.operation.signaling.steering import Steering
    from connector.store.transaction import Tx

log = logging.getLogger(__name__)

# EDC's numbers of states (0.14.0)
NUMBERS: Final[Mapping[str, Mapping[int, str]]] = {
    NEGOTIATION: {
        100: "REQUESTING", 200: "REQUESTED", 300: "OFFERING", 400: "OFFERED", 700: "ACCEPTING", 800: "ACCEPTED",
        825: "AGREEING", 850: "AGREED", 1050: "VERIFYING", 1100: "VERIFIED", 1150: "FINALIZING", 1200: "FINALIZED",
        1300: "TERMINATING", 1400: "TERMINATED",
    },
    TRANSFER: {
        400: "REQUESTING", 500: "REQUESTED", 550: "STARTING", 600: "STARTED", 650: "SUSPENDING", 700: "SUSPENDED",
        750: "COMPLETING", 800: "COMPLETED", 825: "TERMINATING", 850: "TERMINATED",
    },
}  # fmt: skip
_STATE = (
    "CASE WHEN pending = '' THEN state "
    + " ".join(f"WHEN pending = '{state}' THEN '{word}'" for state, word in ON_THE_WAY.items())
    + " ELSE state END"
)
CONTRACT_ID: Final = Field(f"'{AGREEMENT_URN}' || agreement")


def _state(process: str) -> Field:
    numbers = NUMBERS[process]
    return Field(_STATE, lambda text: numbers.get(int(text), "") if text.isdecimal() else text)


NEGOTIATIONS: Final = Table(
    "negotiations",
    {
        "id": Field("id"),
        "type": Field("upper(role)"),
        "state": _state(NEGOTIATION),
        "counterPartyId": Field("peer"),
        "counterPartyAddress": Field("callback"),
        "correlationId": Field("peer_pid"),
        "assetId": Field("product"),
        "contractAgreementId": Field(f"'{AGREEMENT_URN}' || digest"),
        "contractAgreement.assetId": Field("product"),
        "createdAt": Field("created", moment),
    },
)
TRANSFERS: Final = Table(
    "transfers",
    {
        "id": Field("id"),
        "type": Field("upper(role)"),
        "state": _state(TRANSFER),
        "contractId": CONTRACT_ID,
        "contractAgreementId": CONTRACT_ID,
        "agreementId": CONTRACT_ID,
        "correlationId": Field("peer_pid"),
        "counterPartyId": Field("peer"),
        "transferType": Field("format"),
        "assetId": Field("(SELECT product FROM agreements WHERE agreements.digest = transfers.agreement)"),
        "createdAt": Field("created", moment),
    },
)
_NAMED: Final = f"'{AGREEMENT_URN}' || digest"
AGREEMENTS: Final = Table(
    f"(SELECT digest, product, peer, role, created, {_NAMED} AS id FROM agreements) AS agreed",  # noqa: S608  # a name of ours
    {
        "id": Field("id"),
        "assetId": Field("product"),
        "counterPartyId": Field("peer"),
        "createdAt": Field("created", moment),
        "contractSigningDate": Field("created", lambda text: moment(str(int(text) * 1_000))),
    },
)
# what of an agreement is its policy
AGREED: Final = offers.NAMES | frozenset(offers.RULES)
UNSAID: Final = "its client gave no reason"
FORMATS: Final = (FORMAT_PLAIN, FORMAT_PUSH)


class ContractProcesses:
    """What clients of the Management API negotiate and transfer."""

    def __init__(
        self, core: Core, engine: Engine, catalogues: Catalogues, steering: Steering, callbacks: Callbacks
    ) -> None:
        self._core, self._engine, self._catalogues, self._steering = core, engine, catalogues, steering
        self._callbacks = callbacks
        self._awaited: set[str] = set()  # negotiations after which a transfer is asked for
        self.driver = Driver("reference", self._refer, self._give_up)

    # ---- negotiations

    async def negotiate(self, body: Any) -> dict[str, Any]:
        """Ask a provider for an agreement on an offer of its catalogue."""
        pid, at = await self._negotiate(read(body, "a contract request"))
        return stamped(pid, at)

    async def refer(self, body: Any) -> dict[str, Any]:
        """Negotiate, and ask for a transfer as soon as there is an agreement; the client fetches by its reference."""
        pid, at = await self._negotiate(read(body, "a contract request"))
        row = EdrRequestRow(negotiation=pid, format=FORMAT_PLAIN, created=at)
        self._awaited.add(pid)
        await self._core.store.write(lambda tx: tx.put(row))
        self.driver.wake(pid)
        return stamped(pid, at)

    async def negotiation(self, pid: str) -> dict[str, Any]:
        """Return a negotiation; raises Absent."""
        return await self._core.store.read(lambda tx: views.negotiation(tx, _found(tx, NegotiationRow, pid)))

    async def negotiations(self, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the negotiations that a query asks for."""
        asked = query.read(spec, NEGOTIATIONS)
        return await self._core.store.read(
            lambda tx: [
                views.negotiation(tx, _found(tx, NegotiationRow, pid)) for pid in query.ids(tx, NEGOTIATIONS, asked)
            ]
        )

    async def agreement_of(self, pid: str) -> dict[str, Any]:
        """Return the agreement of a negotiation; raises Absent."""
        row = await self._core.store.read(lambda tx: _found(tx, NegotiationRow, pid))
        if row.digest is None:
            raise Absent(f"the negotiation `{pid[:200]}` has no agreement yet")
        return await self.agreement(AGREEMENT_URN + row.digest)

    async def end_negotiation(self, pid: str, body: Any) -> None:
        """End a negotiation and tell the peer why."""
        reason = _reason(body, "TerminateNegotiation")
        await self.negotiation(pid)
        await self._engine.operating.terminate(pid, reason)

    async def forget_negotiation(self, pid: str) -> None:
        """Refuse to remove what both sides' logs speak of."""
        await self.negotiation(pid)
        raise Conflict("a negotiation is evidence, and is kept", "end it, if it goes on")

    # ---- agreements

    async def agreement(self, key: str) -> dict[str, Any]:
        """Return an agreement; raises Absent."""
        return await self._core.store.read(lambda tx: self._agreement(_agreed(tx, key)))

    async def agreements(self, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the agreements that a query asks for."""
        asked = query.read(spec, AGREEMENTS)
        return await self._core.store.read(
            lambda tx: [self._agreement(_agreed(tx, key)) for key in query.ids(tx, AGREEMENTS, asked)]
        )

    async def negotiation_of(self, key: str) -> dict[str, Any]:
        """Return the negotiation that an agreement came of; raises Absent."""
        row = await self._core.store.read(lambda tx: _agreed(tx, key))
        return await self.negotiation(row.negotiation)

    # ---- transfers

    async def transfer(self, body: Any) -> dict[str, Any]:
        """Ask for data under an agreement: a reference to pull by, or that they are pushed to an address."""
        told = read(body, "a transfer request")
        shape.require("TransferRequest", told)
        row = await self._core.store.read(lambda tx: _agreed(tx, told["contractId"]))
        asked = await self._callbacks.read(told)
        if row.role == CONSUMER and (key := await self._steering.request(row.digest, told["transferType"])):
            await self._callbacks.keep(key, TRANSFER, asked)
            return stamped(key, self._core.clock.now())
        if told["transferType"] not in FORMATS:
            text = f"`{told['transferType'][:100]}` is no way of transfer here; it is {' or '.join(FORMATS)}"
            raise Violations([Violation(text, "transferType", told["transferType"][:100])])
        address = _destination(told) if told["transferType"] == FORMAT_PUSH else None
        pid = await self._engine.start_transfer(row.digest, told["transferType"], address)
        await self._callbacks.keep(pid, TRANSFER, asked)
        return stamped(pid, self._core.clock.now())

    async def transfer_process(self, pid: str) -> dict[str, Any]:
        """Return a transfer; raises Absent."""
        waits = await self._steering.begun(pid)
        if waits is not None and await self._core.store.read(lambda tx: tx.get(TransferRow, id=pid)) is None:
            return views.waiting(waits)
        return await self._core.store.read(lambda tx: views.transfer(tx, _found(tx, TransferRow, pid)))

    async def transfers(self, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the transfers that a query asks for."""
        asked = query.read(spec, TRANSFERS)
        return await self._core.store.read(
            lambda tx: [views.transfer(tx, _found(tx, TransferRow, pid)) for pid in query.ids(tx, TRANSFERS, asked)]
        )

    async def suspend(self, pid: str, body: Any) -> None:
        """Pause a transfer and tell the peer why."""
        reason = _reason(body, "SuspendTransfer")
        await self.transfer_process(pid)
        await self._engine.operating.suspend(pid, reason)

    async def resume(self, pid: str) -> None:
        """Start a paused transfer again."""
        await self.transfer_process(pid)
        await self._engine.operating.resume(pid)

    async def end_transfer(self, pid: str, body: Any) -> None:
        """End a transfer and tell the peer why."""
        reason = _reason(body, "TerminateTransfer")
        await self.transfer_process(pid)
        await self._engine.operating.terminate(pid, reason)

    async def deprovision(self, pid: str) -> None:
        """Do nothing: what a transfer needed here ended with it."""
        await self.transfer_process(pid)

    # ---- inside

    async def recover(self) -> None:
        """Go on with what was to follow negotiations."""
        for row in await self._core.store.read(lambda tx: tx.find(EdrRequestRow)):
            self._awaited.add(row.negotiation)
            self.driver.wake(row.negotiation)

    def moved(self, process: str, pid: str) -> None:
        """Ask for the transfer that was to follow a negotiation."""
        if process == NEGOTIATION and pid in self._awaited:
            self.driver.wake(pid)

    async def _give_up(self, pid: str, fault: Exception) -> None:
        log.warning("no transfer follows the negotiation `%s`: %s", pid, fault)
        self._awaited.discard(pid)
        await self._core.store.write(lambda tx: tx.delete(EdrRequestRow, negotiation=pid))

    async def _refer(self, pid: str) -> None:
        def due(tx: Tx) -> tuple[EdrRequestRow | None, NegotiationRow | None]:
            return tx.get(EdrRequestRow, negotiation=pid), tx.get(NegotiationRow, id=pid)

        asked, row = await self._core.store.read(due)
        if asked is None or row is None or row.state not in (FINALIZED, TERMINATED):
            return
        self._awaited.discard(pid)
        # one of us takes it away, and that one asks
        taken = await self._core.store.write(lambda tx: tx.delete(EdrRequestRow, negotiation=pid))
        if taken and row.state == FINALIZED and row.digest is not None:
            await self._engine.start_transfer(row.digest, asked.format)

    async def _negotiate(self, told: dict[str, Any]) -> tuple[str, datetime]:
        shape.require("ContractRequest", told)
        place = await self._catalogues.place(told)
        offer = _offer(told["policy"])
        offer = await self._catalogues.whole(place, offer) or offer
        message = messages.contract_request(consumer_pid="urn:uuid:0", offer=offer, callback=place.base)
        try:
            validation.check("ContractRequestMessage", message)
            price = offers.read(offer).price or 0
        except (ProtocolError, InvalidInput) as fault:
            raise Violations([Violation(str(fault), "policy")]) from fault
        mandate = {"bid": price, "limit": price, "rounds": 2, "tier": offers.PLAIN}
        asked = await self._callbacks.read(told)
        pid = await self._engine.start_negotiation(place.did, place.base, offer, mandate)
        await self._callbacks.keep(pid, NEGOTIATION, asked)
        return pid, self._core.clock.now()

    def _agreement(self, row: AgreementRow) -> dict[str, Any]:
        ours, theirs = self._core.identity.did, row.peer
        rules = {name: value for name, value in row.odrl.items() if name in AGREED}
        provider, consumer = (ours, theirs) if row.role == PROVIDER else (theirs, ours)
        return stamped(AGREEMENT_URN + row.digest, row.created, "ContractAgreement") | {
            "agreementId": row.odrl["@id"],
            "assetId": row.product,
            "providerId": provider,
            "consumerId": consumer,
            "contractSigningDate": int(row.created.timestamp()),
            "policy": prefixed.policy(prefixed.tree(rules)),
        }


def _found(tx: Tx, kind: Any, pid: str) -> Any:
    row = tx.get(kind, id=pid)
    if row is None:
        words = "negotiation" if kind is NegotiationRow else "transfer process"
        raise Absent(f"there is no {words} `{pid[:200]}`")
    return row


def _agreed(tx: Tx, key: str) -> AgreementRow:
    row = tx.get(AgreementRow, digest=key.removeprefix(AGREEMENT_URN))
    if row is None:
        raise Absent(f"there is no contract agreement `{key[:200]}`")
    return row


def _offer(written: Any) -> dict[str, Any]:
    """Return the offer that a client takes, as it is said to the provider."""
    said = prefixed.tree(written)
    if missing := next((name for name in ("@id", "target") if not isinstance(said.get(name), str)), None):
        raise Violations([Violation(f"the offer has no `{missing}`: take it as the catalogue has it", "policy")])
    return offers.foreign(said | {"@type": "Offer"})


def _destination(told: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: scalar(value) for name, value in (told.get("dataDestination") or {}).items()}
    properties = {name: value for name, value in said.items() if isinstance(value, str) and not name.startswith("@")}
    found = data_address.destination(properties, properties.get("type", "HttpData"))
    if not data_address.endpoint(found):
        raise Violations([Violation("a push needs a `dataDestination` with a `baseUrl`", "dataDestination")])
    return found


def _reason(body: Any, kind: str) -> str:
    told = read(body, "the body")
    shape.require(kind, told)
    return str(told.get("reason") or UNSAID)
