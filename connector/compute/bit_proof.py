"""A proof beside each sealed bit that it is one, and no other number: it says nothing of which (decision 0235).

    R0, S0, R1, S1      (A, B) is a bit if A, B or A, B - G are r·G, r·P for some r; what both proofs begin with
    c0 + c1 = H(all)    so one of both may be drawn, and the other is one
    z0, z1              z·G = R + c·A and z·P = S + c·(B - i·G), of both

It is the proof of Cramer, Damgård and Schoenmakers (1994), of one message by a digest (Fiat and Shamir), as ballots
have it. All proofs of a list are looked at together, each equation times a number that is drawn then (Bellare, Garay
and Rabin 1998): a list with one that is false passes once in 2⁶⁴ times.

Law: the digest is of the public key and of the sealed bit, too, so that a proof is of nothing else.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from connector.compute import elgamal
from connector.compute.elgamal import ORDER, POINT_BYTES, SEALED_BYTES
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from coincurve import PublicKey

BEGUN: Final = 4
_CHALLENGE_BYTES: Final = 16
_SCALAR_BYTES: Final = 32
PROOF_BYTES: Final = BEGUN * POINT_BYTES + _CHALLENGE_BYTES + 2 * _SCALAR_BYTES
_WIDE: Final = 1 << 8 * _CHALLENGE_BYTES
_DRAWN_BITS: Final = 64
_TAG: Final = b"penstock/sealed bit/v1\0"


def proved(secret: int, once: int, bit: int, about: bytes, drawn: Callable[[str], int]) -> bytes:
    """Return the proof of a bit; `about` is the public key and what was sealed, `drawn` draws for this bit alone."""
    own, other, begin = drawn("other"), drawn("challenge") % _WIDE, drawn("begin")
    # of the one that is not true: answer and challenge first, and then what it began with
    away = once * secret + bit - (1 - bit)
    false = elgamal.times(own - other * once), elgamal.times(own * secret - other * away)
    true = elgamal.times(begin), elgamal.times(begin * secret)
    begun = b"".join(one.format() for one in ((*true, *false) if bit == 0 else (*false, *true)))
    mine = (_challenge(about + begun) - other) % _WIDE
    told = (begin + mine * once) % ORDER
    first, answers = (mine, (told, own)) if bit == 0 else (other, (own, told))
    said = (one.to_bytes(_SCALAR_BYTES, "big") for one in answers)
    return b"".join((begun, first.to_bytes(_CHALLENGE_BYTES, "big"), *said))


def require(public: bytes, sealed: bytes, points: list[PublicKey], proofs: bytes) -> None:
    """Raise InvalidInput unless each of the `sealed` bits, which are `points`, has its proof."""
    bits = len(sealed) // SEALED_BYTES
    if len(proofs) != bits * PROOF_BYTES:
        raise InvalidInput(f"each sealed bit has a proof of {PROOF_BYTES} bytes")
    of: list[PublicKey] = []
    weights: list[int] = []
    ground = owner = 0
    for at in range(bits):
        one, proof = sealed[at * SEALED_BYTES :][:SEALED_BYTES], proofs[at * PROOF_BYTES :][:PROOF_BYTES]
        begun, said = proof[: BEGUN * POINT_BYTES], proof[BEGUN * POINT_BYTES :]
        zero = int.from_bytes(said[:_CHALLENGE_BYTES], "big")
        other = (_challenge(public + one + begun) - zero) % _WIDE
        answers = said[_CHALLENGE_BYTES:]
        low, high = (int.from_bytes(answers[side * _SCALAR_BYTES :][:_SCALAR_BYTES], "big") for side in (0, 1))
        times = [secrets.randbits(_DRAWN_BITS) for _ in range(BEGUN)]
        of += [*points[2 * at : 2 * at + 2], *elgamal.points(begun)]
        weights += [times[0] * zero + times[2] * other, times[1] * zero + times[3] * other, *times]
        ground += times[0] * low + times[2] * high + times[3] * other
        owner += times[1] * low + times[3] * high
    [key] = elgamal.points(public)
    owner %= ORDER
    whole = elgamal.added((_times(ground), key.multiply(owner.to_bytes(32, "big")) if owner else None))
    found = elgamal.weighted(of, weights)
    if whole is None or found is None or whole.format() != found.format():
        raise InvalidInput("what is sealed is no list of bits: a proof is false", "seal 0 or 1 for each place")


def _times(number: int) -> PublicKey | None:
    return elgamal.times(number) if number % ORDER else None


def _challenge(about: bytes) -> int:
    return int.from_bytes(sha256(_TAG + about).digest()[:_CHALLENGE_BYTES], "big")
