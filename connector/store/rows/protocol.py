"""Messages on their way, and the processes of the protocol that they move."""

from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from connector.store.table_row import Amount, Document, TableRow, dataclass, table


class ProcessState(StrEnum):
    """The states of both kinds of process (DSP 2025-1); `connector.negotiation.protocol.states` says whose is which."""

    NONE = ""  # not begun; as `pending`: no message of ours is under way
    REQUESTED = "REQUESTED"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    AGREED = "AGREED"
    VERIFIED = "VERIFIED"
    FINALIZED = "FINALIZED"
    STARTED = "STARTED"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


@table("tokens_seen", key=("issuer", "jti"))
@dataclass(frozen=True, kw_only=True)
class TokenSeenRow(TableRow):
    """A token that was used, so that nobody uses it again."""

    issuer: str
    jti: str
    expires: datetime


@table("outbox", key=("id",), index=(("due",), ("subject",)))
@dataclass(frozen=True, kw_only=True)
class OutboxRow(TableRow):
    """A message of the protocol that is sent until it is taken."""

    id: str
    peer: str
    url: str
    body: Document
    process: str
    subject: str
    kind: str
    attempts: int
    due: datetime
    deadline: datetime
    error: str
    created: datetime


@table("received", key=("subject", "digest"))
@dataclass(frozen=True, kw_only=True)
class ReceivedRow(TableRow):
    """A message that was answered, and how: a repetition hears the same."""

    subject: str
    digest: bytes
    status: int
    state: str
    at: datetime


@table("leases", key=("name",))
@dataclass(frozen=True, kw_only=True)
class LeaseRow(TableRow):
    """Who does a kind of work, and until when."""

    name: str
    holder: str
    until: datetime


# a page of processes has what moved last first, of all or of those in one state or at one turn
PAGED: Final = (("updated", "id"), ("state", "updated", "id"), ("turn", "updated", "id"))


@table(
    "negotiations",
    key=("id",),
    unique=(("role", "peer", "peer_pid"),),
    index=(*PAGED, ("deadline",), ("due",)),
    held=True,
)
@dataclass(frozen=True, kw_only=True)
class NegotiationRow(TableRow):
    """A negotiation, as either side keeps it."""

    id: str
    peer_pid: str | None = None
    role: str
    peer: str
    peer_address: bytes | None = None
    callback: str
    product: str
    state: ProcessState
    pending: ProcessState  # where our message that is under way leads to
    turn: str  # the role that moves next, empty at the end
    offer: Document | None = None
    rounds: int
    own_price: Amount | None = None
    their_price: Amount | None = None  # None of a peer that has named none yet
    price: Amount | None = None
    mandate: Document | None = None
    terms: Document | None = None
    agreement: Document | None = None
    digest: str | None = None
    provider_signature: bytes | None = None
    buyer_signature: bytes | None = None
    reason: str
    deadline: datetime | None = None
    due: datetime | None = None  # when the step that is held back is taken
    entered: Document | None = None  # state -> how often it was entered
    created: datetime
    updated: datetime


@table("offers_made", key=("negotiation", "number"))
@dataclass(frozen=True, kw_only=True)
class OfferMadeRow(TableRow):
    """What one side offered in a negotiation, as it was said."""

    negotiation: str
    number: int
    who: str
    price: Amount | None  # None of an offer of a peer that names none
    offer: Document
    at: datetime


@table(
    "transfers",
    key=("id",),
    unique=(("role", "peer", "peer_pid"),),
    index=(*PAGED, ("deadline",), ("due",), ("agreement",)),
    held=True,
)
@dataclass(frozen=True, kw_only=True)
class TransferRow(TableRow):
    """A transfer process, as either side keeps it."""

    id: str
    peer_pid: str | None = None
    role: str
    peer: str
    callback: str
    agreement: str
    format: str
    state: ProcessState
    pending: ProcessState  # where our message that is under way leads to
    turn: str  # the role that moves next, empty at the end
    address: Document | None = None
    reason: str
    paused: str | None = None  # who of us paused it
    deadline: datetime | None = None
    due: datetime | None = None  # when the step that is held back is taken
    entered: Document | None = None  # state -> how often it was entered
    created: datetime
    updated: datetime


ProcessRow: TypeAlias = NegotiationRow | TransferRow
