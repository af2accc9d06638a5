"""How masked keys travel: HPKE to a reader key (RFC 9180, base mode; spec 4).

X25519, HKDF-SHA256, AES-256-GCM;  info = "penstock/window/v1" || 0x00 || channelId || u64(seq);  empty AAD
wire = enc(32) || ciphertext
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from connector.channel.errors import fault

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
OVERHEAD_BYTES = 32 + 16


def seal(masked: bytes, reader_key: bytes, channel_id: bytes, seq: int) -> bytes:
    """Return `enc || ciphertext` of the masked keys for one reader key (32 bytes)."""
    try:
        return SUITE.encrypt(masked, X25519PublicKey.from_public_bytes(reader_key), info=_info(channel_id, seq))
    except ValueError as error:
        raise fault("bad-reader-key", "the reader key is no usable X25519 public key") from error


def unseal(sealed: bytes, reader: X25519PrivateKey, channel_id: bytes, seq: int) -> bytes:
    """Return the masked keys; `offer-keys` when they were not sealed for this reader, channel and seq."""
    try:
        return SUITE.decrypt(sealed, reader, info=_info(channel_id, seq))
    except (InvalidTag, ValueError) as error:
        raise fault("offer-keys", "the sealed keys do not open with the reader key") from error


def _info(channel_id: bytes, seq: int) -> bytes:
    return b"penstock/window/v1\0" + channel_id + seq.to_bytes(8, "big")
