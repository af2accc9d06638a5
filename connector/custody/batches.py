"""Small editions of a stream: some messages that came together, sealed, and chained to those before (decision 0171).

    key    = HMAC-SHA256(stream key, "penstock/stream/v1" || 0 || product || 0 || u64 number)          32 bytes
    sealed = AES-256-GCM(key, nonce 0, messages, each ended by a newline; with `previous` || u64 number)
    head   = SHA-256(previous || u64 number || u32 messages || u64 plain bytes || SHA-256(sealed))     32 bytes

Law: a key seals one batch, so its nonce may be fixed; nothing is ever sealed under it again, for a batch that was
written once is never written otherwise. The head of the last batch binds all that came before it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connector.custody.errors import VaultError
from contracts.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

# headers of a batch
NUMBER, PREVIOUS, MESSAGES, BYTES = "Penstock-Batch", "Penstock-Previous", "Penstock-Messages", "Penstock-Bytes"
NO_BATCH: Final = bytes(32)  # what the first batch follows
KEY_BYTES: Final = 32
_CONTEXT: Final = b"penstock/stream/v1\x00"
_NONCE: Final = bytes(12)
_ACKNOWLEDGED: Final = b"penstock/stream-acknowledgement/v1\x00"


@dataclass(frozen=True, slots=True)
class Batch:
    """What is public of one batch: its place in the chain, how much is in it, and the digest of its sealed bytes."""

    number: int
    previous: bytes
    messages: int
    plain_bytes: int
    sealed_digest: bytes

    @property
    def head(self) -> bytes:
        """Return what the next batch follows."""
        counts = self.number.to_bytes(8) + self.messages.to_bytes(4) + self.plain_bytes.to_bytes(8)
        return sha256(self.previous + counts + self.sealed_digest).digest()


def key(stream_key: bytes, product: str, number: int) -> bytes:
    """Return the key of one batch of a product."""
    return hmac.digest(stream_key, _CONTEXT + product.encode() + b"\x00" + number.to_bytes(8), sha256)


def seal(own: bytes, number: int, previous: bytes, messages: Sequence[bytes]) -> tuple[Batch, bytes]:
    """Return a batch and its sealed bytes under its `own` key; no message has a newline in it."""
    plain = b"".join(message + b"\n" for message in messages)
    sealed = AESGCM(own).encrypt(_NONCE, plain, _bound(previous, number))
    return Batch(number, previous, len(messages), len(plain), sha256(sealed).digest()), sealed


def opened(own: bytes, batch: Batch, sealed: bytes) -> bytes:
    """Return the messages of a batch as they were written; `VaultError` `blob` for any other bytes, key or count."""
    try:
        plain = AESGCM(own).decrypt(_NONCE, sealed, _bound(batch.previous, batch.number))
    except (InvalidTag, ValueError) as fault:
        raise VaultError("blob", f"batch {batch.number} does not open", "complain to its provider") from fault
    if len(plain) != batch.plain_bytes or plain.count(b"\n") != batch.messages:
        raise VaultError("blob", f"batch {batch.number} holds another number of messages than it says")
    return plain


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a buyer signs for a key: up to which batch, and how much has come under its agreement with it."""

    agreement: str
    number: int
    head: str
    messages: int
    plain_bytes: int

    def json(self) -> dict[str, Any]:
        """Return what is signed."""
        return {
            "agreement": self.agreement,
            "number": str(self.number),
            "head": self.head,
            "messages": str(self.messages),
            "bytes": str(self.plain_bytes),
        }

    @property
    def digest(self) -> bytes:
        """Return the 32 bytes that are signed."""
        return sha256(_ACKNOWLEDGED + canonical(self.json())).digest()


def _bound(previous: bytes, number: int) -> bytes:
    return previous + number.to_bytes(8)
