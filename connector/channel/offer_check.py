"""An offer against the request it answers (spec 4, message 2): every fault by name.

Law: the payer signs for an offer to which no row of `FAULTS` applies and whose sealed keys open to the committed bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.channel import box
from connector.channel.errors import fault
from contracts import signature
from contracts.typed_data import KeyOffer, digest
from contracts.voucher import NO_LOCK
from ledger.edition import mask
from ledger.edition.row import SECRET_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from connector.channel.messages import OfferMessage
    from contracts.typed_data import Domain


@dataclass(frozen=True, slots=True)
class Expected:
    """What the payer holds an offer against: its own account, its own price, and the times it can live with."""

    domain: Domain
    payee: bytes
    channel_id: bytes
    seq_above: int
    seq_up_to: int
    account_hash: bytes
    cumulative: int
    until_from: int
    until_to: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which an offer is wrong."""

    code: str
    applies: Callable[[KeyOffer, Expected], bool]
    words: str


FAULTS: tuple[Fault, ...] = (
    Fault("offer-channel", lambda o, e: o.channel_id != e.channel_id, "it names another channel"),
    Fault("offer-seq", lambda o, e: not e.seq_above < o.seq <= e.seq_up_to, "its seq does not follow ours"),
    Fault("offer-account", lambda o, e: o.account_hash != e.account_hash, "it is for other orders"),
    Fault("offer-amount", lambda o, e: o.cumulative_amount != e.cumulative, "its amount is not that of spec 3.6"),
    Fault("offer-lock", lambda o, _: o.lock == NO_LOCK, "it has no lock"),
    Fault(
        "offer-until", lambda o, e: not e.until_from <= o.valid_until <= e.until_to, "it lapses too soon or too late"
    ),
)


def check(message: OfferMessage, expected: Expected) -> None:
    """Raise the first fault of an offer; its signer is at fault."""
    if not signature.is_by(expected.payee, digest(expected.domain, message.offer), message.signature):
        raise fault("offer-signature", "the offer is not signed by the channel's payee")
    for each in FAULTS:
        if each.applies(message.offer, expected):
            raise fault(each.code, f"the offer is refused: {each.words}")


def open_masked(message: OfferMessage, readers: Mapping[bytes, X25519PrivateKey], rows: int) -> bytes:
    """Return `masked` of an offer: sealed to exactly our reader keys, the same in each, and as committed."""
    offer = message.offer
    if set(message.sealed_keys) != set(readers):
        raise fault("offer-keys", "the keys are sealed to other readers than the orders name")
    opened = {
        box.unseal(message.sealed_keys[key], reader, offer.channel_id, offer.seq) for key, reader in readers.items()
    }
    masked = opened.pop()
    if opened or len(masked) != SECRET_BYTES * rows or mask.masked_hash(masked) != offer.masked_hash:
        raise fault("masked-hash", "the masked keys are not those that the offer commits to")
    return masked
