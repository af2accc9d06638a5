"""The reference of a payment in the settlement token: 32 bytes that both sides can work out, and what people write.

Law: a token transfer names nothing but two accounts and an amount, so what it is for stands behind its call, where the
token does not look and everybody can: the reference is the hash of who pays, for what, and under which id of its own.
It is in no table that could be lost; on another chain or by another party the same words are another reference.

    wire:  transfer(to, amount) ++ reference        32 bytes behind the ABI's arguments
           transfer(to, amount) ++ complaint ++ reference       of a refund that a complaint ordered, 64 bytes
    said:  PS-ABCD-EFGH-IJKL-MNOP                   its first 80 bits in base32, for a bank's transfer form
"""

from __future__ import annotations

import base64
from typing import Final

from contracts.canonical import canonical
from contracts.errors import ContractError
from contracts.labels import H

REFERENCE_BYTES: Final = 32
SAID_BYTES: Final = 10
GROUP: Final = 4
MARK: Final = "PS"
KEY_CHARACTERS_MAX: Final = 64
# what is paid for
ADD, PAYOUT, REFUND = "add", "withdraw", "refund"
# what a contract of the national interfaces costs: the id is its code and the number of the payment
CONTRACT: Final = "contract"
# what orders a refund: the party is the exchange that rules, the id that of its complaint
COMPLAINT: Final = "complaint"


def reference(kind: str, party: str, key: str) -> bytes:
    """Return the reference of what `party` (a DID) asks for or pays under its own id `key`."""
    return H("payment-reference", canonical({"kind": kind, "party": party, "id": key}))


def contract(consumer: str, code: str, number: int) -> bytes:
    """Return how the payments of a number name the contract that a consumer (a DID) pays for."""
    return reference(CONTRACT, consumer, f"{code}/{number}")


def complaint(exchange: str, key: str) -> bytes:
    """Return how a refund names the complaint `key` of an exchange (a DID) that ordered it."""
    return reference(COMPLAINT, exchange, key)


def require_key(key: str) -> None:
    """Raise ContractError for an id that a request cannot have."""
    if not 0 < len(key) <= KEY_CHARACTERS_MAX or not key.isprintable():
        text = f"the id of a request is a text of 1 to {KEY_CHARACTERS_MAX} characters"
        raise ContractError("no-request-id", text, "give it a shorter one")


def said(told: bytes) -> str:
    """Return a reference as people write it."""
    text = base64.b32encode(told[:SAID_BYTES]).decode("ascii")
    return "-".join([MARK, *(text[at : at + GROUP] for at in range(0, len(text), GROUP))])
