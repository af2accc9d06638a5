"""Contracts over the interfaces of TC609-6-2025-14: what only these have, beside their negotiations."""

from datetime import datetime

from connector.store.table_row import Document, TableRow, dataclass, table


@table(
    "contracts", key=("code",), index=(("peer", "negotiation"), ("peer", "request"), ("negotiation",), ("instruction",))
)
@dataclass(frozen=True, kw_only=True)
class ContractRow(TableRow):
    """A contract by its code of 47 characters, as either side keeps it."""

    code: str
    role: str
    peer: str
    negotiation: str  # our id of it, empty until something is proposed
    request: str  # the digest (hex) of the `/contractCreate` that it began with
    name: str
    document: Document  # of that request: what it is about, from when and until when
    signature: bytes | None = None  # the other party's, over the contract
    signed: datetime | None = None
    own: bytes | None = None  # ours, kept because SM2 gives another each time
    instruction: str = ""  # the number of its control instruction, empty before it came
    instructed: Document | None = None  # that instruction, as the platform sent it
    feedback: str = ""  # what the consumer's connector said last of a use: allowed, denied or conditional
    created: datetime


@table("contract_versions", key=("code", "number"))
@dataclass(frozen=True, kw_only=True)
class ContractVersionRow(TableRow):
    """One proposal of a contract, as a party or the platform keeps it."""

    code: str
    number: int
    proposer: str  # DID
    strategy: Document  # as it came
    previous: str  # hex, as `contracts.ndi.rounds` has it
    history: str
    proof: bytes | None = None  # its proposer's signature over the round, None where it gave none
    at: datetime


@table("contract_signatures", key=("code", "party"))
@dataclass(frozen=True, kw_only=True)
class ContractSignatureRow(TableRow):
    """A signature over a contract that its keeper has from one of its parties."""

    code: str
    party: str  # DID
    proof: bytes
    at: datetime


@table("mediations", key=("code",), index=(("issuer", "other"),))
@dataclass(frozen=True, kw_only=True)
class MediationRow(TableRow):
    """A contract that two members negotiate through this platform."""

    code: str
    issuer: str  # DID of who began it
    other: str = ""  # of the other party, empty before that has taken the request
    name: str
    request: str  # the digest (hex) of the `/contractCreate` that it began with
    document: Document  # that request, as it came
    ended: datetime | None = None
    created: datetime


@table("service_parties", key=("product", "party"))
@dataclass(frozen=True, kw_only=True)
class ServicePartyRow(TableRow):
    """A service party that goes with a product of ours in every contract over these interfaces."""

    product: str
    party: str  # DID
    role: str
    bps: int  # its share of the price in basis points
    created: datetime


@table("service_contracts", key=("code",), index=(("provider", "state"), ("created",)))
@dataclass(frozen=True, kw_only=True)
class ServiceContractRow(TableRow):
    """A contract of two others in which we are a service party."""

    code: str
    name: str
    provider: str  # DID
    consumer: str
    agreement: str  # the digest (hex) of the contract
    strategy: Document  # as both have signed it
    signatures: Document  # DID of each of the two → its signature in hex
    role: str
    bps: int
    state: str  # asked, signed, declined or ended
    own: bytes | None = None
    reason: str = ""
    instruction: str = ""
    created: datetime
