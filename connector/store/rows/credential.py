"""Verifiable credentials: those that we hold and asked for, and what an exchange issues."""

from datetime import datetime
from enum import StrEnum

from connector.store.table_row import Document, Documents, TableRow, dataclass, table


class RequestState(StrEnum):
    """How a request for credentials stands, at who asked and at who issues (DCP 1.0.1, `CredentialStatus`)."""

    RECEIVED = "RECEIVED"
    ISSUED = "ISSUED"
    REJECTED = "REJECTED"


@table("credentials", key=("id",), index=(("issuer", "type"),))
@dataclass(frozen=True, kw_only=True)
class CredentialRow(TableRow):
    """A credential that was issued to us; `id` is the digest (hex) of its JWT, which is `raw`."""

    id: str
    issuer: str
    type: str  # all its types, commas between
    profile: str
    name: str  # what its issuer calls it
    request: str
    raw: str
    begins: datetime
    ends: datetime | None = None
    received: datetime


@table("credential_requests", key=("id",), index=(("issuer", "created"),))
@dataclass(frozen=True, kw_only=True)
class CredentialRequestRow(TableRow):
    """What we asked an issuer for; `id` is our name of the request, `place` where it says how the request stands."""

    id: str
    issuer: str
    wanted: Documents
    state: RequestState
    place: str
    reason: str
    created: datetime
    updated: datetime


@table("credential_offers", key=("issuer", "id"))
@dataclass(frozen=True, kw_only=True)
class CredentialOfferRow(TableRow):
    """A credential that an issuer offers us."""

    issuer: str
    id: str
    type: str
    reason: str
    received: datetime


@table("shown_credentials", key=("peer", "id"))
@dataclass(frozen=True, kw_only=True)
class ShownCredentialRow(TableRow):
    """A credential that a peer has shown us and that held then; `id` is the digest (hex) of its JWT, which is `raw`."""

    peer: str
    id: str
    raw: str
    shown: datetime


@table("token_clients", key=("id",))
@dataclass(frozen=True, kw_only=True)
class TokenClientRow(TableRow):
    """A connector of ours of another make that gets its tokens here; of its secret only the digest is kept."""

    id: str
    secret: bytes
    created: datetime


@table("entitlements", key=("holder", "type"))
@dataclass(frozen=True, kw_only=True)
class EntitlementRow(TableRow):
    """A credential that somebody may have by our operator's word, and what it says of its holder."""

    holder: str
    type: str
    claims: Document
    by: str
    created: datetime


@table("issuances", key=("id",), index=(("holder", "created"),))
@dataclass(frozen=True, kw_only=True)
class IssuanceRow(TableRow):
    """A request that a holder made, and what became of it; `request` is the holder's name of it."""

    id: str
    holder: str
    request: str
    wanted: Documents
    state: RequestState
    created: datetime


@table("issued", key=("id",), unique=(("place",),), index=(("holder", "type"),))
@dataclass(frozen=True, kw_only=True)
class IssuedRow(TableRow):
    """A credential that we issued; `place` is its number, counted through all status lists."""

    id: str
    holder: str
    type: str
    profile: str
    place: int
    digest: str
    reason: str  # why it was revoked, empty before
    issued: datetime
    ends: datetime
    revoked: datetime | None = None
