"""One BLS signature of many witnesses over an on-chain `Head`, as the anchors program checks it (spec 8).

Keys and scheme are those of `ledger.log.aggregate`; the message is the EIP-712 digest of the head. The program cannot
read compressed points, so everything here is as EIP-2537 writes it: 64 bytes a coordinate, four words a key, 256 bytes
a signature. A key is proven for one account: whoever copies key and proof proves nothing for his own.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from eth_typing import BLSPubkey, BLSSignature
from py_ecc.bls.ciphersuites import G2ProofOfPossession
from py_ecc.bls.g2_primitives import pubkey_to_G1, signature_to_G2
from py_ecc.bls.hash_to_curve import hash_to_G2
from py_ecc.optimized_bls12_381.optimized_curve import multiply, normalize

from contracts.keccak import keccak
from contracts.typed_data import digest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from contracts.typed_data import Domain, Head

COORDINATE_BYTES = 64
WORD_BYTES = 32
Key = tuple[bytes, ...]
_POSSESSION_TAG = b"BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"


def key_point(public: bytes) -> Key:
    """Return a 48-byte public key as the four words that the program takes."""
    x, y = normalize(pubkey_to_G1(BLSPubkey(public)))
    point = _coordinate(x) + _coordinate(y)
    return tuple(point[at : at + WORD_BYTES] for at in range(0, len(point), WORD_BYTES))


def signature_point(signature: bytes) -> bytes:
    """Return a 96-byte signature as the 256 bytes that the program takes."""
    return _point_of_g2(signature_to_G2(BLSSignature(signature)))


def prove_for(secret: int, public: bytes, account: bytes) -> bytes:
    """Return the 256-byte proof that `account` (20 bytes) possesses the secret of `public`."""
    message = b"".join(key_point(public)) + account
    hashed = hash_to_G2(message, _POSSESSION_TAG, sha256)  # type: ignore[arg-type]  # a hash's constructor, upstream
    return _point_of_g2(multiply(hashed, secret))


def sign(secret: int, head: Head, domain: Domain) -> bytes:
    """Return the 96-byte signature over a head; `domain` is that of the anchors program."""
    return bytes(G2ProofOfPossession.Sign(secret, digest(domain, head)))


def readable(signature: bytes) -> bool:
    """Say whether 96 bytes are a point that could be added up."""
    try:
        signature_to_G2(BLSSignature(signature))
    except (ValueError, AssertionError):
        return False
    return True


def holds(head: Head, domain: Domain, keys: Sequence[bytes], signature: bytes) -> bool:
    """Say whether a signature (96 bytes) is that of all these public keys (48 bytes each) over a head."""
    publics = [BLSPubkey(key) for key in keys]
    return bool(G2ProofOfPossession.FastAggregateVerify(publics, digest(domain, head), BLSSignature(signature)))


def key_digest(public: bytes) -> bytes:
    """Return what the program keeps of a proven key."""
    return keccak(b"".join(key_point(public)))


def combine(signatures: Sequence[bytes]) -> bytes:
    """Return the 96-byte aggregate of signatures over one head."""
    return bytes(G2ProofOfPossession.Aggregate([BLSSignature(each) for each in signatures]))


def bitmap(witnesses: Collection[bytes], signers: Collection[bytes]) -> int:
    """Return which of the witnesses (accounts) signed: bit n is the n-th in ascending order."""
    return sum(1 << at for at, witness in enumerate(sorted(witnesses)) if witness in signers)


def _point_of_g2(point: Any) -> bytes:
    x, y = normalize(point)
    # a coordinate on G2 is a pair, its real part first
    return b"".join(_coordinate(part) for element in (x, y) for part in element.coeffs)


def _coordinate(value: Any) -> bytes:
    return int(value).to_bytes(COORDINATE_BYTES, "big")
