"""The ten interfaces: who calls whom, and what goes over; all are POST, with JSON both ways.

    contract        TC609-6-2025-14, annex B        usage control       TC609-6-2025-15, clause 9

Where the texts contradict themselves both readings are taken, and the documented one is sent: `erminateType` is read
as `terminateType`, too, and the signature of a negotiation's middle rounds, which B.4 leaves out and 7.3 e asks for, is
optional.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from contracts.canonical import canonical
from contracts.ndi.fields import (
    CODE,
    CONTRACT,
    CONTRACT_CHARACTERS,
    LIST,
    LISTED_MAX,
    NAMED,
    NODE_CHARACTERS,
    OBJECT,
    SIGNATURE,
    SIGNATURE_CHARACTERS_MAX,
    TIME,
    Code,
    Field,
    FieldError,
    read,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTOR, PLATFORM, PROVIDER, CONSUMER = "connector", "platform", "provider", "consumer"
OK, FAILED = "0", "1"
PRODUCT_CHARACTERS: Final = 65
POINT_TO_POINT, THROUGH_PLATFORM = "01", "02"
EARLY, EXPIRY = "01", "02"
ALLOWED, DENIED, CONDITIONAL = "allowed", "denied", "conditional"
NAME_CHARACTERS_MAX, ABSTRACT_CHARACTERS_MAX = 128, 1024
REASON_CHARACTERS_MAX, ID_CHARACTERS = 256, 36
# what of a message its signature is not over
UNSIGNED: Final = frozenset({"signature", "signatureList"})
# what `/contractRegistrate` adds to a strategy, which nobody signed
FILED_ALONE: Final = "dataProductEntityId"

_NAME = Field("contractName", longest=NAME_CHARACTERS_MAX)
_CONTRACT = Field("contractId", CONTRACT, CONTRACT_CHARACTERS)
_SIGNATURE = Field("signature", SIGNATURE, SIGNATURE_CHARACTERS_MAX)
_ISSUER = (Field("issuerId", NAMED, NODE_CHARACTERS), Field("issuerEntityId", NAMED, NODE_CHARACTERS))
_CONNECTOR = Field("connectorId", NAMED, NODE_CHARACTERS)
_STRATEGY_ID = Field("strategyId", longest=ID_CHARACTERS)
STRATEGY = (
    Field(
        "subjectInfo",
        OBJECT,
        of=(
            Field("dataProductId", NAMED, PRODUCT_CHARACTERS),
            Field("dataProductName", required=False, longest=256),
            Field("dataProductEntityId", NAMED, NODE_CHARACTERS, required=False),
        ),
    ),
    Field(
        "executionNodeInfo",
        OBJECT,
        of=(
            Field("providerNodeId", NAMED, NODE_CHARACTERS, also=("assignerId",)),
            Field("providerNodeName", required=False, longest=256),
            Field("consumerNodeId", NAMED, NODE_CHARACTERS, required=False, also=("assigneeId",)),
            Field("consumerNodeName", required=False, longest=256),
        ),
    ),
    Field("actions", LIST, LISTED_MAX),
    Field("constraints", LIST, LISTED_MAX, required=False),
    Field("policyExpansion", required=False, longest=1 << 18),
)
_STRATEGY = Field("strategy", OBJECT, of=STRATEGY)
_SIGNERS = Field(
    "signatureList",
    LIST,
    8,
    required=False,
    of=(
        Field("entityId", NAMED, NODE_CHARACTERS),
        _SIGNATURE,
        Field("signatoryTime", TIME, 40, required=False),
    ),
)
# ours, of a proposal through the platform (`contracts.ndi.rounds`)
_ROUND = Field(
    "round", OBJECT, required=False, of=(Field("number", longest=4), Field("previous", longest=64), _SIGNATURE)
)
# ours, of a contract that both parties have signed: which service party is asked for its signature
_SIGNATORY = Field("signatoryId", NAMED, NODE_CHARACTERS, required=False)
_STATUS = Field("status", CODE, 2)


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface: its path without the slash, who calls it, who answers, what is asked and answered.

    `status` is the member of the answer that says `ok`.
    """

    name: str
    clause: str
    callers: tuple[str, ...]
    answerers: tuple[str, ...]
    asks: tuple[Field, ...]
    answers: tuple[Field, ...] = (_STATUS,)
    status: str = "status"
    ok: str = OK

    @property
    def path(self) -> str:
        """Return its path below the address of who answers."""
        return "/" + self.name

    def read(self, document: Any) -> dict[str, Any]:
        """Return what a request says, by documented names; raises FieldError."""
        if document in ({}, None):
            raise FieldError(Code.EMPTY, "/", "is empty")
        return read(self.asks, document)

    def answer(self, document: Any) -> dict[str, Any]:
        """Return what an answer says; raises FieldError for one that is none."""
        return read(self.answers, document)


