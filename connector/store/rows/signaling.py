"""Data Plane Signaling: control planes that we serve, and their flows; data planes that serve us, and our transfers."""

from dataclasses import field
from datetime import datetime

from connector.store.table_row import Document, Documents, Secret, TableRow, dataclass, table


@table("control_planes", key=("id",))
@dataclass(frozen=True, kw_only=True)
class ControlPlaneRow(TableRow):
    """A control plane that may have us run flows; `secret` is the SHA-256 of what it proves itself by."""

    id: str
    endpoint: str
    secret: bytes
    created: datetime


@table("flows", key=("id",), index=(("plane", "created"), ("state",), ("owed",), ("digest",)))
@dataclass(frozen=True, kw_only=True)
class FlowRow(TableRow):
    """A data flow: what its control plane calls it, between whom, and how far it is."""

    id: str
    digest: str  # what stands for it in tickets
    plane: str
    role: str
    participant: str
    counterparty: str
    dataspace: str
    agreement: str
    dataset: str
    profile: str
    push: int  # 1 where the provider sends
    state: str
    owed: str  # what its control plane has not been told yet: a callback, or nothing
    reason: str
    address: Document | None = None  # where to: of a push at the provider, of a pull at the consumer
    edition: str = ""  # what a provider's flow gives
    edition_bytes: int
    renewal: bytes | None = None  # the SHA-256 of the refresh token that is good
    progress: Document | None = None  # of a pull at the consumer: the files that are here, how far the next one is
    files: int
    bytes: int
    created: datetime
    updated: datetime


@table("data_planes", key=("id",), index=(("created",),))
@dataclass(frozen=True, kw_only=True)
class DataPlaneRow(TableRow):
    """A data plane of another make that moves data for us; `credential` is what it is asked for a token with."""

    id: str
    endpoint: str
    profiles: Documents
    labels: Documents
    secret: bytes  # the SHA-256 of what it proves itself by
    token_endpoint: str
    client: str
    credential: Secret | None = field(default=None, repr=False)
    created: datetime


@table("steered", key=("transfer",), index=(("plane",),))
@dataclass(frozen=True, kw_only=True)
class SteeredRow(TableRow):
    """A transfer of ours whose data a data plane moves; `asked` is what it is asked for first, and what for."""

    transfer: str
    role: str
    plane: str
    state: str  # of the flow, as we know it; empty before the plane was asked
    agreement: str
    profile: str
    wanted: str  # the step of ours that waits for it
    address: Document | None = None  # what the plane has said
    reason: str = ""
    created: datetime
    updated: datetime
