"""Statements answered where the data are: those that we answer, and those that were answered to us."""

from datetime import datetime
from enum import StrEnum

from connector.store.table_row import Document, TableRow, dataclass, table


class ComputationState(StrEnum):
    """How a computation stands."""

    RUNNING = "running"
    # it was answered; what it told is remembered
    RELEASED = "released"
    # nothing of its answer passed the gate
    WITHHELD = "withheld"
    # its numbers left under a mask: they are told when those of several are opened together
    MASKED = "masked"
    # it was cut, or broke; it may be asked again
    FAILED = "failed"


@table(
    "computations",
    key=("agreement", "job"),
    index=(("edition", "state"), ("state",), ("created",), ("peer", "product")),
)
@dataclass(frozen=True, kw_only=True)
class ComputationRow(TableRow):
    """A statement that a buyer asked of data of ours; `memory` is what later ones are held against.

    `epsilon` is what was told with it, in hundredths, where answers have noise: the ε of its answer, and of those
    before it under the same id that were refused for their own sake. `each` is that of its answer, where its receipt
    says it.
    """

    agreement: str
    job: str
    product: str
    edition: str
    transfer: str
    peer: str
    statement: str
    purpose: str
    state: ComputationState
    reason: str | None = None
    rows: int | None = None
    answer: bytes | None = None
    memory: Document | None = None
    epsilon: int | None = None
    each: int | None = None
    # tenths of CPU seconds that it may take, and took, where these have the price
    at_most: int | None = None
    took: int | None = None
    created: datetime
    ended: datetime | None = None


@table("fittings", key=("agreement", "job"))
@dataclass(frozen=True, kw_only=True)
class FittingRow(TableRow):
    """How many keys of its own list a buyer asked about, and what it was answered; empty while it is computed."""

    agreement: str
    job: str
    keys: int
    answer: bytes | None = None


@table("joint_parts", key=("agreement", "job"), index=(("question",),))
@dataclass(frozen=True, kw_only=True)
class JointPartRow(TableRow):
    """Our part of a question that several answer together: what left under a mask, and whom it is opened with.

    `nonce` is what the mask of our own is derived from, with a key that is no row; `opened` is empty until it is said.
    """

    agreement: str
    job: str
    question: bytes
    nonce: bytes
    answer: bytes
    opened: Document | None = None


@table("marks", key=("edition", "asked", "question", "epsilon"))
@dataclass(frozen=True, kw_only=True)
class MarksRow(TableRow):
    """The marks of an edition's subjects, thrown once: of the table that is `asked`, for a question at an ε."""

    edition: str
    asked: str
    question: str
    epsilon: int
    places: int
    bits: bytes
    points: str | None = None  # as which they were thrown: none of before the ladder


@table("answers", key=("agreement", "job"), index=(("created",),))
@dataclass(frozen=True, kw_only=True)
class AnswerRow(TableRow):
    """A statement of ours, and what its provider answered and signed; empty while nothing has come."""

    agreement: str
    job: str
    statement: str
    purpose: str
    answer: bytes | None = None
    receipt: Document | None = None
    signature: bytes | None = None
    # units of its tariff that it is billed as; none where it is one query
    units: int | None = None
    # ε that was asked for, in hundredths; none where nothing was said of it
    epsilon: int | None = None
    # tenths of CPU seconds that it may take, where these have the price
    at_most: int | None = None
    created: datetime
    ended: datetime | None = None


@table("assents", key=("digest",), index=(("created",),))
@dataclass(frozen=True, kw_only=True)
class AssentRow(TableRow):
    """An assent of ours to a program of a buyer, as we signed it; the log had it before."""

    digest: str
    document: Document
    signature: bytes
    created: datetime


@table("line_receipts", key=("transfer",), index=(("agreement",),))
@dataclass(frozen=True, kw_only=True)
class LineReceiptRow(TableRow):
    """What a provider has signed of a line that is over, and we have, too."""

    transfer: str
    agreement: str
    receipt: Document
    signature: bytes
    at: datetime


@table("joint_questions", key=("job",), index=(("created",),))
@dataclass(frozen=True, kw_only=True)
class JointQuestionRow(TableRow):
    """A question of ours to several providers: what was asked of whom, who is opened together, and the totals."""

    job: str
    asked: Document
    opened: Document | None = None
    answer: bytes | None = None
    created: datetime
    ended: datetime | None = None
