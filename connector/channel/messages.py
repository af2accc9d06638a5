"""The messages of the window protocol as values; `wire` gives them their JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from contracts.typed_data import Batch, KeyOffer, Order, Receipt, Refusal, Voucher, struct_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

# a request is asked for its account hash by each check that it passes
HASHES_KEPT = 256


@lru_cache(maxsize=HASHES_KEPT)
def account_hash(prev: bytes, orders: tuple[Order, ...]) -> bytes:
    """Return the account hash after `orders` on top of the one before them (spec 2)."""
    return struct_hash(Batch(prev, orders))


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """Message 1. `contexts` holds what the payer says about each order (its purpose …), for the policy.

    `prev` is the account hash it builds on, `after` the newest seq it knows, so that neither side reuses one.
    """

    orders: tuple[Order, ...]
    contexts: tuple[Mapping[str, str], ...]
    prev: bytes
    after: int

    @property
    def account_hash(self) -> bytes:
        """Return the account hash after these orders."""
        return account_hash(self.prev, self.orders)


@dataclass(frozen=True, slots=True)
class OfferMessage:
    """Message 2: `sealed_keys` maps each distinct reader key to `enc || ciphertext` of the whole `masked`."""

    offer: KeyOffer
    signature: bytes
    sealed_keys: Mapping[bytes, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class VoucherMessage:
    """Messages 3 and 5."""

    voucher: Voucher
    signature: bytes


@dataclass(frozen=True, slots=True)
class ReleaseMessage:
    """Message 4; the preimage is secret until it is sent."""

    preimage: bytes = field(repr=False)
    receipt: Receipt
    signature: bytes


@dataclass(frozen=True, slots=True)
class RefusalMessage:
    """The payee's signed no to a voucher; `reasons` are the policy's, `refusal.reason` is their digest."""

    refusal: Refusal
    signature: bytes
    code: str
    reasons: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Denial:
    """The policy's no (or not yet) to a request: nothing was offered, nothing is due."""

    outcome: str
    reasons: tuple[Mapping[str, Any], ...]
    duties: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """Messages 3 and 1 together: a voucher, and the request for what follows once its keys are released."""

    paid: VoucherMessage
    request: KeyRequest


@dataclass(frozen=True, slots=True)
class StepMessage:
    """Messages 4 and 2 together: a release, and the next offer; None for a request that must be made by itself."""

    released: ReleaseMessage
    offered: OfferMessage | None


@dataclass(frozen=True, slots=True)
class Equivocation:
    """Two different signed messages with one seq by one signer; both are kept, the channel is stopped."""

    seq: int
    bundle: str


@dataclass(frozen=True, slots=True)
class Testimony:
    """One window as its signatures tell it, for resuming; what a side does not hold is None or empty."""

    prev: bytes
    orders: tuple[Order, ...]
    contexts: tuple[Mapping[str, str], ...]
    offered: OfferMessage
    paid: VoucherMessage
    receipt: Receipt | None = None
    receipt_signature: bytes = b""
    preimage: bytes | None = field(default=None, repr=False)
    refused: RefusalMessage | None = None
    acknowledged: VoucherMessage | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Resume: the sender's newest released seq, the account hash there, and windows the other side may lack."""

    seq: int
    account_hash: bytes
    windows: tuple[Testimony, ...] = ()


@dataclass(frozen=True, slots=True)
class Released:
    """Ask for an acknowledgement: the newest seq that the payee knows as released, and the account hash there."""

    seq: int
    account_hash: bytes
