"""Streams: what grows at a provider, cut into batches; who has taken which; what a buyer follows."""

from datetime import datetime
from enum import StrEnum

from connector.store.table_row import Document, Documents, TableRow, dataclass, table


class FollowedState(StrEnum):
    """How a stream that we bought is doing: it goes on, rests by our word, or is over by its agreement."""

    FOLLOWING = "following"
    STOPPED = "stopped"
    ENDED = "ended"


@table("streams", key=("product",))
@dataclass(frozen=True, kw_only=True)
class StreamRow(TableRow):
    """How far a growing source was read; `position` is the source's own word, `head` binds all batches."""

    product: str
    source: str
    position: str
    number: int
    head: bytes
    messages: int
    updated: datetime
    bytes: int


@table("batches", key=("product", "number"), index=(("created",),))
@dataclass(frozen=True, kw_only=True)
class BatchRow(TableRow):
    """What is public of one batch that is kept here."""

    product: str
    number: int
    previous: bytes
    messages: int
    plain_bytes: int
    sealed_bytes: int
    sealed_digest: bytes
    created: datetime


@table("batches_taken", key=("agreement",))
@dataclass(frozen=True, kw_only=True)
class BatchesTakenRow(TableRow):
    """The batches whose keys an agreement was given, as ranges, with its buyer's last signed word of them."""

    agreement: str
    numbers: Documents
    messages: int
    number: int
    head: bytes
    signature: bytes | None
    at: datetime
    bytes: int


@table("followed", key=("agreement",))
@dataclass(frozen=True, kw_only=True)
class FollowedRow(TableRow):
    """A stream that we follow into a file: what is counted is in the file's first `size` bytes, durably.

    `number` and `head` are those of its last batch there, `numbers` of all that were ever taken under the agreement,
    `missed` counts those that the provider did not keep for us.
    """

    agreement: str
    place: str
    state: FollowedState
    reason: str
    asked: Document
    numbers: Documents
    number: int
    head: bytes
    missed: int
    messages: int
    size: int
    since: datetime
    updated: datetime
    bytes: int
