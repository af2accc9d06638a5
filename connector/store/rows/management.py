"""What clients of the Management API keep here: assets, policies, and which of them are offered together."""

from dataclasses import field
from datetime import datetime

from connector.store.table_row import Document, Documents, Secret, TableRow, dataclass, table


@table("assets", key=("id",), index=(("created",), ("due",)))
@dataclass(frozen=True, kw_only=True)
class AssetRow(TableRow):
    """Something that may be offered, as its client describes it; its product has the same id."""

    id: str
    properties: Document
    private: Document
    address: Document
    due: int = 0  # 1 until its product is as the contract definitions say
    published: str = ""  # the digest of the brief that its product was published by
    reason: str = ""  # why its product is not as they say
    created: datetime
    updated: datetime


@table("asset_properties", key=("asset", "name"), index=(("name", "value"),))
@dataclass(frozen=True, kw_only=True)
class AssetPropertyRow(TableRow):
    """One property of an asset as text: what assets are found by."""

    asset: str
    name: str
    value: str


@table("policy_definitions", key=("id",), index=(("created",),))
@dataclass(frozen=True, kw_only=True)
class PolicyDefinitionRow(TableRow):
    """A policy to be named by contract definitions: as it was written, and as it is offered."""

    id: str
    written: Document
    rules: Document
    price: str  # minor units, for the whole
    private: Document
    created: datetime


@table("contract_definitions", key=("id",), index=(("created",), ("access",), ("contract",), ("asset",)))
@dataclass(frozen=True, kw_only=True)
class ContractDefinitionRow(TableRow):
    """Which assets are offered, to whom (`access`), and under what (`contract`)."""

    id: str
    access: str
    contract: str
    selector: Documents
    asset: str  # the one that it can select, empty where it can any
    private: Document
    created: datetime


@table("edr_requests", key=("negotiation",))
@dataclass(frozen=True, kw_only=True)
class EdrRequestRow(TableRow):
    """A negotiation after which a transfer is asked for at once."""

    negotiation: str
    format: str
    created: datetime


@table("edrs", key=("transfer",))
@dataclass(frozen=True, kw_only=True)
class EdrRow(TableRow):
    """A reference to data that its client has thrown away."""

    transfer: str
    created: datetime


@table("secrets", key=("id",))
@dataclass(frozen=True, kw_only=True)
class SecretRow(TableRow):
    """A secret that a client has left, to be named where one is needed."""

    id: str
    value: Secret = field(repr=False)
    created: datetime


@table("callbacks", key=("process", "number"), index=(("due",),))
@dataclass(frozen=True, kw_only=True)
class CallbackRow(TableRow):
    """One address at which a client is called about a process, and of which states it was (state → how often)."""

    process: str
    number: int
    kind: str
    address: Document
    told: Document
    due: int  # 1 until it was told of the end
    created: datetime
