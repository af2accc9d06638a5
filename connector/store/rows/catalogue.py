"""What an exchange lists, what it harvested elsewhere, and what was traded."""

from datetime import datetime
from enum import StrEnum

from catalog import listing, source
from catalog.source import Kind
from connector.store.rows.space import CaseRow
from connector.store.table_row import Amount, Document, Documents, TableRow, dataclass, table


@table(
    "listings",
    key=("id",),
    index=(
        ("state", "updated", "id"),
        ("provider", "state", "updated"),
        ("seq",),
        ("edition",),
        ("code",),
        ("skeleton", "provider", "id"),
    ),
)
@dataclass(frozen=True, kw_only=True)
class ListingRow(CaseRow):
    """A product that an exchange lists, or reviews."""

    id: str
    space: str | None  # absent in listings of before there were several
    provider: str
    title: str
    tier: str
    dataset: Document
    offer: Document
    edition: str
    header: Document
    sample: Document | None = None
    resource: Document | None = None
    code: str | None = None
    state: listing.State
    seed: bytes | None = None  # of the rows that a review draws
    review: Document | None = None
    reason: str | None = None
    created: datetime
    updated: datetime
    skeleton: str | None  # the title without what makes like letters differ
    seq: int | None  # of its newest change (`connector.exchange.numbering`)
    standing: Document | None = None  # what is listed while this waits for its review (`connector.exchange.standing`)


@table("listing_versions", key=("product", "number"), index=(("product", "digest"),))
@dataclass(frozen=True, kw_only=True)
class ListingVersionRow(TableRow):
    """What a listing was before it was changed."""

    product: str
    number: int
    document: Document
    digest: str
    review: Document | None = None
    created: datetime


@table("handed_in", key=("member",))
@dataclass(frozen=True, kw_only=True)
class HandedInRow(TableRow):
    """What a member handed in on the newest day on which it did, new or changed."""

    member: str
    day: str
    count: int


@table("services", key=("id",), index=(("state",), ("provider",), ("seq",)))
@dataclass(frozen=True, kw_only=True)
class ServiceRow(CaseRow):
    """A service that an exchange lists, or reviews."""

    id: str
    space: str
    provider: str
    title: str
    service: Document
    state: listing.State
    review: Document | None = None
    reason: str
    seq: int
    created: datetime
    updated: datetime


@table("sources", key=("name",))
@dataclass(frozen=True, kw_only=True)
class SourceRow(TableRow):
    """What is harvested, from where, and how far it is (`connector.exchange.federation`)."""

    name: str
    kind: Kind
    address: str  # a URL or a DID
    did: str
    state: source.State
    cursor: Document
    generation: int
    pages: int
    most: int
    rank: int
    products: int
    left: int  # products that there was no room for
    told: Documents  # lines about what could not be read
    reason: str
    failures: int
    whole: int  # 1 as long as nothing of this reading was left out
    member: Document | None = None
    due: datetime
    read: datetime | None = None
    created: datetime
    updated: datetime


@table("harvested", key=("source", "own"), index=(("product",), ("source", "generation")))
@dataclass(frozen=True, kw_only=True)
class HarvestedRow(TableRow):
    """A product as one source tells it; the newest of them stand together as one."""

    source: str
    own: str  # its id there
    product: str
    kind: str  # `catalog.found`
    edition: str
    document: Document
    path: Documents
    digest: bytes
    changed: datetime | None = None
    generation: int
    at: datetime


class FederatedState(StrEnum):
    """Whether a product of elsewhere is to be found; one that is listed here as well is hidden."""

    FOUND = "found"
    HIDDEN = "hidden"
    GONE = "gone"


@table("federated", key=("id",), index=(("seq",), ("edition",), ("provider", "own"), ("state", "seq")))
@dataclass(frozen=True, kw_only=True)
class FederatedRow(TableRow):
    """A product of elsewhere, as this catalogue shows it."""

    id: str
    provider: str
    own: str
    edition: str
    source: str  # whose telling counts
    origin: str  # its id there
    state: FederatedState
    seq: int
    updated: datetime


@table("trade_channels", key=("channel",), index=(("agreement",),))
@dataclass(frozen=True, kw_only=True)
class TradeChannelRow(TableRow):
    """A further channel of a settled trade, as it was shown to the exchange."""

    channel: str
    agreement: str
    provider: str
    buyer: str
    created: datetime


@table("trades", key=("agreement",), index=(("entry",),))
@dataclass(frozen=True, kw_only=True)
class TradeRow(TableRow):
    """A settled trade, as it was shown to the exchange."""

    agreement: str
    channel: str
    product: str
    provider: str
    buyer: str
    topic: str
    grade: str
    form: str
    tier: str
    unit: str
    currency: str
    price: str
    amount: Amount
    entry: int
    created: datetime
