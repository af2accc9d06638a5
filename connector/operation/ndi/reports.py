"""How a contract is performed, told between its parties and to the platform: executed, allowed, proven, cut off.

Law: (1) what is told is the teller's word: it is kept as evidence, whole by its digest, and moves nothing but the
transfer that it names. (2) Who is no party of the contract is told that there is none. (3) The same report counts once.

    /contractExecution      either side: a transfer was completed, suspended, resumed or terminated
    /executionFeedback      the consumer's connector: a use was looked at, and allowed, denied or allowed on conditions
    /abnormalTermination    the provider's connector: what runs under the contract is cut off
    /fulfillmentProof       the consumer's connector: it is done, and this is what was done
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.doors import Peer
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.states import FINAL, PROVIDER, TRANSFER
from connector.operation.ndi import contracts
from connector.runtime.errors import Absent, Conflict
from connector.store.rows.contract import ContractRow
from connector.store.rows.filing import FilingRow
from connector.store.rows.protocol import ReceivedRow, TransferRow
from connector.store.table_row import replace
from contracts.ndi.interfaces import ABNORMAL, EXECUTION, FEEDBACK, OK, PROOF, TERMINATE, Interface, digest, signed_part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.negotiation.engine import Engine
    from connector.negotiation.protocol.messages import Document
    from connector.operation.ndi.parties import Parties
    from connector.store.transaction import Tx

    Admit = Callable[[Tx], None]

REPORTED: Final = "contract.reported"
COMPLETED, SUSPENDED, RESUMED, TERMINATED = "completed", "suspended", "resumed", "terminated"
# what an execution says of a transfer → the message that says so, by a consumer or a provider
SAID: Final[Mapping[str, str]] = {
    COMPLETED: "completion",
    SUSPENDED: "suspension",
    RESUMED: "start",
    TERMINATED: "termination",
}
# member of a report that says how it went
RESULT: Final[Mapping[Interface, str]] = {FEEDBACK: "result", ABNORMAL: "triggeredBy"}
RECEIVED_STATUS: Final = 200
# of one kind about one contract: each stays in the log for good
REPORTS_MAX: Final = 10_000
COUNTED: Final = "SELECT count(*) AS n FROM received WHERE subject = ?"


class Reports:
    """What one participant is told of contracts that it is a party of, or that it has filed as the platform."""

    def __init__(self, core: Core, engine: Engine, parties: Parties) -> None:
        self._core, self._engine, self._parties = core, engine, parties

    async def take(self, interface: Interface, document: Any, peer: str, admit: Admit) -> Document:
        """Take a report from a proven peer; raises FieldError, Absent."""
        said = interface.read(document)
        if "connectorId" in said:
            await self._parties.require(said["connectorId"], peer, "connectorId")
        if "signature" in said:
            await self._parties.require_signed(peer, signed_part(document), said["signature"])

        def act(tx: Tx) -> Document:
            admit(tx)
            now, over = self._core.clock.now(), digest(document)
            subject = f"{interface.name}:{said['contractId']}"
            contract = tx.get(ContractRow, code=said["contractId"])
            filing = tx.get(FilingRow, code=said["contractId"])
            part = self._part(tx, contract, filing, peer)
            if tx.get(ReceivedRow, subject=subject, digest=over) is not None:
                return {"status": OK}
            if tx.execute(COUNTED, subject)[0]["n"] >= REPORTS_MAX:
                raise Conflict(f"{REPORTS_MAX} reports of this kind were taken of the contract", "tell the other party")
            tx.insert(ReceivedRow(subject=subject, digest=over, status=RECEIVED_STATUS, state=interface.name, at=now))
            self.record(tx, interface, part, said, over, (peer, self._core.identity.did), now)
            if contract is not None and contract.peer == peer:
                self._moves(tx, interface, contract, part, said, now)
            elif filing is not None and interface is TERMINATE and filing.ended is None:
                tx.change(filing, replace(filing, ended=now))
            return {"status": OK}

        return await self._core.store.write(act)

    def record(
        self,
        tx: Tx,
        interface: Interface,
        part: str,
        said: Mapping[str, Any],
        over: bytes,
        ends: tuple[str, str],
        now: datetime,
    ) -> None:
        """Write that a report was told, from whom to whom."""
        executed = said.get("executedStrategy", {})
        result = executed.get("executionResult") or said.get(RESULT.get(interface, ""), "")
        fields = {"interface": interface.name, "contract": said["contractId"], "digest": over.hex()}
        told = {**fields, "from": ends[0], "to": ends[1]} | ({"result": str(result)} if result else {})
        self._core.evidence.record(tx, REPORTED, part=part, fields=told, now=now)

    def _part(self, tx: Tx, contract: ContractRow | None, filing: FilingRow | None, peer: str) -> str:
        """Return the digest of the contract that a report is of; raises Absent for who is no party."""
        if contract is not None and contract.peer == peer:
            row = contracts.talk_of(tx, contract)
            if row.digest:
                return row.digest
        if filing is not None and peer in (filing.provider, filing.consumer):
            return filing.agreement
        raise Absent("there is no such contract of yours here", "see `contractId`")

    def _moves(
        self, tx: Tx, interface: Interface, contract: ContractRow, part: str, said: Mapping[str, Any], now: datetime
    ) -> None:
        """Do what a report says of a transfer under the contract."""
        if interface is FEEDBACK:
            tx.change(contract, replace(contract, feedback=said["result"]))
        elif interface is ABNORMAL:
            for row in tx.find(TransferRow, "agreement = ?", (part,)):
                if row.state not in FINAL:
                    self._tell(tx, contract, row, "termination", said["reason"], now)
        elif interface is PROOF:
            self._of(tx, contract, str(said["log"].get("sequenceNum", "")), "completion", "", now)
        elif interface is EXECUTION:
            executed = said["executedStrategy"]
            kind = SAID.get(executed["executionResult"], "")
            number = contracts.instruction_of(executed["executedStrategyId"])
            self._of(tx, contract, number, kind, executed.get("executionDetails", ""), now)

    def _of(self, tx: Tx, contract: ContractRow, number: str, kind: str, reason: str, now: datetime) -> None:
        """Take a message about the transfer with a sequence number, where there is one that it may still move."""
        row = tx.get(TransferRow, role=contract.role, peer=contract.peer, peer_pid=number)
        if kind and row is not None and row.state not in FINAL:
            self._tell(tx, contract, row, kind, reason, now)

    def _tell(self, tx: Tx, contract: ContractRow, row: TransferRow, kind: str, reason: str, now: datetime) -> None:
        ours, theirs = row.id, row.peer_pid or ""
        ids = (ours, theirs) if row.role == PROVIDER else (theirs, ours)
        body = {
            "completion": lambda: messages.transfer_completion(*ids),
            "start": lambda: messages.transfer_start(*ids),
        }.get(kind, lambda: messages.ending(TRANSFER, kind, *ids, reasons=[reason] if reason else []))()
        self._engine.transfers.receive(tx, body, Peer(contract.peer, None), row.id, now)
