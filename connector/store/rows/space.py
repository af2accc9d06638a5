"""Members of a space, who runs it, and the cases that it keeps."""

from dataclasses import dataclass
from datetime import datetime

from connector.store.table_row import Document, Json, TableRow, table


@table("members", key=("did",))
@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow(TableRow):
    """A member of the space."""

    did: str
    name: str
    role: str
    region: str
    url: str
    state: str
    document: Document
    created: datetime
    updated: datetime


@table("applications", key=("did",), index=(("state", "due"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRow(TableRow):
    """An application to become a member."""

    did: str
    name: str
    role: str
    region: str
    message: str
    state: str
    reason: str
    due: datetime
    created: datetime
    updated: datetime


@table("connectors", key=("did",))
@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorRow(TableRow):
    """A member's connector, and when it was last seen."""

    did: str
    document: Document
    seen: datetime


@table("leavings", key=("did",), index=(("state", "until"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingRow(TableRow):
    """A member that is leaving, and what it still owes."""

    did: str
    plan: Json = None
    state: str
    reason: str
    until: datetime
    created: datetime
    updated: datetime


@table("spaces", key=("id",))
@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceRow(TableRow):
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
@dataclass(frozen=True, slots=True, kw_only=True)
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
@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRow(TableRow):
    """A person who works for the exchange."""

    name: str
    post: str
    digest: str
    state: str
    created: datetime
    updated: datetime


@table("acts", key=("id",), index=(("state", "until"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow(TableRow):
    """An act of an operator that waits for somebody else's assent."""

    id: str
    act: str
    operator: str
    post: str
    handler: str
    path: Json = None
    body: Json = None
    state: str
    other: str
    reason: str
    result: Json = None
    until: datetime
    created: datetime
    updated: datetime


@table("demands", key=("id",), index=(("state", "updated"), ("member", "state")))
@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRow(TableRow):
    """What a member is looking for."""

    id: str
    member: str
    document: Document
    state: str
    product: str | None = None
    agreement: str | None = None
    reason: str | None = None
    until: datetime
    created: datetime
    updated: datetime


@table("searches", key=("member", "name"))
@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRow(TableRow):
    """A search that tells its member what is new."""

    member: str
    name: str
    text: str
    conditions: Json = None
    since: datetime
    created: datetime


@table("complaints", key=("id",), index=(("complainant",), ("respondent",)))
@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRow(TableRow):
    """A complaint of one side of an agreement about the other."""

    id: str
    agreement: str
    words: str
    complainant: str
    respondent: str
    state: str
    answer: str
    reason: str
    whose: str
    due: datetime | None = None
    waits: int
    late: int
    created: datetime
    updated: datetime
