"""The nodes next to a node: the one above it, and those below that asked it."""

from datetime import datetime
from enum import StrEnum

from connector.store.table_row import Document, TableRow, dataclass, table


class LinkState(StrEnum):
    """How a node stands with the one above it."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    CUT = "cut"


@table("nodes_above", key=("did",))
@dataclass(frozen=True, kw_only=True)
class AboveRow(TableRow):
    """The node above us, the only row, with the state that it told last."""

    did: str
    name: str
    exchange: str
    state: LinkState
    named: datetime


@table("nodes_below", key=("did",), index=(("state", "asked"),))
@dataclass(frozen=True, kw_only=True)
class BelowRow(TableRow):
    """A node that asked to be below us, of the space of `exchange`; `reason` is why it was cut off."""

    did: str
    name: str
    region: str
    exchange: str
    state: LinkState
    reason: str
    asked: datetime
    moved: datetime


@table("node_reports", key=("node", "number"), index=(("came",),))
@dataclass(frozen=True, kw_only=True)
class NodeReportRow(TableRow):
    """A report of a node upward, ours or one from below, with its signed note.

    Of ours `sent` is when it arrived, or was refused for good. `trouble` is what is missing in it or contradicts the
    one before, or why ours was not sent.
    """

    node: str
    number: int
    digest: str
    document: Document
    note: str
    came: datetime
    sent: datetime | None
    trouble: str


@table("reported_logs", key=("member",))
@dataclass(frozen=True, kw_only=True)
class ReportedLogRow(TableRow):
    """How many entries of a collected log our reports have counted."""

    member: str
    size: int
