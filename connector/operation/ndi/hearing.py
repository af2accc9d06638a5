"""What comes by the interfaces of a contract, made messages of the engine.

Law: (1) a request is read and its signatures are checked before anything is written; what is wrong is refused, and the
contract stands as it stood. (2) What is asked again is answered again, and nothing happens twice. (3) Who is no party
of a contract hears that there is none. (4) A signature counts over the contract's digest alone, and only once both
sides hold to one strategy. (5) A control instruction counts from the platform of the space alone, and for what was
signed here. (6) Of a contract through the platform the platform alone brings messages; whose they are, their signatures
say.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation import agreement as agreements
from connector.negotiation import amendment
from connector.negotiation.doors import Peer
from connector.negotiation.ndi import offers
from connector.negotiation.protocol import messages, validation
from connector.negotiation.protocol.states import (
    AGREED,
    CONSUMER,
    FINAL,
    FINALIZED,
    PROVIDER,
    ROLES,
    TERMINATED,
    VERIFIED,
)
from connector.operation.ndi import consents, contracts, proposals, services, versions
from connector.operation.ndi.proposals import Ours, Proposal
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.contract import ContractRow, ServiceContractRow
from connector.store.rows.product import ProductRow
from connector.store.rows.protocol import NegotiationRow
from connector.store.table_row import replace
from contracts import lifecycle
from contracts.errors import ContractError
from contracts.ndi.fields import Code, FieldError
from contracts.ndi.interfaces import (
    CREATE,
    FAILED,
    NEGOTIATE,
    OK,
    REGISTRATE,
    STRATEGY_SEND,
    TERMINATE,
    THROUGH_PLATFORM,
    contract_part,
    digest,
    filed_digest,
    filed_part,
    signed_part,
)
from contracts.ndi.rounds import Round, strategy_digest
from contracts.ndi.services import read as read_services

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.negotiation.engine import Engine
    from connector.negotiation.protocol.messages import Document
    from connector.operation.ndi.parties import Parties
    from connector.operation.ndi.sealing import Sealing
    from connector.operation.ndi.serving import Serving
    from connector.store.transaction import Tx
    from contracts.ndi.services import ServiceParty
    from ledger.chain.programs import Programs

    Admit = Callable[[Tx], None]

SIGNED: Final = "contract.signed"
INSTRUCTED: Final = "instruction.moved"
REQUEST_URN: Final = "urn:sha256:"


class Hearing:
    """The contracts that others begin, propose, sign and end with one participant."""

    def __init__(
        self,
        core: Core,
        engine: Engine,
        space: SpaceView,
        programs: Programs,
        parties: Parties,
        serving: Serving,
        sealing: Sealing,
    ) -> None:
        self._core, self._engine, self._space, self._parties = core, engine, space, parties
        self._serving, self._sealing = serving, sealing
        self._domain = programs.deployment.domain("licences")

    async def create(self, document: Any, peer: str, admit: Admit) -> Document:
        """Begin a contract (`/contractCreate`): nothing is proposed yet."""
        said = CREATE.read(document)
        through = said["signMode"] == THROUGH_PLATFORM
        if through and peer != self._space.last().exchange:
            text = "02 is said by the platform alone: it passes on what you ask it"
            raise FieldError(Code.UNAVAILABLE, "signMode", text, "ask /contractCreate of the exchange of this space")
        issuer = await self._parties.holder(said["issuerId"]) if through else peer
        await self._parties.base(issuer)
        await self._parties.require(said["issuerId"], issuer, "issuerId")
        await self._parties.require_signed(issuer, signed_part(document), said["signature"])
        if said["endTime"] <= said["activationTime"]:
            raise FieldError(Code.FORM, "endTime", "is not after `activationTime`")
        now = self._core.clock.now()
        if said["endTime"] <= now:
            raise FieldError(Code.FORM, "endTime", "has passed")
        request = digest(document).hex()
        begun = ContractRow(
            # through the platform all three make the same code of the request
            code=contracts.code_of(self._domain, request, said["issueTime"] if through else now),
            role=PROVIDER,
            peer=issuer,
            negotiation="",
            request=request,
            name=said["contractName"],
            document={name: contracts.stamped(said[name], document[name]) for name in said},
            created=now,
        )

        def act(tx: Tx) -> ContractRow:
            admit(tx)
            return contracts.begin(tx, begun)

        row = await self._core.store.write(act)
        return {"contractId": row.code, "creationFlag": OK}

    async def negotiate(self, document: Any, peer: str, admit: Admit) -> Document:
        """Take a proposal, an assent or a signature (`/contractNegotiate`)."""
        said = NEGOTIATE.read(document)
        if said.get("signatoryId") == self._core.identity.did:
            return await self._serving.take(said, document, peer, admit)
        peer, through = await self._speaker(said["contractId"], peer)
        strategy = document["strategy"]
        proposals.require_known(strategy)
        part = contract_part(said["contractName"], said["contractId"], strategy)
        over = sha256(part).digest()
        proofs = [one["signature"] for one in said.get("signatureList", [])]
        signature = await self._parties.signed_by(peer, part, proofs, "signatureList") if proofs else None
        base = through or await self._parties.base(peer)
        ours = Ours(self._core.identity.did, await self._parties.name(), base)
        told = await self._round(said, strategy, peer)

        def act(tx: Tx) -> Document:
            admit(tx)
            now = self._core.clock.now()
            contract = contracts.with_peer(tx, said["contractId"], peer)
            if contract.name != said["contractName"]:
                raise InvalidInput("`contractName` is another than the contract was begun with", "say the same")
            row = tx.get(NegotiationRow, id=contract.negotiation) if contract.negotiation else None
            if row is not None and row.digest == over.hex() and _is_taken(row, signed=signature is not None):
                return {"negotiationStatus": OK}
            currency = self._space.known_currency()
            proposal = Proposal(contract, strategy, said["strategy"], part, signature, told, currency)
            message = self._message(tx, proposal, row, ours, now)
            message["@id"] = REQUEST_URN + digest(document).hex() + ("" if signature is None else ".signed")
            return self._taken(tx, proposal, message, row, now)

        return await self._core.store.write(act)

    async def terminate(self, document: Any, peer: str, admit: Admit) -> Document:
        """End a contract, or its negotiation (`/contractTerminate`)."""
        said = TERMINATE.read(document)
        serves = await self._core.store.read(lambda tx: tx.get(ServiceContractRow, code=said["contractId"])) is not None
        if serves and peer == self._space.last().exchange:
            peer = await self._parties.holder(said["issuerId"])  # who brings it does not matter: it is signed
        elif not serves:
            peer, _ = await self._speaker(said["contractId"], peer)
        await self._parties.require(said["issuerId"], peer, "issuerId")
        await self._parties.require_signed(peer, signed_part(document), said["signature"])
        if serves:
            return await self._serving.end(said["contractId"], peer, admit)

        def act(tx: Tx) -> Document:
            admit(tx)
            now = self._core.clock.now()
            contract = contracts.with_peer(tx, said["contractId"], peer)
            row = contracts.talk_of(tx, contract)
            contracts.require_not_being_filed(row, consents.waiting(tx, contract.code, contracts.about(row)))
            if row.state not in FINAL:
                pids = proposals.pids(row, contract.code)
                body = messages.ending("negotiation", "termination", *pids, reasons=["the other party ends it"])
                self._receive(tx, body | {"@id": REQUEST_URN + digest(document).hex()}, peer, row, now)
            elif row.state == FINALIZED:
                self.end(tx, row, peer, "ended by the other party", now)
            return {"status": OK}

        return await self._core.store.write(act)

    def end(self, tx: Tx, row: NegotiationRow, by: str, reason: str, now: datetime) -> bool:
        """End what was agreed; nothing flows under it any more. Returns whether it had not ended before."""
        kept = tx.get(AgreementRow, digest=row.digest) if row.digest else None
        if kept is None or kept.state in lifecycle.OVER:
            return False
        cause = agreements.Cause(reason, by)
        agreements.close(tx, self._core.evidence, kept, "end", cause, now)
        self._sealing.end(tx, kept, cause, now)
        self._core.topics.agreement_touched.after(tx, kept.digest)
        return True

    async def instruct(self, document: Any, peer: str, admit: Admit) -> Document:
        """Take a control instruction of the platform (`/strategySend`): the contract is filed, and in force."""
        said = STRATEGY_SEND.read(document)
        if peer != self._space.last().exchange:
            raise NotPermitted("a control instruction comes from the platform of the space alone", "ask its exchange")
        await self._parties.require_signed(peer, signed_part(document), said["signature"])
        filed = said["transactionExecutionStrategy"]
        instruction = contracts.instruction_of(said["strategyId"])
        over = _filed_digest(filed)
        proofs = await self._consents(filed) if over else {}

        def act(tx: Tx) -> Document:
            admit(tx)
            now = self._core.clock.now()
            contract = tx.get(ContractRow, code=said["contractId"])
            row = None if contract is None else tx.get(NegotiationRow, id=contract.negotiation)
            told = {"contract": said["contractId"], "instruction": instruction, "from": peer}
            told |= {"to": self._core.identity.did, "version": said["strategyVersion"]}
            if contract is None and tx.get(ServiceContractRow, code=said["contractId"]) is not None:
                _require_number(instruction, over)
                if self._serving.instructed(tx, said["contractId"], over, instruction):
                    self._core.evidence.record(tx, INSTRUCTED, part=over, fields=told, now=now)
                return {"status": OK}
            if contract is None or row is None or row.digest != over or filed.get("contractId") != contract.code:
                raise Conflict("the instruction is of a contract that was not signed here", "ask the other party")
            _require_number(instruction, over)
            if contract.instruction:
                return {"status": OK}
            contract = tx.change(contract, replace(contract, instruction=instruction, instructed=document))
            for party, proof in proofs.items():
                consents.keep(tx, self._core.evidence, contract.code, over, party, proof, now)
            self._core.evidence.record(tx, INSTRUCTED, part=over, fields=told, now=now)
            if row.role == CONSUMER and row.state not in FINAL:
                body = messages.event("finalize", *proposals.pids(row, contract.code))
                self._receive(tx, body | {"@id": REQUEST_URN + digest(document).hex()}, row.peer, row, now)
            return {"status": OK}

        return await self._core.store.write(act)

    async def _speaker(self, code: str, caller: str) -> tuple[str, str]:
        """Return whose word of a contract a caller brings, and the platform's address where it goes through that."""
        row = await self._core.store.read(lambda tx: tx.get(ContractRow, code=code))
        party = contracts.speaker(row, caller, self._space.last().exchange)
        if not party:
            raise Absent(f"there is no contract `{code[:60]}` with you here", "it is negotiated through the platform")
        through = row is not None and contracts.is_through(row)
        return party, await self._parties.platform() if through else ""

    async def _round(self, said: Mapping[str, Any], strategy: Document, party: str) -> Mapping[str, Any] | None:
        """Return what a message says of its round, which is signed by its proposer; raises FieldError."""
        told: Mapping[str, Any] | None = said.get("round")
        if told is None:
            return None
        if not told["number"].isdecimal():
            raise FieldError(Code.FORM, "round/number", "is a number")
        made = Round(said["contractId"], int(told["number"]), party, strategy_digest(strategy), told["previous"])
        await self._parties.require_signed(party, made.part, told["signature"], "round/signature")
        return told

    async def _consents(self, filed: Mapping[str, Any]) -> dict[ServiceParty, bytes]:
        """Return the signatures of a filed contract's service parties; raises FieldError where one has not signed."""
        named = read_services(offers.beside(filed["strategy"]).get(offers.SERVICES, []))
        if not named:
            return {}
        part, proofs = filed_part(filed), [one["signature"] for one in REGISTRATE.read(filed)["signatoryEntities"]]
        where = "signatoryEntities"
        return {one: await self._parties.signed_by(one.entity, part, proofs, where) for one in named}

    def _message(self, tx: Tx, said: Proposal, row: NegotiationRow | None, ours: Ours, now: datetime) -> Document:
        """Return the message of the engine that a request is; without a kind where the negotiation is ended by it."""
        if row is None:
            named = self._parties.product(tx, said.strategy["subjectInfo"]["dataProductId"])
            return proposals.first(said, ours, tx.get(ProductRow, id=named), services.of(tx, named))
        if row.role == PROVIDER:
            return proposals.to_provider(said, row)
        if (said.signature is not None or not amendment.of(row)) and (other := proposals.changed(row, said)):
            words = f"the provider offers another {' and '.join(other)} than we asked for"
            self._engine.negotiations.terminate(tx, row.id, words, now)
            return {}
        return proposals.to_consumer(said, row, ours.did, now)

    def _taken(self, tx: Tx, said: Proposal, message: Document, row: NegotiationRow | None, now: datetime) -> Document:
        """Have the engine take a message, keep a signature, and say whether both hold to one strategy."""
        contract, before = said.contract, None if row is None else row.offer
        if "@type" in message:
            self._receive(tx, message, contract.peer, row, now)
        if row is None:
            known = [tx.get(NegotiationRow, role=role, peer=contract.peer, peer_pid=contract.code) for role in ROLES]
            row = next(one for one in known if one is not None)
            contract = tx.change(contract, replace(contract, negotiation=row.id, role=row.role))
        row = tx.get(NegotiationRow, id=row.id)
        assert row is not None, "it was taken"
        if row.offer != before:
            self._version(tx, said, now)
        if said.signature is not None and row.digest == said.digest and contract.signature is None:
            contract = tx.change(contract, replace(contract, signature=said.signature, signed=now))
            own = contracts.own_signature(tx, contract.code, said.part, self._core.identity, now)
            told = self._signatures(said, row, own)
            self._core.evidence.record(tx, SIGNED, part=said.digest, fields=told, now=now)
        agreed = contracts.is_agreed(row) and row.pending != TERMINATED
        return {"negotiationStatus": OK if agreed else FAILED}

    def _version(self, tx: Tx, said: Proposal, now: datetime) -> None:
        """Keep what was proposed, unless it repeats what is there; raises Conflict where it does not follow."""
        contract, party = said.contract, said.contract.peer
        last = versions.newest(tx, contract.code)
        if versions.repeats(last, said.raw):
            return
        made = versions.following(last, contract.code, contract.request, party, said.raw)
        signs = said.signature is None and versions.signs_rounds(tx, contract.code, party)
        versions.require_following(made, said.round, signs=signs)
        proof = None if said.round is None else said.round["signature"]
        through = self._space.last().exchange if contracts.is_through(contract) else ""
        way = (self._core.identity.did, through)
        versions.keep(tx, self._core.evidence, made, said.raw, proof, way, now)

    def _signatures(self, said: Proposal, row: NegotiationRow, own: bytes) -> dict[str, Any]:
        """Return the fields of the event that both have signed a contract."""
        assert said.signature is not None
        sides = [(self._core.identity.did, own.hex()), (row.peer, said.signature.hex())]
        (provider, first), (consumer, second) = sides if row.role == PROVIDER else reversed(sides)
        told = {"contract": said.contract.code, "name": said.contract.name, "strategy": said.raw}
        return {**told, "provider": provider, "consumer": consumer, "signatures": [first, second]}

    def _receive(self, tx: Tx, body: Document, peer: str, row: NegotiationRow | None, now: datetime) -> None:
        validation.decide(body["@type"], body)
        self._engine.negotiations.receive(tx, body, Peer(peer, None, is_ndi=True), None if row is None else row.id, now)


def _is_taken(row: NegotiationRow, *, signed: bool) -> bool:
    """Say whether we hold already to what is said of a digest: who lost our answer says it again.

    The engine would not know it again: the agreement that we make of it bears the second in which it came.
    """
    if row.state in {VERIFIED, FINALIZED}:
        return True
    return row.state == AGREED if row.role == CONSUMER and signed else row.role == PROVIDER and not signed


def _require_number(instruction: str, over: str) -> None:
    """Raise InvalidInput unless the number of an instruction follows from its contract's digest."""
    if instruction != over[: len(instruction)] or not instruction:
        raise InvalidInput("`strategyId` does not follow from the contract", "use its digest's first 32 digits")


def _filed_digest(filed: Mapping[str, Any]) -> str:
    """Return the digest of the contract that an instruction is of, empty where it is of none."""
    try:
        NEGOTIATE.read({name: filed.get(name) for name in ("contractName", "contractId", "strategy")})
        return filed_digest(filed).hex()
    except ContractError:
        return ""
