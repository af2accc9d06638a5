"""Products that a provider offers, resources, and the trades that were shown."""

from datetime import datetime
from enum import StrEnum

from connector.store.table import LARGE_ROWS_KNOWN
from connector.store.table_row import Document, Documents, TableRow, dataclass, table


class ProductState(StrEnum):
    """How far a product is: the first four go on by themselves, in the order of the journey."""

    DRAFT = "draft"
    RENEWING = "renewing"
    SEALED = "sealed"
    REGISTERED = "registered"
    SUBMITTED = "submitted"
    UNLISTED = "unlisted"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class ShownState(StrEnum):
    """What came of showing a trade."""

    SHOWN = "shown"
    REFUSED = "refused"
    NONE = "none"  # there was nothing to show


@table("products", key=("id",), unique=(("offer",),), index=(("state", "id"),), held=True, known=LARGE_ROWS_KNOWN)
@dataclass(frozen=True, kw_only=True)
class ProductRow(TableRow):
    """A product that this participant offers."""

    id: str
    title: str
    tier: str
    edition: str | None = None
    brief: Document
    renewal: Document | None = None  # the brief of the next edition, until that is sealed
    dataset: Document | None = None
    sample: Document | None = None
    policy: Document
    terms: Document | None = None
    limits: Document
    offer: str | None = None  # its offer's id, where the brief gives one
    standing: Document | None = None  # the version before, sold while this one waits for the exchange's review
    blind: bytes | None = None  # the salt of its editions' ids on the chain, if it is unlisted
    offers: Documents | None = None  # further offers of it: `id`, `policy`, `access`, `price` of each
    access: Document | None = None  # a policy of who may know of it, nobody where it has no rules; None for everybody
    state: ProductState
    reason: str | None = None  # the fault it failed with, as JSON
    created: datetime
    updated: datetime


@table("product_versions", key=("product", "number"))
@dataclass(frozen=True, kw_only=True)
class ProductVersionRow(TableRow):
    """What a product was before it was changed."""

    product: str
    number: int
    kept: Document
    digest: str
    created: datetime


@table("resources", key=("id",))
@dataclass(frozen=True, kw_only=True)
class ResourceRow(TableRow):
    """A resource that a participant describes about itself."""

    id: str
    document: Document
    created: datetime
    updated: datetime


@table("shown_channels", key=("channel",))
@dataclass(frozen=True, kw_only=True)
class ShownChannelRow(TableRow):
    """A further settled channel of a trade that the own exchange was shown already."""

    channel: str
    agreement: str
    state: ShownState
    created: datetime


@table("shown_trades", key=("agreement",))
@dataclass(frozen=True, kw_only=True)
class ShownTradeRow(TableRow):
    """A settled trade that was shown to the own exchange."""

    agreement: str
    channel: str
    state: ShownState
    created: datetime