TEMPLATE = Interface(
    "contractTemplate",
    "B.2.1",
    (CONNECTOR,),
    (PLATFORM,),
    (Field("templateId", required=False, longest=ID_CHARACTERS), *_ISSUER),
    (_STATUS, Field("template", OBJECT, required=False)),
)
CREATE = Interface(
    "contractCreate",
    "B.2.2",
    (CONNECTOR, PLATFORM),
    (CONNECTOR, PLATFORM),
    (
        _NAME,
        Field("contractAbstract", longest=ABSTRACT_CHARACTERS_MAX),
        Field("issueTime", TIME, 40),
        Field("activationTime", TIME, 40),
        Field("endTime", TIME, 40),
        Field("signMode", CODE, 2, values=(POINT_TO_POINT, THROUGH_PLATFORM)),
        *_ISSUER,
        _SIGNATURE,
    ),
    (_CONTRACT, Field("creationFlag", CODE, 2)),
    "creationFlag",
)
NEGOTIATE = Interface(
    "contractNegotiate",
    "B.2.3",
    (CONNECTOR,),
    (PLATFORM, CONNECTOR),
    (_NAME, _CONTRACT, _STRATEGY, _SIGNERS, _ROUND, _SIGNATORY),
    (Field("negotiationStatus", CODE, 2), _SIGNERS),
    "negotiationStatus",
)
REGISTRATE = Interface(
    "contractRegistrate",
    "B.2.4",
    (CONNECTOR,),
    (PLATFORM,),
    (
        _NAME,
        _CONTRACT,
        _STRATEGY,
        Field(
            "signatoryEntities",
            LIST,
            8,
            of=(
                Field("signatoryEntityId", NAMED, NODE_CHARACTERS),
                Field("signatoryEntityName", required=False, longest=256),
                _SIGNATURE,
            ),
        ),
        Field("signatoryTime", TIME, 40),
    ),
    (_STATUS, Field("contractHash", longest=64, required=False)),
)
EXECUTION = Interface(
    "contractExecution",
    "B.2.5",
    (CONNECTOR, PLATFORM),
    (CONNECTOR, PLATFORM),
    (
        _NAME,
        _CONTRACT,
        _STRATEGY,
        Field(
            "executedStrategy",
            OBJECT,
            of=(
                Field("executedStrategyId", longest=ID_CHARACTERS),
                Field("executedActions", LIST, LISTED_MAX),
                Field("executionResult", longest=256),
                Field("executionDetails", required=False),
            ),
        ),
        Field("reportTime", TIME, 40),
    ),
)
TERMINATE = Interface(
    "contractTerminate",
    "B.2.6",
    (CONNECTOR,),
    (PLATFORM, CONNECTOR),
    (
        _NAME,
        _CONTRACT,
        Field("issueTime", TIME, 40),
        Field("erminateType", CODE, 4, also=("terminateType",), values=(EARLY, EXPIRY)),
        Field("activationTime", TIME, 40),
        Field("scheduledEndTime", TIME, 40, also=("scheduled EndTime",)),
        Field("agreedEndTime", TIME, 40, required=False, also=("agreed EndTime",)),
        *_ISSUER,
        _SIGNATURE,
    ),
)
STRATEGY_SEND = Interface(
    "strategySend",
    "9.2.1",
    (PLATFORM,),
    (CONNECTOR,),
    (
        _CONTRACT,
        _STRATEGY_ID,
        Field("strategyVersion", longest=ID_CHARACTERS),
        Field("transactionExecutionStrategy", OBJECT),
        Field("expansionItem", OBJECT, required=False),
        Field("issuedAt", TIME, 40),
        _SIGNATURE,
    ),
)
FEEDBACK = Interface(
    "executionFeedback",
    "9.2.2",
    (PLATFORM, CONSUMER),
    (PROVIDER,),
    (
        _CONNECTOR,
        _CONTRACT,
        _STRATEGY_ID,
        Field("result", values=(ALLOWED, DENIED, CONDITIONAL)),
        Field("timestamp", TIME, 40),
        Field("details", OBJECT, required=False),
        _SIGNATURE,
    ),
)
ABNORMAL = Interface(
    "abnormalTermination",
    "9.2.3",
    (PROVIDER,),
    (CONSUMER, PLATFORM),
    (
        _CONNECTOR,
        Field("terminationId", longest=ID_CHARACTERS, also=("termination",)),
        _CONTRACT,
        _STRATEGY_ID,
        Field("reason", longest=REASON_CHARACTERS_MAX),
        Field("triggeredBy", values=(PROVIDER, "system")),
        Field("timestamp", TIME, 40),
    ),
)
PROOF = Interface(
    "fulfillmentProof",
    "9.2.4",
    (CONSUMER,),
    (PROVIDER, PLATFORM),
    (
        Field("proofId", longest=ID_CHARACTERS),
        _CONTRACT,
        _STRATEGY_ID,
        Field("log", OBJECT),
        Field("timestamp", TIME, 40),
        _SIGNATURE,
    ),
)
INTERFACES: Final = (
    TEMPLATE, CREATE, NEGOTIATE, REGISTRATE, EXECUTION, TERMINATE, STRATEGY_SEND, FEEDBACK, ABNORMAL, PROOF,
)  # fmt: skip
BY_NAME: Final[Mapping[str, Interface]] = {one.name: one for one in INTERFACES}


