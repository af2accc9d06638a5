"""secp256k1 signatures over 32-byte digests: `r(32) || s(32) || v(1)`, v 27 or 28, low s only (spec, preamble).

A second, high-s signature of the same digest always exists; accepting it would let a stranger make another valid
byte string of a message, so it is refused here and on chain alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TypeAlias

from coincurve import PrivateKey, PublicKey

from contracts.errors import ContractError
from contracts.keccak import keccak

SIGNATURE_BYTES = 65
DIGEST_BYTES = 32
SECRETS_KEPT = 8  # a participant signs with one key; to take it apart costs as much as to sign
_HIGHEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0  # half the curve's order
_ORDER = 2 * _HIGHEST_S + 1
FIRST_V = 27


class Account(ABC):
    """A secret key that is elsewhere and signs there: `public` is its point (65 bytes), `address` its 20 bytes."""

    public: bytes
    address: bytes

    @abstractmethod
    def sign(self, digest: bytes) -> bytes:
        """Return the 65-byte signature of a 32-byte digest; another one each time."""


# an account's secret key: its 32 bytes, or who signs with it
Secret: TypeAlias = bytes | Account


def sign(digest: bytes, private_key: Secret) -> bytes:
    """Return the 65-byte signature.

    Of 32 bytes it is deterministic (RFC 6979), so repeating it gives the same bytes; of who signs elsewhere it is not.
    """
    assert len(digest) == DIGEST_BYTES
    if isinstance(private_key, Account):
        return private_key.sign(digest)
    raw = _secret(private_key).sign_recoverable(digest, hasher=None)
    return raw[:64] + bytes((FIRST_V + raw[64],))


def recover(digest: bytes, signature: bytes) -> bytes:
    """Return the signer's 20-byte address; `ContractError` for a malformed or high-s signature."""
    if len(signature) != SIGNATURE_BYTES or signature[64] not in (FIRST_V, FIRST_V + 1):
        raise ContractError("bad-signature", "a signature is 65 bytes and its last is 27 or 28")
    if int.from_bytes(signature[32:64], "big") > _HIGHEST_S:
        raise ContractError("high-s", "the signature's s is in the upper half of the order", "sign with low s")
    try:
        raw = signature[:64] + bytes((signature[64] - FIRST_V,))
        return _address(PublicKey.from_signature_and_message(raw, digest, hasher=None))
    except ValueError as error:
        raise ContractError("bad-signature", "no key can have made this signature") from error


def recoverable(digest: bytes, signature: bytes, signer: bytes) -> bytes | None:
    """Return a signature of 64 bytes (`r || s`) as this file has them, None if it is not by `signer`."""
    r, s = signature[:32], int.from_bytes(signature[32:], "big")
    low = (s if s <= _HIGHEST_S else _ORDER - s).to_bytes(32, "big")
    whole = (r + low + bytes((FIRST_V + parity,)) for parity in (0, 1))
    return next((each for each in whole if is_by(signer, digest, each)), None)


def address(private_key: Secret) -> bytes:
    """Return the 20-byte address of a secret key."""
    return private_key.address if isinstance(private_key, Account) else _address(_secret(private_key).public_key)


def public(private_key: Secret) -> bytes:
    """Return the public point of a secret key, without compression (65 bytes)."""
    if isinstance(private_key, Account):
        return private_key.public
    return _secret(private_key).public_key.format(compressed=False)


def address_of(point: bytes) -> bytes:
    """Return the 20-byte address of a public point (65 bytes)."""
    return keccak(point[1:])[-20:]


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
    return address_of(key.format(compressed=False))
