"""secp256k1 signatures over 32-byte digests: `r(32) || s(32) || v(1)`, v 27 or 28, low s only (spec, preamble).

A second, high-s signature of the same digest always exists; accepting it would let a stranger make another valid
byte string of a message, so it is refused here and on chain alike.
"""

from __future__ import annotations

from functools import lru_cache

from coincurve import PrivateKey, PublicKey
from eth_hash.auto import keccak

from contracts.errors import ContractError

SIGNATURE_BYTES = 65
DIGEST_BYTES = 32
SECRETS_KEPT = 8  # a participant signs with one key; to take it apart costs as much as to sign
_HIGHEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0  # half the curve's order
_FIRST_V = 27


def sign(digest: bytes, private_key: bytes) -> bytes:
    """Return the 65-byte signature; deterministic (RFC 6979), so repeating it gives the same bytes."""
    assert len(digest) == DIGEST_BYTES
    raw = _secret(private_key).sign_recoverable(digest, hasher=None)
    return raw[:64] + bytes((_FIRST_V + raw[64],))


def recover(digest: bytes, signature: bytes) -> bytes:
    """Return the signer's 20-byte address; `ContractError` for a malformed or high-s signature."""
    if len(signature) != SIGNATURE_BYTES or signature[64] not in (_FIRST_V, _FIRST_V + 1):
        raise ContractError("bad-signature", "a signature is 65 bytes and its last is 27 or 28")
    if int.from_bytes(signature[32:64], "big") > _HIGHEST_S:
        raise ContractError("high-s", "the signature's s is in the upper half of the order", "sign with low s")
    try:
        raw = signature[:64] + bytes((signature[64] - _FIRST_V,))
        return _address(PublicKey.from_signature_and_message(raw, digest, hasher=None))
    except ValueError as error:
        raise ContractError("bad-signature", "no key can have made this signature") from error


def address(private_key: bytes) -> bytes:
    """Return the 20-byte address of a secret key."""
    return _address(_secret(private_key).public_key)


def is_by(signer: bytes, digest: bytes, signature: bytes) -> bool:
    """Say whether `signer` made this signature; malformed ones count as nobody's."""
    try:
        return recover(digest, signature) == signer
    except ContractError:
        return False


@lru_cache(maxsize=SECRETS_KEPT)
def _secret(private_key: bytes) -> PrivateKey:
    return PrivateKey(private_key)


def _address(key: PublicKey) -> bytes:
    return keccak(key.format(compressed=False)[1:])[-20:]
