"""Transfers under a contract of these interfaces: a transport is agreed, what was done is proven and told.

    request        /executionFeedback, then the transport (NDI-TR-2025-05, B.7): its answer is the provider's start
    completion     /fulfillmentProof to the provider and the platform
    termination    /abnormalTermination by the provider; by the consumer, and for the rest, /contractExecution

Law: a transfer cites the number of its contract's control instruction; under a contract that has none nothing flows.
What a provider answers is `connector.operation.ndi.transports`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from catalog.codes import FORMAT_PUSH, TIERS
from connector.enforcement.rules import in_force
from connector.enforcement.scopes import STANDING
from connector.enforcement.use import FORESIGHT, Link, Use
from connector.negotiation.doors import Peer
from connector.negotiation.ndi.address import is_through, plain
from connector.negotiation.protocol import data_address, messages, offers
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import CONSUMER, PROVIDER, STARTED, TRANSFER
from connector.operation.ndi import contracts, places
from connector.operation.ndi.proposals import CONTRACT_URN, contract_of
from connector.operation.ndi.reports import COMPLETED, RESUMED, SUSPENDED, TERMINATED
from connector.runtime.errors import Absent, NotPermitted, PeerMisbehaved, PeerUnreachable
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.contract import ContractRow
from connector.store.rows.protocol import NegotiationRow, TransferRow
from connector.store.table_row import replace
from contracts.namespace import CONTRACT
from contracts.ndi.delivery import PULL, PUSH, TRANSPORT
from contracts.ndi.interfaces import (
    ABNORMAL,
    ALLOWED,
    CONDITIONAL,
    DENIED,
    EXECUTION,
    FEEDBACK,
    PROOF,
    REASON_CHARACTERS_MAX,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.enforcement.enforce import Enforcement
    from connector.enforcement.use import Refused
    from connector.identity.space.view import SpaceView
    from connector.negotiation.engine import Engine
    from connector.negotiation.protocol.messages import Document
    from connector.operation.ndi.parties import Parties
    from connector.operation.ndi.speaking import Speaking
    from connector.store.transaction import Tx

    Admit = Callable[[Tx], None]
    Outcome = tuple[int, Any]

# the message of a transfer → what an execution says of it
EXECUTED: Final[Mapping[str, str]] = {
    "TransferCompletionMessage": COMPLETED,
    "TransferSuspensionMessage": SUSPENDED,
    "TransferStartMessage": RESUMED,
    "TransferTerminationMessage": TERMINATED,
}
STATES: Final[Mapping[str, str]] = {
    "TransferRequestMessage": "REQUESTED",
    "TransferCompletionMessage": "COMPLETED",
    "TransferSuspensionMessage": "SUSPENDED",
    "TransferStartMessage": "STARTED",
    "TransferTerminationMessage": "TERMINATED",
}
DOWNLOAD: Final = "download"
PLACE: Final = "foresight"
WAITS: Final = "conditional"  # the outcome of what is allowed after its duties
REFUSED: Final = 403
RESULT: Final = "executionResult"


class Flowing:
    """The transfers of one participant under contracts of these interfaces, on either side."""

    def __init__(
        self,
        core: Core,
        engine: Engine,
        space: SpaceView,
        parties: Parties,
        speaking: Speaking,
        enforcement: Enforcement,
    ) -> None:
        self._core, self._engine, self._space, self._enforcement = core, engine, space, enforcement
        self._parties, self._speaking = parties, speaking

    # ---- what we say

    async def deliver(self, peer: str, url: str, body: Document) -> Outcome:
        """Say a message of a transfer to a peer; raises what `Speaking.post` raises."""
        base, kind = await self._base(peer, url), body["@type"]
        if kind == "TransferRequestMessage":
            return await self._request(peer, base, body)
        row, contract, talk = await self._whole(body)
        if row.role == PROVIDER and kind == "TransferStartMessage" and not (row.entered or {}).get(STARTED):
            return self._ack(body)  # the answer to the transport has told it already
        if row.role == CONSUMER and kind == "TransferCompletionMessage":
            await self._prove(peer, base, contract, body)
        elif row.role == PROVIDER and kind == "TransferTerminationMessage":
            await self._cut(peer, base, contract, row)
        else:
            await self._executed(peer, base, contract, talk, body)
        return self._ack(body)

    async def _base(self, peer: str, url: str) -> str:
        """Return where a transfer is talked about: with the other side itself, also where the contract was not."""
        if is_through(url):
            return plain(await self._parties.base(peer))
        return plain(url).rpartition("/transfers/")[0]

    async def _request(self, peer: str, base: str, body: Document) -> Outcome:
        """Say that the use is allowed here, agree on a transport, and take its answer for the provider's start."""
        contract, talk = await self._contract(body["agreementId"].removeprefix(CONTRACT_URN))
        about, sequence = contract_of(talk), contracts.sequence(body["consumerPid"])
        if not contract.instruction:
            raise PeerUnreachable("the platform has not instructed this contract yet", "its instruction is waited for")
        now = contracts.stamp(self._core.clock.now())
        refused = await self._look(base, contract, talk, sequence, contracts.stamp(talk.updated))
        if refused is not None and refused.outcome != WAITS:
            return REFUSED, {"reason": [f"our own look at the contract refuses it: {refused.text}"]}
        asked = {
            "sequenceNum": sequence,
            "targetConnectorId": about["provider"],
            "issuerConnectorId": about["consumer"],
            "issuedTime": now.replace("+00:00", "Z"),
            "productId": about["product"],
            "ctrlInstructiontId": contract.instruction,
            "transferMode": PULL,
        }
        address = None
        if body["format"] == FORMAT_PUSH:
            asked |= {"transferMode": PUSH, "receiveAddr": places.written(body["dataAddress"])}
            await self._speaking.post(peer, base, TRANSPORT, asked)
        else:
            told = await self._speaking.post(peer, base, TRANSPORT, asked)
            address = places.read(told.get("dataacquiAddr", {}))
            if not data_address.endpoint(address):
                raise PeerMisbehaved("the transport has no address where the data are", "ask its provider")
        start = messages.transfer_start(sequence, body["consumerPid"], address) | {"@id": f"urn:ndi:start:{sequence}"}
        reply = await self._engine.receive_transfer_message(
            "TransferStartMessage", body["consumerPid"], start, Peer(peer, None)
        )
        if reply.status >= 300:
            raise PeerMisbehaved(f"the transport that was agreed cannot be taken: {reply.body}")
        return 200, messages.ack(TRANSFER, sequence, body["consumerPid"], "STARTED")

    async def require_allowed(self, base: str, contract: ContractRow, talk: NegotiationRow, sequence: str) -> None:
        """Raise NotPermitted where our own look at a contract denies a call; what it says is told where it is news."""
        refused = await self._look(base, contract, talk, sequence, "")
        if refused is not None and refused.outcome != WAITS:
            raise NotPermitted(f"our own look at the contract refuses it: {refused.text}", "penstock ndi show")

    async def _look(
        self, base: str, contract: ContractRow, talk: NegotiationRow, sequence: str, at: str
    ) -> Refused | None:
        """Look at a contract with our own engine, and tell its provider what that says of a use; None: it is allowed.

        `at` is what is told of the time; without one it is told now, and only what was not told last.
        """
        now = self._core.clock.now()
        refused = await self._core.store.read(lambda tx: self._looked(tx, talk, now))
        result = ALLOWED if refused is None else CONDITIONAL if refused.outcome == WAITS else DENIED
        if not at and contract.feedback == result:
            return refused
        why = (
            {} if refused is None else {"checks": [str(one["text"])[:REASON_CHARACTERS_MAX] for one in refused.reasons]}
        )
        feedback = {
            "connectorId": await self._parties.name(),
            "contractId": contract.code,
            "strategyId": contracts.strategy_id(contract.instruction),
            "result": result,
            "timestamp": at or contracts.stamp(now),
            "details": {"sequenceNum": sequence, "action": DOWNLOAD} | why,
        }
        await self._speaking.post(talk.peer, base, FEEDBACK, self._speaking.signed(feedback))
        await self._core.store.write(lambda tx: _told(tx, contract.code, result))
        return refused

    def _looked(self, tx: Tx, talk: NegotiationRow, now: datetime) -> Refused | None:
        """Return why what was agreed does not allow the use now, by what is known before it; None where it does."""
        agreement, me = talk.agreement or {}, self._core.identity.did
        rules = in_force(offers.read(agreement).policy, talk.product, me, STANDING)
        link = Link("", talk.product, talk.peer, me, rules, "", PLAIN, {})
        use = Use((link,), TIERS[PLAIN].action, {}, FORESIGHT, PLACE, taker="")
        return self._enforcement.foresee(tx, use, now)

    async def _prove(self, peer: str, base: str, contract: ContractRow, body: Document) -> None:
        """Prove to provider and platform that what was agreed was done."""
        proof = self.proof(contract, body["consumerPid"])
        await self._speaking.post(peer, base, PROOF, proof)
        platform = self._space.last().members[self._space.last().exchange]
        await self._speaking.post(platform.did, platform.url, PROOF, proof)

    def proof(self, contract: ContractRow, pid: str) -> Document:
        """Return what proves that a transfer of ours under a contract is done."""
        return self._speaking.signed({
            "proofId": pid.removeprefix("urn:uuid:"),
            "contractId": contract.code,
            "strategyId": contracts.strategy_id(contract.instruction),
            "log": {"sequenceNum": contracts.sequence(pid), "executedActions": [DOWNLOAD], RESULT: COMPLETED},
            "timestamp": contracts.stamp(self._core.clock.now()),
        })  # fmt: skip

    async def _cut(self, peer: str, base: str, contract: ContractRow, row: TransferRow) -> None:
        """Cut off what runs under a contract at its consumer."""
        await self._speaking.post(peer, base, ABNORMAL, {
            "connectorId": await self._parties.name(),
            "terminationId": row.id.removeprefix("urn:uuid:"),
            "contractId": contract.code,
            "strategyId": contracts.strategy_id(contract.instruction),
            "reason": row.reason[:REASON_CHARACTERS_MAX] or TERMINATED,
            "triggeredBy": "provider",
            "timestamp": contracts.stamp(row.updated),
        })  # fmt: skip

    async def _executed(
        self, peer: str, base: str, contract: ContractRow, talk: NegotiationRow, body: Document
    ) -> None:
        """Tell what became of a transfer."""
        sequence = next(pid for pid in (body["providerPid"], body["consumerPid"]) if not pid.startswith("urn:"))
        about = (talk.agreement or {})[CONTRACT]
        reasons = "; ".join(str(one) for one in body.get("reason", []))
        executed = {
            "executedStrategyId": str(uuid.UUID(sequence)),
            "executedActions": [DOWNLOAD],
            "executionResult": EXECUTED[body["@type"]],
        }
        await self._speaking.post(peer, base, EXECUTION, {
            "contractName": about["name"],
            "contractId": contract.code,
            "strategy": about["strategy"],
            "executedStrategy": executed | ({"executionDetails": reasons} if reasons else {}),
            "reportTime": contracts.stamp(talk.updated),
        })  # fmt: skip

    async def _contract(self, code: str) -> tuple[ContractRow, NegotiationRow]:
        def read(tx: Tx) -> tuple[ContractRow | None, NegotiationRow | None]:
            row = tx.get(ContractRow, code=code)
            return row, None if row is None else tx.get(NegotiationRow, id=row.negotiation)

        row, talk = await self._core.store.read(read)
        if row is None or talk is None:
            raise Absent(f"there is no contract `{code[:60]}` here")
        return row, talk

    async def _whole(self, body: Document) -> tuple[TransferRow, ContractRow, NegotiationRow]:
        """Return the transfer of ours that a message is of, with its contract and negotiation."""
        pid = next(told for told in (body["providerPid"], body["consumerPid"]) if told.startswith("urn:"))

        def read(tx: Tx) -> tuple[TransferRow | None, ContractRow | None]:
            row = tx.get(TransferRow, id=pid)
            kept = None if row is None else tx.get(AgreementRow, digest=row.agreement)
            return row, None if kept is None else contracts.of_negotiation(tx, kept.negotiation)

        row, contract = await self._core.store.read(read)
        if row is None or contract is None:
            raise Absent(f"there is no transfer `{pid}` of a contract here")
        _, talk = await self._contract(contract.code)
        return row, contract, talk

    @staticmethod
    def _ack(body: Document) -> Outcome:
        return 200, messages.ack(TRANSFER, body["providerPid"], body["consumerPid"], STATES[body["@type"]])


def _told(tx: Tx, code: str, result: str) -> None:
    """Keep what we have said last of a use under a contract."""
    row = tx.get(ContractRow, code=code)
    assert row is not None, "what is told of a contract is told of one that is there"
    tx.change(row, replace(row, feedback=result))
