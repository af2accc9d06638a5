"""Products that a provider offers, and services and resources beside them."""

from dataclasses import dataclass
from datetime import datetime

from connector.store.table_row import Document, Json, TableRow, table


@table("products", key=("id",), unique=(("offer",),), index=(("state", "id"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow(TableRow):
    """A product that this participant offers."""

    id: str
    title: str
    tier: str
    edition: str | None = None
    brief: Document
    renewal: Json = None
    dataset: Document | None = None
    sample: Json = None
    policy: Json = None
    terms: Document | None = None
    limits: Document
    offer: str | None = None
    blind: bytes | None = None
    state: str
    reason: str | None = None
    created: datetime
    updated: datetime


@table("product_versions", key=("product", "number"))
@dataclass(frozen=True, slots=True, kw_only=True)
class ProductVersionRow(TableRow):
    """What a product was before it was changed."""

    product: str
    number: int
    kept: Document
    digest: str
    created: datetime


@table("resources", key=("id",))
@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRow(TableRow):
    """A resource that a participant describes about itself."""

    id: str
    document: Json = None
    created: datetime
    updated: datetime


@table("shown_trades", key=("agreement",))
@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTradeRow(TableRow):
    """A settled trade that was shown to the own exchange."""

    agreement: str
    channel: str
    state: str
    created: datetime
