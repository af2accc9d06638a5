"""Members of a space, who runs it, and the cases that it keeps."""

from datetime import datetime
from enum import StrEnum

from catalog.complaint import State as ComplaintState
from catalog.leaving import State as LeavingState
from catalog.posts import Post
from connector.store.table_row import Amount, Document, Documents, Json, TableRow, dataclass, table


class CaseRow(TableRow):
    """The row of a case of the exchange: what they all have (`connector.exchange.case`); each declares it."""

    state: str
    updated: datetime


class MemberState(StrEnum):
    """Where a member is; two of the states are told to everybody (`ledger.space.document`)."""

    ADMITTED = "admitted"
    # its plan to leave is approved: it keeps what it agreed, and begins nothing
    LEAVING = "leaving"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class ApplicationState(StrEnum):
    """Where an application is."""

    APPLIED = "applied"
    ADMITTED = "admitted"
    REFUSED = "refused"


class OperatorState(StrEnum):
    """Whether somebody is on a post."""

    ACTING = "acting"
    DISMISSED = "dismissed"


class ActState(StrEnum):
    """Where an act of an operator is."""

    WAITING = "waiting"
    ASSENTED = "assented"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    LAPSED = "lapsed"


@table("members", key=("did",), index=(("updated",),))
@dataclass(frozen=True, kw_only=True)
class MemberRow(CaseRow):
    """A member of the space."""

    did: str
    name: str
    role: str
    region: str
    url: str
    state: MemberState
    document: Document
    created: datetime
    updated: datetime


@table("space_heads", key=("number",))
@dataclass(frozen=True, kw_only=True)
class SpaceHeadRow(TableRow):
    """A head of the space that the exchange signed (`ledger.space.head`)."""

    number: int
    document: Document
    created: datetime


@table("space_changes", key=("number", "place"))
@dataclass(frozen=True, kw_only=True)
class SpaceChangeRow(TableRow):
    """What a head changed of the map of members: of a key (`place`) the value before and the one after, if any.

    `did` says whose key it is, where it is that of a DID.
    """

    number: int
    place: bytes
    before: bytes | None
    after: bytes | None
    did: str | None


@table("met_members", key=("did",))
@dataclass(frozen=True, kw_only=True)
class MetMemberRow(TableRow):
    """A member of our space that we met, as its exchange proved it (`ledger.space.entry`)."""

    did: str
    document: Document


@table("applications", key=("did",), index=(("state", "due"),))
@dataclass(frozen=True, kw_only=True)
class ApplicationRow(CaseRow):
    """An application to become a member."""

    did: str
    name: str
    role: str
    region: str
    message: str
    proven: Document | None = None  # how far its organisation is proven, its name, code and credential
    state: ApplicationState
    reason: str
    due: datetime
    created: datetime
    updated: datetime


@table("connectors", key=("did",))
@dataclass(frozen=True, kw_only=True)
class ConnectorRow(TableRow):
    """A member's connector, and when it was last seen."""

    did: str
    document: Document
    seen: datetime


@table("leavings", key=("did",), index=(("state", "until"),))
@dataclass(frozen=True, kw_only=True)
class LeavingRow(CaseRow):
    """A member that is leaving, and what it still owes."""

    did: str
    plan: Document
    state: LeavingState
    reason: str
    until: datetime
    created: datetime
    updated: datetime


@table("spaces", key=("id",))
@dataclass(frozen=True, kw_only=True)
class SpaceRow(CaseRow):
    """A space that the exchange keeps."""

    id: str
    name: str
    description: str
    state: str
    version: int
    rules: Document
    reason: str
    created: datetime
    updated: datetime


@table("space_versions", key=("space", "version"))
@dataclass(frozen=True, kw_only=True)
class SpaceVersionRow(TableRow):
    """What a space was before it was changed."""

    space: str
    version: int
    name: str
    description: str
    state: str
    rules: Document
    by: str
    reason: str
    created: datetime


@table("operators", key=("name",), unique=(("digest",),))
@dataclass(frozen=True, kw_only=True)
class OperatorRow(CaseRow):
    """A person who works for the exchange."""

    name: str
    post: Post
    digest: str  # of the key
    state: OperatorState
    created: datetime
    updated: datetime


@table("acts", key=("id",), index=(("state", "until"),))
@dataclass(frozen=True, kw_only=True)
class ActRow(CaseRow):
    """An act of an operator that waits for somebody else's assent."""

    id: str
    act: str
    operator: str
    post: Post
    handler: str
    path: Document
    body: Json
    state: ActState
    other: str  # who assented or dissented
    reason: str
    result: Json
    until: datetime
    created: datetime
    updated: datetime


@table("demands", key=("id",), index=(("state", "updated"), ("member", "state")))
@dataclass(frozen=True, kw_only=True)
class DemandRow(CaseRow):
    """What a member is looking for."""

    id: str
    member: str
    document: Document
    state: str  # of catalog.demand.State, whose module costs too much for every start
    product: str | None = None
    agreement: str | None = None
    reason: str | None = None
    until: datetime
    created: datetime
    updated: datetime


@table("searches", key=("member", "name"))
@dataclass(frozen=True, kw_only=True)
class SearchRow(TableRow):
    """A search that tells its member what is new."""

    member: str
    name: str
    text: str
    conditions: Documents
    since: datetime  # when the member last took note
    created: datetime


class CashState(StrEnum):
    """Where a request about money outside the chain is."""

    ASKED = "asked"
    CREDITED = "credited"
    REFUSED = "refused"
    # the units are back at the issuer, and the money is to be paid out
    RETURNED = "returned"
    PAID = "paid"


@table("cash", key=("reference",), index=(("member", "state"), ("state", "created"), ("tx",)))
@dataclass(frozen=True, kw_only=True)
class CashRow(CaseRow):
    """A member's request to credit what it brings in, or to pay out what it gave back."""

    reference: str  # as people write it
    id: str  # the member's own
    member: str
    kind: str
    amount: Amount
    state: CashState
    tx: str
    reason: str
    created: datetime
    updated: datetime


@table("complaints", key=("id",), index=(("complainant",), ("respondent",)))
@dataclass(frozen=True, kw_only=True)
class ComplaintRow(CaseRow):
    """A complaint of one side of an agreement about the other."""

    id: str
    agreement: str
    words: str
    complainant: str
    respondent: str
    state: ComplaintState
    answer: str
    reason: str
    whose: str  # turn it is
    due: datetime | None = None
    waits: int  # 1 while somebody has to act
    late: int  # how often the respondent was
    amount: Amount = 0  # that is to be given back
    created: datetime
    updated: datetime