def signed_part(message: Mapping[str, Any]) -> bytes:
    """Return what a message's signatures are over: the rest of it as canonical JSON (RFC 8785).

    Of a contract it is its `/contractNegotiate`: name, code and strategy.
    """
    return canonical({name: value for name, value in message.items() if name not in UNSIGNED})


def digest(message: Mapping[str, Any]) -> bytes:
    """Return SHA-256 (32 bytes) of what a message's signatures are over."""
    return sha256(signed_part(message)).digest()


def contract_part(name: str, code: str, strategy: Mapping[str, Any]) -> bytes:
    """Return what of a contract both of its parties sign."""
    return signed_part({"contractName": name, "contractId": code, "strategy": dict(strategy)})


def contract_digest(name: str, code: str, strategy: Mapping[str, Any]) -> bytes:
    """Return the digest of a contract (合约摘要), by which it is known."""
    return sha256(contract_part(name, code, strategy)).digest()


def filed_part(filed: Mapping[str, Any]) -> bytes:
    """Return what the parties have signed of the contract that a `/contractRegistrate` files, which was read before."""
    strategy = filed["strategy"]
    subject = {name: told for name, told in strategy["subjectInfo"].items() if name != FILED_ALONE}
    return contract_part(filed["contractName"], filed["contractId"], {**strategy, "subjectInfo": subject})


def filed_digest(filed: Mapping[str, Any]) -> bytes:
    """Return the digest of the contract that a `/contractRegistrate` files, whose members were read before."""
    return sha256(filed_part(filed)).digest()
