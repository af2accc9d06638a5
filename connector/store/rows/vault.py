"""Editions, their replicas and copies, and what carries them."""

from datetime import datetime
from enum import StrEnum

from connector.store.table_row import Document, Documents, TableRow, dataclass, table


class VaultState(StrEnum):
    """How an edition or a replica stands; what is deleted was being deleted before."""

    # a replica comes in
    RECEIVING = "receiving"
    # all its bytes are here
    SEALED = "sealed"
    # an edition is on the chain
    REGISTERED = "registered"
    # the keys of an edition may be known: it is sold no more
    LEAKED = "leaked"
    DELETING = "deleting"
    DELETED = "deleted"


class CopyState(StrEnum):
    """How a plain copy stands."""

    OPEN = "open"
    ENDED = "ended"


@table("editions", key=("id",))
@dataclass(frozen=True, kw_only=True)
class EditionRow(TableRow):
    """An edition of a product in the vault."""

    id: str
    series: str
    number: int
    product: str
    header: Document
    rows: bytes
    index_json: Document
    plain_digests: bytes
    run: bytes
    key_id: str
    path: str
    sources: Documents
    # row number → its secret, masked: rows that an earlier edition has, too
    repeated: Document
    state: VaultState
    register_tx: str | None = None
    review_seed: bytes | None = None
    # column → the column that names its row, of those that each plain copy has marked
    watermarks: Document | None = None
    created: datetime


@table("replicas", key=("id",), index=(("agreement",), ("edition",), ("series",), ("state",)), held=True)
@dataclass(frozen=True, kw_only=True)
class ReplicaRow(TableRow):
    """A replica of an edition, sealed for one agreement."""

    id: str
    edition: str
    series: str | None
    agreement: str
    header: Document
    seal: bytes | None = None
    bytes_rows: Documents
    key_rows: Documents
    key_id: str
    path: str
    state: VaultState
    created: datetime


@table("destructions", key=("agreement", "replica"), index=(("at",),))
@dataclass(frozen=True, kw_only=True)
class DestructionRow(TableRow):
    """What its holder says it destroyed under an agreement: our own record, or the other party's signed word."""

    agreement: str
    replica: str  # of the other party's word, which names none, the digest of its notice
    holder: str
    text: str
    at: datetime


@table("holders", key=("agreement",), index=(("edition",),))
@dataclass(frozen=True, kw_only=True)
class HolderRow(TableRow):
    """Who holds an edition under an agreement."""

    agreement: str
    edition: str
    holder: str
    at: datetime


@table("drawn", key=("replica", "source"))
@dataclass(frozen=True, kw_only=True)
class DrawnRow(TableRow):
    """What a replica was drawn from; `dropped` is why no more is, empty for a source that goes on."""

    replica: str
    source: str
    rows: int
    dropped: str


@table("derived", key=("edition", "agreement"), index=(("agreement",),))
@dataclass(frozen=True, kw_only=True)
class DerivedRow(TableRow):
    """What an edition was derived from: another edition (`source`), under an agreement of ours."""

    edition: str
    agreement: str
    source: str


@table("served", key=("edition",))
@dataclass(frozen=True, kw_only=True)
class ServedRow(TableRow):
    """When an edition was last served."""

    edition: str
    at: datetime


@table("row_tables", key=("edition",))
@dataclass(frozen=True, kw_only=True)
class RowTableRow(TableRow):
    """The table of an edition's rows."""

    edition: str
    rows: bytes


@table("carried", key=("agreement",))
@dataclass(frozen=True, kw_only=True)
class CarriedRow(TableRow):
    """How much was carried for an agreement."""

    agreement: str
    bytes: int


@table("copies", key=("id",), index=(("agreement",),))
@dataclass(frozen=True, kw_only=True)
class CopyRow(TableRow):
    """A plain copy of an edition, handed out or pushed; what begins with `receipt` is there when it has ended."""

    id: str
    agreement: str
    transfer: str
    number: int
    purpose: str
    edition_bytes: int
    calls: int
    rows: Documents
    # how many files
    pushed: int | None = None
    state: CopyState
    receipt: Document | None = None
    signature: bytes | None = None
    entry: int | None = None
    agreed: datetime | None = None
    created: datetime
    ended: datetime | None = None
    bytes: int


@table("row_secrets", key=("replica", "row"))
@dataclass(frozen=True, kw_only=True)
class RowSecretRow(TableRow):
    """Keys of a replica's rows, wrapped."""

    replica: str
    row: int
    count: int
    wrapped: bytes
