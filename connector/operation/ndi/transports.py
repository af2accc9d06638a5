"""Transports that are agreed with a consumer (NDI-TR-2025-05, B.7): a pull, a push to where it says, or calls.

Law: (1) a delivery cites the number of its contract's control instruction; under a contract that has none nothing
flows. (2) The same `sequenceNum` is answered with the same transfer, and a call under it is made once. (3) What the
consumer names to be pushed to is looked at before anything is agreed, and again before each socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from catalog.codes import FORMAT_PUSH, TIERS
from connector.custody.tickets import Ticket, transfer_digest
from connector.negotiation import transfer as transfers
from connector.negotiation.doors import Peer
from connector.negotiation.ndi.offers import is_sealed
from connector.negotiation.protocol import messages, validation
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import FINAL, PROVIDER, STARTED
from connector.operation.ndi import places
from connector.operation.ndi.deliveries import CALL
from connector.operation.ndi.proposals import contract_of
from connector.runtime.errors import Absent, Conflict, NotPermitted, PeerUnreachable
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.contract import ContractRow
from connector.store.rows.delivery import DeliveryRow
from connector.store.rows.protocol import NegotiationRow, TransferRow
from contracts.ndi.delivery import HTTPS, PULL, PUSH, TRANSPORT
from contracts.ndi.fields import Code, FieldError
from contracts.ndi.interfaces import DENIED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.core import Core
    from connector.negotiation.engine import Engine
    from connector.negotiation.protocol.messages import Document
    from connector.operation.ndi.deliveries import Deliveries
    from connector.operation.ndi.parties import Parties
    from connector.operation.ndi.white_lists import WhiteLists
    from connector.store.transaction import Tx

    Admit = Callable[[Tx], None]

FORMATS: Final[Mapping[str, str]] = {PULL: TIERS[PLAIN].formats[0], PUSH: FORMAT_PUSH}
# a push goes as the text has it, unless its address says otherwise
POST: Final = "POST"


class Transports:
    """What one provider agrees to deliver."""

    def __init__(
        self, core: Core, engine: Engine, parties: Parties, white_lists: WhiteLists, deliveries: Deliveries
    ) -> None:
        self._core, self._engine, self._parties = core, engine, parties
        self._white_lists, self._deliveries = white_lists, deliveries

    async def agree(self, document: Any, peer: str, admit: Admit) -> Document:
        """Agree on a transport (`/transferNegotiate`): where the data are, and by which proof, or that they come."""
        said = TRANSPORT.read(document)
        where = await self._receiver(said) if said["transferMode"] == PUSH else None
        row = await self._begun(said, peer, admit, said["transferMode"], where)
        return _told(row, said)

    async def pulled(self, said: Mapping[str, Any], peer: str, admit: Admit) -> Ticket:
        """Agree on the transport of a pull whose header says it all (B.5), its two ends by their other names."""
        ends = {"targetConnectorId": said["sourceConnectorId"], "issuerConnectorId": said["targetConnectorId"]}
        return await self._ticket(await self._begun({**said, **ends}, peer, admit, PULL, None))

    async def called(self, said: Mapping[str, Any], peer: str, admit: Admit) -> Ticket:
        """Agree on a call: under the transfer that runs for calls, else under one that begins with it."""
        return await self._ticket(await self._begun(said, peer, admit, CALL, None))

    async def _ticket(self, row: TransferRow) -> Ticket:
        agreement = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=row.agreement))
        assert agreement is not None, "a transfer has its agreement"
        about = bytes.fromhex(agreement.signed_edition), bytes.fromhex(row.agreement), transfer_digest(row.id)
        return Ticket(*about, self._core.clock.now())

    async def _begun(
        self, said: Mapping[str, Any], peer: str, admit: Admit, kind: str, where: Document | None
    ) -> TransferRow:
        sequence = said["sequenceNum"]
        if not (sequence.isascii() and sequence.isprintable()):
            raise FieldError(Code.FORM, "sequenceNum", "has characters that no header has")
        await self._parties.require(said["issuerConnectorId"], peer, "issuerConnectorId")
        if said["targetConnectorId"] not in {self._core.identity.did, await self._parties.name()}:
            raise FieldError(Code.FORM, "targetConnectorId", "is another than this connector")
        base = await self._parties.base(peer)

        def act(tx: Tx) -> TransferRow:
            admit(tx)
            agreement, product = self._agreed(tx, said, peer)
            self._white_lists.require(tx, product, peer, said["issuerConnectorId"])
            runs = transfers.running(tx, agreement) if kind == CALL else []
            row = next((one for one in runs if one.format == FORMATS[PULL]), None)
            row = row or self._row(tx, said, peer, agreement, FORMATS.get(kind, FORMATS[PULL]), where, base)
            made = DeliveryRow(
                peer=peer,
                sequence=sequence,
                kind=kind,
                product=product,
                named=said["productId"],
                instruction=said["ctrlInstructiontId"],
                transfer=row.id,
                caller=said["issuerConnectorId"],
                callee=said["targetConnectorId"],
                created=self._core.clock.now(),
            )
            self._deliveries.begin(tx, made)
            return row

        return await self._core.store.write(act)

    def _row(
        self,
        tx: Tx,
        said: Mapping[str, Any],
        peer: str,
        agreement: str,
        transfer_format: str,
        where: Document | None,
        base: str,
    ) -> TransferRow:
        """Return the transfer under a number, begun where there is none; raises Conflict for another under it."""
        body = messages.transfer_request(said["sequenceNum"], agreement, transfer_format, base, where)
        body["@id"] = f"urn:ndi:transport:{said['sequenceNum']}"
        validation.decide(body["@type"], body)
        row = tx.get(TransferRow, role=PROVIDER, peer=peer, peer_pid=said["sequenceNum"])
        if row is None:
            self._engine.transfers.receive(tx, body, Peer(peer, None, is_ndi=True), None, self._core.clock.now())
            row = tx.get(TransferRow, role=PROVIDER, peer=peer, peer_pid=said["sequenceNum"])
            assert row is not None, "it was begun"
        if (row.agreement, row.format) != (agreement, transfer_format) or (where and row.address != where):
            raise Conflict("this `sequenceNum` is of a transfer that was agreed otherwise", "draw another one")
        if row.state in FINAL:
            raise NotPermitted(f"this transfer is over: {row.reason or row.state}", "ask with another `sequenceNum`")
        if STARTED not in (row.state, row.pending) or row.address is None:
            raise PeerUnreachable("the data are being made ready", "ask again")
        return row

    def _agreed(self, tx: Tx, said: Mapping[str, Any], peer: str) -> tuple[str, str]:
        """Return the digest of the agreement that a control instruction is of, and our id of its product.

        Raises Absent, NotPermitted.
        """
        where = "instruction = ? AND peer = ?"
        rows = tx.find(ContractRow, where, (said["ctrlInstructiontId"], peer), limit=1)
        talk = tx.get(NegotiationRow, id=rows[0].negotiation) if rows else None
        if talk is None or talk.role != PROVIDER or contract_of(talk)["product"] != said["productId"]:
            raise Absent("no contract with you has this control instruction and product", "see `ctrlInstructiontId`")
        if is_sealed(talk.agreement):
            text = "this contract says that it is delivered sealed"
            raise NotPermitted(text, "agree under it by the Dataspace Protocol: `contract` of the terms")
        if rows[0].feedback == DENIED:
            raise NotPermitted("your connector told us that this use is denied", "tell us when it is allowed")
        return str(talk.digest), talk.product

    async def _receiver(self, said: Mapping[str, Any]) -> Document:
        """Return where a push goes; raises FieldError, AddressRefused and PeerUnreachable."""
        told = said.get("receiveAddr", {})
        url = told.get("transferreceiveaddrUrl", "")
        if not url:
            raise FieldError(Code.MISSING, "receiveAddr/transferreceiveaddrUrl", "is missing", "a push needs it")
        if told.get("transferprotocolType", HTTPS).upper() not in (HTTPS, "HTTP"):
            raise FieldError(Code.UNAVAILABLE, "receiveAddr/transferprotocolType", f"is not offered: {HTTPS} is")
        await self._core.outbound.vet(url)
        return places.read(told, {"method": POST})


def _told(row: TransferRow, said: Mapping[str, Any]) -> Document:
    told = {
        "code": Code.SUCCESS,
        "message": "success",
        "connectorId": said["targetConnectorId"],
        "productId": said["productId"],
        "transferMode": said["transferMode"],
    }
    if said["transferMode"] == PUSH:
        return told
    return told | {"dataacquiAddr": places.written(row.address or {})}
