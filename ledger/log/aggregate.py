"""One BLS signature by all witnesses of a space over the final heads of a period.

Ciphersuite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_: keys are 48 bytes on G1, signatures 96 bytes on G2. Every key
comes with its proof of possession, without which a rogue key could cancel the others; it is checked before use.
Signing takes 0.1 s and verifying 0.3 s per key: this is off every hot path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from eth_typing import BLSPubkey, BLSSignature
from eth_utils.exceptions import ValidationError
from py_ecc.bls.ciphersuites import G2ProofOfPossession

from contracts.canonical import canonical
from contracts.labels import H

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION = 1
SEED_BYTES = 32
KEY_BYTES = 48
SIGNATURE_BYTES = 96
SIGNER_LIMIT_COUNT = 64
HEAD_LIMIT_COUNT = 1024

_HEX = re.compile(r"(?:[0-9a-f]{2})+")


class AttestationError(ValueError):
    """An attestation is malformed or does not verify; whoever assembled it is at fault."""


@dataclass(frozen=True, slots=True, order=True)
class FinalHead:
    """The last head of a log in a period: origin line, size, 32-byte root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Attestation:
    """`signers` name → 48-byte public key, `signature` their 96-byte aggregate over `statement(heads)`."""

    heads: tuple[FinalHead, ...]
    signers: Mapping[str, bytes]
    signature: bytes

    def as_json(self) -> dict[str, Any]:
        """Return the document that is stored and served."""
        return {
            "v": VERSION,
            "heads": [_head_json(head) for head in self.heads],
            "signers": [{"name": name, "key": key.hex()} for name, key in sorted(self.signers.items())],
            "signature": self.signature.hex(),
        }


def _head_json(head: FinalHead) -> dict[str, str]:
    return {"origin": head.origin, "size": str(head.size), "root": head.root.hex()}


def secret(seed: bytes) -> int:
    """Derive the secret scalar from 32 random bytes."""
    assert len(seed) == SEED_BYTES
    return int(G2ProofOfPossession.KeyGen(seed))


def public(key: int) -> bytes:
    """Return the 48-byte public key."""
    return bytes(G2ProofOfPossession.SkToPk(key))


def prove(key: int) -> bytes:
    """Return the 96-byte proof of possession that belongs beside the public key."""
    return bytes(G2ProofOfPossession.PopProve(key))


@lru_cache(maxsize=SIGNER_LIMIT_COUNT)
def possessed(key: bytes, proof: bytes) -> bool:
    """Tell whether the holder of public key `key` proved to know its secret."""
    return bool(G2ProofOfPossession.PopVerify(BLSPubkey(key), BLSSignature(proof)))


def statement(heads: Iterable[FinalHead]) -> bytes:
    """Return the 32 bytes that witnesses sign: heads sorted by origin, each origin once."""
    ordered = sorted(heads)
    origins = [head.origin for head in ordered]
    if not ordered or len(ordered) > HEAD_LIMIT_COUNT or len(set(origins)) != len(origins):
        raise AttestationError(f"an attestation is over 1 to {HEAD_LIMIT_COUNT} heads, one of each origin")
    return H("attestation", canonical([_head_json(head) for head in ordered]))


def sign(key: int, heads: Iterable[FinalHead]) -> bytes:
    """Sign the statement over final heads; only after checking each of them against one's own view."""
    return bytes(G2ProofOfPossession.Sign(key, statement(heads)))


def combine(heads: Iterable[FinalHead], signatures: Mapping[str, tuple[bytes, bytes]]) -> Attestation:
    """Aggregate `signatures` (name → public key, signature) into one attestation."""
    if not 0 < len(signatures) <= SIGNER_LIMIT_COUNT:
        raise AttestationError(f"an attestation has 1 to {SIGNER_LIMIT_COUNT} signers")
    try:
        aggregate = bytes(G2ProofOfPossession.Aggregate([BLSSignature(signed) for _, signed in signatures.values()]))
    except (ValidationError, ValueError, AssertionError) as error:
        raise AttestationError(f"a witness gave what is no signature: {error}") from error
    return Attestation(tuple(sorted(heads)), {name: key for name, (key, _) in signatures.items()}, aggregate)


def verify(attestation: Attestation, keys: Mapping[str, tuple[bytes, bytes]]) -> frozenset[str]:
    """Return the names of the signers if the aggregate verifies; else raise `AttestationError`.

    `keys` name → (public key, proof of possession) comes from the space's document, not from the attestation.
    """
    for name, key in attestation.signers.items():
        known = keys.get(name)
        if known is None or known[0] != key or not possessed(*known):
            raise AttestationError(f"`{name}` is no witness with that key and a proof of possession")
    publics = [BLSPubkey(key) for key in attestation.signers.values()]
    signature = BLSSignature(attestation.signature)
    if not G2ProofOfPossession.FastAggregateVerify(publics, statement(attestation.heads), signature):
        raise AttestationError("the aggregate signature does not verify over these heads")
    return frozenset(attestation.signers)


def parse(document: Any) -> Attestation:
    """Read a document strictly; verify nothing yet."""
    try:
        heads = tuple(_head(one) for one in document["heads"])
        signers = {one["name"]: _bytes(one["key"], KEY_BYTES) for one in document["signers"]}
        attestation = Attestation(heads, signers, _bytes(document["signature"], SIGNATURE_BYTES))
    except (KeyError, TypeError, AttributeError) as error:
        raise AttestationError(f"not an attestation: {error}") from error
    if attestation.as_json() != document:
        raise AttestationError("the attestation is not written canonically")
    return attestation


def _head(value: Any) -> FinalHead:
    if not isinstance(value["origin"], str) or not value["size"].isdecimal() or len(value["size"]) > 19:
        raise AttestationError("a head has an origin, a decimal size and a root")
    return FinalHead(value["origin"], int(value["size"]), _bytes(value["root"], 32))


def _bytes(value: str, length: int) -> bytes:
    if not _HEX.fullmatch(value) or len(value) != 2 * length:
        raise AttestationError(f"`{value[:40]}` is not {length} bytes of lower-case hex")
    return bytes.fromhex(value)
