"""Uses of data: what was counted, decided, performed, opened, read."""

from datetime import datetime
from enum import StrEnum

from connector.store.table import LARGE_ROWS_KNOWN
from connector.store.table_row import Document, Documents, TableRow, dataclass, table


class UseState(StrEnum):
    """How a share of a limit is held: until the use is made or not, and then."""

    RESERVED = "reserved"
    COMMITTED = "committed"
    RETURNED = "returned"


@table("uses", key=("holder", "agreement", "rule", "operand"), index=(("agreement", "unit", "rule", "operand"),))
@dataclass(frozen=True, kw_only=True)
class UseRow(TableRow):
    """How far a limit of a contract is used up."""

    holder: str  # who took this share: an opening, a window's order, a copy
    agreement: str
    rule: str
    operand: str
    unit: str  # for whom the rule counts, empty where that is everybody
    numerator: int
    denominator: int
    at: datetime
    until: datetime | None  # the end of a session whose time is metered
    state: UseState


@table("decisions", key=("id",), index=(("agreement",),))
@dataclass(frozen=True, kw_only=True)
class DecisionRow(TableRow):
    """A decision of a contract's policy, with what it was asked."""

    id: str
    agreement: str  # its digest, or the product where an offer was looked at
    place: str  # where it was enforced
    # these two are written no more: they stand in the decision (decision 0220)
    policy: str | None = None
    request: Document | None = None
    decision: Document
    outcome: str
    digest: bytes
    at: datetime


@table("policies", key=("digest",), held=True, known=LARGE_ROWS_KNOWN)
@dataclass(frozen=True, kw_only=True)
class PolicyRow(TableRow):
    """A policy by its digest."""

    digest: str
    document: Document


@table("performed", key=("id",), index=(("agreement", "at"),))
@dataclass(frozen=True, kw_only=True)
class PerformedRow(TableRow):
    """A duty that somebody performed."""

    id: str
    agreement: str
    action: str
    who: str
    at: datetime


class OpeningState(StrEnum):
    """Whether the lease of an opening runs."""

    OPEN = "open"
    ENDED = "ended"


@table("openings", key=("id",), unique=(("agreement", "transfer", "reader_key", "role"),))
@dataclass(frozen=True, kw_only=True)
class OpeningRow(TableRow):
    """A use that was counted, at the provider or at the reader."""

    id: str
    agreement: str
    transfer: str
    reader_key: bytes
    number: int
    role: str  # of the channel: `payer` or `payee`
    purpose: str
    state: OpeningState
    rows: Documents
    reason: str | None = None
    lease_until: datetime
    created: datetime
    ended: datetime | None = None


class ReadState(StrEnum):
    """The states of an opening of ours; `decided`: allowed and counted, and what was written since is ours."""

    ASKED = "asked"
    DECIDED = "decided"
    DONE = "done"
    DENIED = "denied"


@table("reads", key=("id",), index=(("agreement",),))
@dataclass(frozen=True, kw_only=True)
class ReadRow(TableRow):
    """A buyer's wish to open what it holds, and what came of it."""

    id: str
    acquisition: str
    agreement: str
    purpose: str
    said: Document | None = None  # what is known of it beside its purpose
    reader_key: bytes | None = None  # of a leased one whose keys were asked for
    state: ReadState
    result: Document | None = None
    reason: str | None = None
    created: datetime
