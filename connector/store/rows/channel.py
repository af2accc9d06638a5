"""Payment channels: windows, what was paid, and disputes over it."""

import base64
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache, partial
from typing import Annotated, Any, TypeAlias, TypeVar

from connector.store.table import LARGE_ROWS_KNOWN
from connector.store.table_row import Amount, Document, Documents, Secret, TableRow, dataclass, table
from contracts import address
from contracts.split import Split
from contracts.typed_data import KeyOffer, Order, Receipt, Refusal, Voucher
from contracts.typed_json import from_json
from contracts.typed_packed import pack, unpack

# the typed values of windows that are under way: a window is written in each of its states
WRITTEN_KEPT = 1024

T = TypeVar("T")


class Side(StrEnum):
    """What we are on a channel."""

    PAYER = "payer"
    PAYEE = "payee"


class ChannelState(StrEnum):
    """How a channel stands; only an open one goes on."""

    OPEN = "open"
    # its payee has picked what to close it at
    CLOSING = "closing"
    # a side contradicted itself
    STOPPED = "stopped"
    # an arbitrator holds it on the chain
    FROZEN = "frozen"
    CLOSED = "closed"


class WindowState(StrEnum):
    """The life of a window on either side; how it moves: `connector.channel.states`."""

    NEW = ""
    OFFERED = "offered"
    PAID = "paid"
    SIGNED = "signed"
    RELEASED = "released"
    ACKNOWLEDGED = "acknowledged"
    FAULT = "fault"
    VOID = "void"
    # not a window of keys: it holds the final acknowledgement
    CLOSING = "closing"


def _boxes(sealed: Mapping[bytes, bytes]) -> dict[str, str]:
    return {key.hex(): base64.b64encode(box).decode("ascii") for key, box in sealed.items()}


def _unboxed(sealed: Mapping[str, str]) -> dict[bytes, bytes]:
    return {bytes.fromhex(key): base64.b64decode(box) for key, box in sealed.items()}


def _listed(documents: tuple[Mapping[str, Any], ...]) -> list[dict[str, Any]]:
    return [dict(document) for document in documents]


def _ordered(orders: tuple[Order, ...]) -> list[str]:
    return [_packed(order) for order in orders]


def _orders(rested: list[Any]) -> tuple[Order, ...]:
    return tuple(unpacked(Order, one) for one in rested)


# nobody changes what it returns
@lru_cache(maxsize=WRITTEN_KEPT)
def _packed(value: Any) -> str:
    """Return a typed value as it rests: half of what it takes as JSON, so that two windows share a page."""
    return base64.b64encode(pack(value)).decode("ascii")


def unpacked(kind: type[T], rested: Any) -> T:
    """Return a typed value as it rested; one of before version 4 of the tables is JSON."""
    return unpack(kind, base64.b64decode(rested)) if isinstance(rested, str) else from_json(kind, rested)


Address: TypeAlias = Annotated[bytes, "text", address.show, address.read]
Shares: TypeAlias = Annotated[Split, "json", Split.json, Split.from_json]
Orders: TypeAlias = Annotated[tuple[Order, ...], "json", _ordered, _orders]
Told: TypeAlias = Annotated[tuple[Mapping[str, Any], ...], "json", _listed, tuple]
Sealed: TypeAlias = Annotated[Mapping[bytes, bytes], "json", _boxes, _unboxed]
Offer: TypeAlias = Annotated[KeyOffer, "json", _packed, partial(unpacked, KeyOffer)]
Signed: TypeAlias = Annotated[Voucher, "json", _packed, partial(unpacked, Voucher)]
Received: TypeAlias = Annotated[Receipt, "json", _packed, partial(unpacked, Receipt)]
Refused: TypeAlias = Annotated[Refusal, "json", _packed, partial(unpacked, Refusal)]


@table("channels", key=("id",), index=(("agreement",), ("state",)), held=True)
@dataclass(frozen=True, kw_only=True)
class ChannelRow(TableRow):
    """A payment channel of one agreement as we keep it; `id` is that of the chain, hex (`channel_id`: its 32 bytes)."""

    id: str
    role: Side
    peer: str
    agreement: str
    payer: Address
    payee: Address
    signer: Address
    token: Address
    split: Shares
    arbitrator: Address
    salt: bytes
    deposit: Amount
    expiry: datetime
    state: ChannelState
    # the newest one ever used
    seq: int
    # these two: of the newest released window
    cumulative: Amount
    account_hash: bytes
    # what the chain has paid
    claimed: Amount
    # read no more (decision 0123)
    claimed_as: bytes | None = None
    claimed_lock: bytes | None = None
    # the seconds that an ended freeze gave back to the vouchers that were alive in it (decision 0007)
    frozen_for: int | None = None
    open_tx: str | None = None
    close_tx: str | None = None
    created: datetime

    @property
    def channel_id(self) -> bytes:
        """Return the 32 bytes by which the chain and what is signed name the channel."""
        return bytes.fromhex(self.id)

    @property
    def credit(self) -> int:
        """Return what of the confirmed deposit is not yet promised (spec 3.5)."""
        return self.deposit - self.cumulative


@table(
    "windows", key=("channel", "seq"), index=(("state", "channel", "seq"), ("lock",)), held=True, known=LARGE_ROWS_KNOWN
)
@dataclass(frozen=True, kw_only=True)
class WindowRow(TableRow):
    """A window of a channel on one side: what is offered, paid and released together.

    The preimage `t` (`secret`) rests only with the payee, `masked` only with the payer and only until the keys are
    acknowledged, so no database alone holds both of one window.
    """

    channel: str
    seq: int
    role: Side
    state: WindowState
    orders: Orders = ()
    contexts: Told = ()
    prev: bytes
    account_hash: bytes
    # what this batch costs, and what the voucher then stands at
    amount: Amount
    cumulative: Amount
    # the voucher's, posix seconds
    valid_until: int
    lock: bytes | None = None
    secret: Secret | None = field(default=None, repr=False)
    masked: Secret | None = field(default=None, repr=False)
    offer: Offer | None = None
    offer_signature: bytes | None = None
    # as sent, so that a repeated offer is the same
    sealed_keys: Sealed = field(default_factory=dict, repr=False)
    voucher: Signed | None = None
    voucher_signature: bytes | None = None
    receipt: Received | None = None
    receipt_signature: bytes | None = None
    refusal: Refused | None = None
    refusal_signature: bytes | None = None
    reasons: Told = ()
    code: str = ""
    created: datetime


@table("paid_rows", key=("agreement",), held=True)
@dataclass(frozen=True, kw_only=True)
class PaidRowsRow(TableRow):
    """What an agreement has paid for: rows of its edition, the tariff's quantity of them, minor units."""

    agreement: str
    rows: Documents
    quantity: int
    amount: Amount
    # the plain bytes of the rows
    plain: int | None


@table("paid_periods", key=("agreement", "period"))
@dataclass(frozen=True, kw_only=True)
class PaidPeriodRow(TableRow):
    """What an agreement has paid for a period."""

    agreement: str
    period: int
    quantity: int
    amount: Amount


@table("bundles", key=("id",))
@dataclass(frozen=True, kw_only=True)
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
@dataclass(frozen=True, kw_only=True)
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
@dataclass(frozen=True, kw_only=True)
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
@dataclass(frozen=True, kw_only=True)
class RulingRow(TableRow):
    """The ruling of a dispute on its way to the chain."""

    id: str
    state: RulingState
    ruling: Document
    tx: str
    created: datetime
