"""Negotiations and transfers as clients of the Management API see them: where each is, what it waits for, how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol.states import CONSUMER, TERMINATED
from connector.operation.management.written import milliseconds, stamped
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.management import CallbackRow
from connector.store.rows.signaling import SteeredRow
from contracts.namespace import AGREEMENT_URN, NS

if TYPE_CHECKING:
    from connector.store.rows.protocol import NegotiationRow, ProcessRow, TransferRow
    from connector.store.transaction import Tx

PROTOCOL: Final = "dataspace-protocol-http:2025-1"
# the word for a state that a message of ours leads to, until it is there
ON_THE_WAY: Final = {
    "REQUESTED": "REQUESTING",
    "OFFERED": "OFFERING",
    "ACCEPTED": "ACCEPTING",
    "AGREED": "AGREEING",
    "VERIFIED": "VERIFYING",
    "FINALIZED": "FINALIZING",
    "STARTED": "STARTING",
    "SUSPENDED": "SUSPENDING",
    "COMPLETED": "COMPLETING",
    "TERMINATED": "TERMINATING",
}


def _shown(tx: Tx, row: ProcessRow, kind: str) -> dict[str, Any]:
    """Return what is told of every process: where it is, what it waits for, and until when."""
    told = stamped(row.id, row.created, kind) | {
        "type": "CONSUMER" if row.role == CONSUMER else "PROVIDER",
        "state": ON_THE_WAY.get(row.pending, row.state) if row.pending else row.state,
        "stateTimestamp": milliseconds(row.updated),
        "correlationId": row.peer_pid,
        "counterPartyId": row.peer,
        "counterPartyAddress": row.callback,
        "protocol": PROTOCOL,
        "errorDetail": row.reason or None,
        NS + "deadline": None if row.deadline is None else milliseconds(row.deadline),
        "callbackAddresses": callbacks(tx, row.id),
        "privateProperties": {},
    }
    return {name: value for name, value in told.items() if value is not None}


def negotiation(tx: Tx, row: NegotiationRow) -> dict[str, Any]:
    """Return a negotiation."""
    agreed = {"contractAgreementId": AGREEMENT_URN + row.digest} if row.digest else {}
    return _shown(tx, row, "ContractNegotiation") | {"assetId": row.product} | agreed


def transfer(tx: Tx, row: TransferRow) -> dict[str, Any]:
    """Return a transfer."""
    agreement, steered = tx.get(AgreementRow, digest=row.agreement), tx.get(SteeredRow, transfer=row.id)
    trouble = {} if steered is None or not steered.reason or row.reason else {"errorDetail": steered.reason}
    return (
        _shown(tx, row, "TransferProcess")
        | trouble
        | {
            "contractId": AGREEMENT_URN + row.agreement,
            "assetId": "" if agreement is None else agreement.product,
            "transferType": row.format,
            "dataDestination": {"@type": "DataAddress", "type": row.format},
        }
    )


def waiting(row: SteeredRow) -> dict[str, Any]:
    """Return a transfer whose data plane is made ready before it is asked for; one that refused is over."""
    over = row.state == TERMINATED
    return stamped(row.transfer, row.created, "TransferProcess") | {
        "type": "CONSUMER",
        "state": TERMINATED if over else "PROVISIONING",
        "stateTimestamp": milliseconds(row.updated),
        "contractId": AGREEMENT_URN + row.agreement,
        "transferType": row.profile,
        **({"errorDetail": row.reason} if row.reason else {}),
    }


def callbacks(tx: Tx, key: str) -> list[dict[str, Any]]:
    """Return where a client is called back about a process."""
    rows = tx.find(CallbackRow, "process = ?", (key,), "number")
    return [{"@type": "CallbackAddress", **row.address} for row in rows]
