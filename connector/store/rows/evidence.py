"""The log of a participant and what it knows of others' logs."""

from datetime import datetime
from enum import StrEnum

from connector.store.table_row import Document, TableRow, dataclass, table


@table("log_entries", key=("idx",), index=(("part",),))
@dataclass(frozen=True, kw_only=True)
class LogEntryRow(TableRow):
    """An event of the own log, its leaf, and the box that holds what only its readers see.

    Entry and box of an old one rest in an object (`LogBundleRow`): whoever wants them asks `connector.store.entries`.
    """

    idx: int
    kind: str
    part: str
    entry: bytes | None  # absent where it rests in an object
    leaf: bytes
    at: datetime
    # absent there, too, once it was erased, and of an entry that came back from a mirror
    box: bytes | None
    box_key: str | None


class LogBundleState(StrEnum):
    """Where a bundle's object is; `connector.store.archive` says how it moves."""

    # it may be there, and nothing in the tables relies on it
    PUTTING = "putting"
    # the tables have its entries no more
    LAID = "laid"
    # nobody reads it again: it is to be removed
    DROPPED = "dropped"


@table("log_bundles", key=("number", "digest"), index=(("state", "number"),))
@dataclass(frozen=True, kw_only=True)
class LogBundleRow(TableRow):
    """An object with the entries and boxes of one full bundle of the own log, number n from entry 256 n on."""

    number: int
    digest: bytes  # SHA-256 of the object
    size: int  # of the object, bytes
    state: LogBundleState
    at: datetime


@table("log_hashes", key=("level", "idx"))
@dataclass(frozen=True, kw_only=True)
class LogHashRow(TableRow):
    """A hash of the log's tree that is complete."""

    level: int
    idx: int
    hash: bytes


@table("box_keys", key=("name", "recipient"))
@dataclass(frozen=True, kw_only=True)
class BoxKeyRow(TableRow):
    """The key of a box, wrapped for one of its readers."""

    name: str
    recipient: str
    wrapped: bytes


@table("checkpoints", key=("size",))
@dataclass(frozen=True, kw_only=True)
class CheckpointRow(TableRow):
    """A head that the own log has signed."""

    size: int
    root: bytes
    note: str
    cosigned: str | None = None  # the note with its witnesses' lines
    at: datetime | None = None  # of the newest event under it, if the process that signed has recorded it


@table("peer_heads", key=("origin",), held=True)
@dataclass(frozen=True, kw_only=True)
class PeerHeadRow(TableRow):
    """The newest head of another participant's log, as it was proven here."""

    origin: str
    size: int
    root: bytes
    note: str
    at: datetime


@table("witnessed", key=("origin",))
@dataclass(frozen=True, kw_only=True)
class WitnessedRow(TableRow):
    """The newest head that this participant cosigned as a witness."""

    origin: str
    size: int
    root: bytes
    note: str
    at: datetime


@table("attestations", key=("id",))
@dataclass(frozen=True, kw_only=True)
class AttestationRow(TableRow):
    """What somebody attests about this participant or its data."""

    id: str
    document: Document
    at: datetime


@table("anchors", key=("origin", "size"))
@dataclass(frozen=True, kw_only=True)
class AnchorRow(TableRow):
    """A head of a log that stands on the chain."""

    origin: str
    size: int
    root: bytes
    tx: str  # none of ours where it came there by way of another's log
    block: int
    at: datetime


@table("gathered_heads", key=("origin", "size"), index=(("entry",),))
@dataclass(frozen=True, kw_only=True)
class GatheredRow(TableRow):
    """A member's head that this exchange gathers: it waits, or it is in the tree of a round."""

    origin: str
    size: int
    root: bytes
    note: str
    time: int  # at which its witnesses signed it, posix seconds
    at: datetime
    # the event of the round in our log, and where the head is in the round's tree; none of one that waits
    entry: int | None = None
    place: Document | None = None


@table("entrusted_heads", key=("size",))
@dataclass(frozen=True, kw_only=True)
class EntrustedRow(TableRow):
    """An own head that was given to the exchange to be gathered, and the proof that it was."""

    size: int
    note: str
    time: int
    at: datetime
    proof: Document | None = None
