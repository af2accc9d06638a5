"""Copies of others' logs, as a node keeps them: each log as far as it was proven, its bundles, and what names what."""

from datetime import datetime

from connector.store.table_row import TableRow, dataclass, table


@table("collected_logs", key=("member",))
@dataclass(frozen=True, kw_only=True)
class CollectedLogRow(TableRow):
    """A member's log up to `size` entries under `checkpoint`, its signed note; `trouble` is what was wrong last."""

    member: str
    origin: str
    size: int
    checkpoint: bytes
    collected: datetime
    trouble: str


@table("collected_bundles", key=("member", "number"))
@dataclass(frozen=True, kw_only=True)
class CollectedBundleRow(TableRow):
    """A bundle of entries with what discloses them to their readers, both as the member serves them."""

    member: str
    number: int
    width: int
    entries: bytes
    addenda: bytes


@table("collected_marks", key=("mark", "member", "entry"))
@dataclass(frozen=True, kw_only=True)
class CollectedMarkRow(TableRow):
    """An entry and one of the things that it is about: an agreement, an edition, a product, a channel, a transfer."""

    mark: str
    member: str
    entry: int
