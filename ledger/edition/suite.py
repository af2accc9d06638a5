"""The suites of an edition: by which authenticated encryption a piece is sealed under its secret (spec 1.3, 1.5).

| suite              | cipher                              | flag in each head | key and nonce |
|---|---|---|---|
| A256GCM-B3-SHA256  | AES-256-GCM (NIST SP 800-38D)       | 0                 | X(s, "chunk-aead", head, 44) |
| SM4GCM-B3-SHA256   | SM4-GCM (GB/T 32907, RFC 8998)      | 8                 | X(s, "chunk-sm4", head, 28)  |

Law: (1) whatever the suite, all commitments of a row are the same, so channels, disputes and sources do not know it.
(2) A head says its suite, and is what the tag is over: no piece opens by another cipher, and no key of one serves in
the other. (3) All rows of an edition are of the suite that its header names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from contracts.labels import X
from contracts.suites import INTERNATIONAL, SM
from ledger.edition.row import SM4_SEALED, TAG_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.edition.row import Buffer

NONCE_BYTES: Final = 12


class Sealing(Protocol):
    """Seals and opens under a key and a nonce that are used once; a wrong tag raises InvalidTag."""

    def seal(self, key: bytes, nonce: bytes, plain: Buffer, head: bytes, boxed: memoryview) -> None:
        """Put the ciphertext and its tag into `boxed`, 16 bytes longer than the plaintext."""

    def open(self, key: bytes, nonce: bytes, boxed: Buffer, head: bytes, out: memoryview) -> None:
        """Put the plaintext of ciphertext and tag into `out`."""


class _Aes:
    def seal(self, key: bytes, nonce: bytes, plain: Buffer, head: bytes, boxed: memoryview) -> None:
        AESGCM(key).encrypt_into(nonce, plain, head, boxed)

    def open(self, key: bytes, nonce: bytes, boxed: Buffer, head: bytes, out: memoryview) -> None:
        AESGCM(key).decrypt_into(nonce, boxed, head, out)


class _Sm4:
    def seal(self, key: bytes, nonce: bytes, plain: Buffer, head: bytes, boxed: memoryview) -> None:
        sealing = Cipher(SM4(key), GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(head)
        size = len(boxed) - TAG_BYTES
        boxed[:size] = sealing.update(plain) + sealing.finalize()
        boxed[size:] = sealing.tag

    def open(self, key: bytes, nonce: bytes, boxed: Buffer, head: bytes, out: memoryview) -> None:
        whole = memoryview(boxed)
        opening = Cipher(SM4(key), GCM(nonce, bytes(whole[-TAG_BYTES:]))).decryptor()
        opening.authenticate_additional_data(head)
        plain = opening.update(whole[:-TAG_BYTES]) + opening.finalize()  # raises before a byte is handed out
        out[:] = plain


class Suite(NamedTuple):
    """One suite: its name in a header, its flag in a head, and how a key and a nonce are drawn of a secret."""

    name: str
    flag: int
    label: str
    key_bytes: int
    sealing: Sealing

    def drawn(self, secret: bytes, head: bytes) -> tuple[bytes, bytes]:
        """Return key and nonce (12 bytes) of one piece, of its secret and its 40-byte head (spec 1.3)."""
        material = X(secret, self.label, head, self.key_bytes + NONCE_BYTES)
        return material[: self.key_bytes], material[self.key_bytes :]


AES_256 = Suite("A256GCM-B3-SHA256", 0, "chunk-aead", 32, _Aes())
SM4_128 = Suite("SM4GCM-B3-SHA256", SM4_SEALED, "chunk-sm4", 16, _Sm4())
# what people call them
SUITES: Final[Mapping[str, Suite]] = {INTERNATIONAL: AES_256, SM: SM4_128}
NAMED: Final[Mapping[str, Suite]] = {one.name: one for one in SUITES.values()}


def of_flags(flags: int) -> Suite:
    """Return the suite that a head's flags say."""
    return SM4_128 if flags & SM4_SEALED else AES_256
