"""Projects of several parties: as the exchange keeps them, and as each party keeps those that it signed."""

from datetime import datetime

from connector.store.rows.space import CaseRow
from connector.store.table_row import Document, Documents, TableRow, dataclass, table


@table("projects", key=("id",), index=(("state", "until"),))
@dataclass(frozen=True, kw_only=True)
class ProjectRow(CaseRow):
    """A project at the exchange; `digest` (hex) is what its parties sign, `document` as of `contracts.project`."""

    id: str
    digest: str
    proposer: str
    document: Document
    state: str  # of catalog.project.State
    reason: str = ""
    until: datetime
    created: datetime
    updated: datetime


@table("project_parties", key=("project", "member"), index=(("member", "project"),))
@dataclass(frozen=True, kw_only=True)
class ProjectPartyRow(TableRow):
    """A party of a project, with its signature (hex) once it has signed."""

    project: str
    member: str
    signature: str = ""
    signed: datetime | None = None


@table("project_products", key=("project", "product"))
@dataclass(frozen=True, kw_only=True)
class ProjectProductRow(TableRow):
    """A product that was handed in as one of a project."""

    project: str
    product: str
    provider: str
    created: datetime


@table("project_results", key=("project", "name"))
@dataclass(frozen=True, kw_only=True)
class ProjectResultRow(TableRow):
    """A result that a party put into the workspace: the SHA-256 of its bytes, and what it was made of."""

    project: str
    name: str
    member: str
    digest: str
    size: int
    note: str
    made_of: Documents
    created: datetime


@table("partnerships", key=("project",))
@dataclass(frozen=True, kw_only=True)
class PartnershipRow(TableRow):
    """A project that we signed, and the signatures of the others (DID → hex) as far as they are known here."""

    project: str
    digest: str
    document: Document
    signatures: Document
    signed: datetime
    updated: datetime
