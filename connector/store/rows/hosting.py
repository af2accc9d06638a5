"""Delegations to hosts: as the provider that gave one keeps it, and as the host that took it; and what is disclosed."""

from datetime import datetime
from enum import StrEnum

from connector.store.table_row import Document, TableRow, dataclass, table


class DelegationState(StrEnum):
    """How a delegation stands, at its provider and at its host."""

    OFFERED = "offered"
    # both have signed it; the host has no data yet
    ACCEPTED = "accepted"
    # the host has bytes and keys
    HANDED = "handed"
    REVOKED = "revoked"
    # its time is over
    ENDED = "ended"


@table("delegations", key=("id",), index=(("state", "until"),))
@dataclass(frozen=True, kw_only=True)
class DelegationRow(TableRow):
    """A delegation; `id` is the product that the host sells, `digest` (hex) that of the licence on chain."""

    id: str
    role: str  # ours: `provider` or `host`
    peer: str
    digest: str
    document: Document  # as of `contracts.delegation`
    source: str  # the provider's own product, empty at the host
    provider_signature: bytes | None = None  # it leaves its provider for the chain alone, with the host's
    host_signature: bytes | None = None
    state: DelegationState
    reason: str = ""
    until: datetime
    created: datetime
    updated: datetime


@table("hosted_parts", key=("part",), index=(("delegation",),))
@dataclass(frozen=True, kw_only=True)
class HostedPartRow(TableRow):
    """A part of our log whose events are disclosed to the provider for whom we host."""

    part: str
    delegation: str
    reader: bytes  # the provider's key, 32 raw bytes
