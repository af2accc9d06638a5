"""Payment channels: windows, what was paid, and disputes over it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.store.table import LARGE_ROWS_KNOWN
from connector.store.table_row import Amount, Document, Documents, Secret, TableRow, table


@table("channels", key=("id",), index=(("agreement",),), held=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow(TableRow):
    """A payment channel of one agreement; `claimed_as` is read no more (decision 0123)."""

    id: str
    role: str
    peer: str
    agreement: str
    payer: str
    payee: str
    signer: str
    token: str
    split: Documents
    arbitrator: str
    salt: bytes
    deposit: Amount
    expiry: datetime
    state: str
    seq: int
    cumulative: Amount
    account_hash: bytes
    claimed: Amount
    claimed_as: bytes | None = None
    claimed_lock: bytes | None = None
    frozen_for: int | None = None
    open_tx: str | None = None
    close_tx: str | None = None
    created: datetime


@table(
    "windows", key=("channel", "seq"), index=(("state", "channel", "seq"), ("lock",)), held=True, known=LARGE_ROWS_KNOWN
)
@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRow(TableRow):
    """A window of a channel: what is offered, paid and released together."""

    channel: str
    seq: int
    role: str
    state: str
    orders: Documents
    contexts: Documents
    prev: bytes
    account_hash: bytes
    amount: Amount
    cumulative: Amount
    valid_until: int
    lock: bytes | None = None
    secret: Secret | None = None
    masked: Secret | None = None
    offer: Document | None = None
    offer_signature: bytes | None = None
    sealed_keys: Document
    voucher: Document | None = None
    voucher_signature: bytes | None = None
    receipt: Document | None = None
    receipt_signature: bytes | None = None
    refusal: Document | None = None
    refusal_signature: bytes | None = None
    reasons: Documents
    code: str
    created: datetime


@table("paid_rows", key=("agreement",), held=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class PaidRowsRow(TableRow):
    """The rows of an edition that an agreement has paid for."""

    agreement: str
    rows: Documents
    quantity: int
    amount: Amount
    plain: int


@table("paid_periods", key=("agreement", "period"))
@dataclass(frozen=True, slots=True, kw_only=True)
class PaidPeriodRow(TableRow):
    """What an agreement has paid for a period."""

    agreement: str
    period: int
    quantity: int
    amount: Amount


@table("bundles", key=("id",))
@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRow(TableRow):
    """The proof of a fault, ready to be shown."""

    id: str
    channel: str
    seq: int
    code: str
    bundle: Document
    created: datetime


class DisputeState(StrEnum):
    """Where a dispute is."""

    FILED = "filed"
    RULED = "ruled"


@table("disputes", key=("id",), index=(("filer", "state"),))
@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeRow(TableRow):
    """A dispute that this participant filed, answers, or decides."""

    id: str
    channel: str
    account_hash: str
    filer: str
    payer: str
    payee: str
    arbitrator: str
    state: DisputeState
    ruling: Document | None = None
    ruling_tx: str | None = None
    created: datetime
    updated: datetime


@table("dispute_bundles", key=("id",))
@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeBundleRow(TableRow):
    """The proof of a dispute: it is large, and read by few."""

    id: str
    bundle: Document


class RulingState(StrEnum):
    """Where a ruling is: one that the chain refuses makes room for another."""

    DECIDED = "decided"
    RULED = "ruled"
    REFUSED = "refused"


@table("rulings", key=("id",))
@dataclass(frozen=True, slots=True, kw_only=True)
class RulingRow(TableRow):
    """The ruling of a dispute on its way to the chain."""

    id: str
    state: RulingState
    ruling: Document
    tx: str
    created: datetime
