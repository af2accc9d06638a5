"""Uses of data: what was counted, decided, performed, opened, read."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.store.table import LARGE_ROWS_KNOWN
from connector.store.table_row import Document, Documents, TableRow, table


class UseState(StrEnum):
    """How a share of a limit is held: until the use is made or not, and then."""

    RESERVED = "reserved"
    COMMITTED = "committed"
    RETURNED = "returned"


@table("uses", key=("holder", "agreement", "rule", "operand"), index=(("agreement", "unit", "rule", "operand"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class UseRow(TableRow):
    """How far a limit of a contract is used up."""

    holder: str
    agreement: str
    rule: str
    operand: str
    unit: str
    numerator: int
    denominator: int
    at: datetime
    until: datetime | None
    state: UseState


@table("decisions", key=("id",), index=(("agreement",),))
@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow(TableRow):
    """A decision of a contract's policy, with what it was asked."""

    id: str
    agreement: str
    place: str
    policy: str
    request: Document
    decision: Document
    outcome: str
    digest: bytes
    at: datetime


@table("policies", key=("digest",), held=True, known=LARGE_ROWS_KNOWN)
@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow(TableRow):
    """A policy by its digest."""

    digest: str
    document: Document


@table("performed", key=("id",), index=(("agreement", "at"),))
@dataclass(frozen=True, slots=True, kw_only=True)
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
@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRow(TableRow):
    """A use that was counted, at the provider or at the reader."""

    id: str
    agreement: str
    transfer: str
    reader_key: bytes
    number: int
    role: str
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
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow(TableRow):
    """A buyer's wish to open what it holds, and what came of it."""

    id: str
    acquisition: str
    agreement: str
    purpose: str
    reader_key: bytes | None = None
    state: ReadState
    result: Document | None = None
    reason: str | None = None
    created: datetime
