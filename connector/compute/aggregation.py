"""Numbers of which only the total over several providers can be read: masks that cancel (decision 0194).

    masked(i) = numbers(i) + M(own(i)) + Σ over j ≠ i of ± M(pair(i, j))        all modulo 2⁶⁴
    total     = Σ masked(i) - Σ M(own(i)) ∓ M(pair(i, j)) for each j that is not among those who are opened

`pair(i, j)` is what the delivery keys of two providers agree on (X25519) for one question; one adds its mask, the other
takes it away. `own(i)` is told only when the providers that are opened are one set, which each of them has signed.

Law: whoever lacks one seed of one provider has numbers that are uniform: nothing is read of them, by however much is
known of everything else. (After Bonawitz et al., CCS 2017, without shares of secrets: who has signed a set and is gone
is waited for, or the question is asked anew.)
"""

from __future__ import annotations

from collections import Counter
from hashlib import shake_256
from operator import add, sub
from struct import pack, unpack
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from connector.runtime.errors import InvalidInput
from contracts.labels import X

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

SEED_BYTES: Final = 32
NUMBER_BYTES: Final = 8
_WORD: Final = 1 << 64
PAIR: Final = "joint pair"


def pair(mine: X25519PrivateKey, theirs: bytes, question: bytes) -> bytes:
    """Return the seed that two providers have of a question; raises InvalidInput for a key that agrees with nobody."""
    try:
        shared = mine.exchange(X25519PublicKey.from_public_bytes(theirs))
    except ValueError as fault:
        raise InvalidInput("a delivery key of one who answers together is none") from fault
    return X(shared, PAIR, question, SEED_BYTES)


def mask(seed: bytes, length: int) -> Sequence[int]:
    """Return the mask of a seed: so many numbers below 2⁶⁴."""
    return _numbers(shake_256(seed).digest(NUMBER_BYTES * length))


def masked(numbers: Sequence[int], me: str, own: bytes, pairs: Mapping[str, bytes]) -> bytes:
    """Return numbers as they leave `me`; `pairs` are the seeds with all the others."""
    found = _plus(numbers, [(own, 1), *((seed, _sign(me, other)) for other, seed in pairs.items())])
    return pack(f">{len(found)}Q", *found)


def total(told: Mapping[str, bytes], own: Mapping[str, bytes], pairs: Mapping[str, Mapping[str, bytes]]) -> list[int]:
    """Return the totals; `told` is what left each, `own` its seed, `pairs` its seeds with those who are not among them.

    Raises InvalidInput where they are not of one length.
    """
    lengths = Counter(map(len, told.values()))
    if len(lengths) != 1 or next(iter(lengths)) % NUMBER_BYTES:
        raise InvalidInput("the numbers of those who answered are not equally many")
    summed = [0] * (next(iter(lengths)) // NUMBER_BYTES)
    for one in told.values():
        summed = list(map(add, summed, _numbers(one)))
    away = [(seed, -1) for seed in own.values()]
    away += [(seed, -_sign(me, other)) for me, of in pairs.items() for other, seed in of.items()]
    return [one - _WORD if one >= _WORD // 2 else one for one in _plus(summed, away)]


def _plus(numbers: Iterable[int], masks: Iterable[tuple[bytes, int]]) -> list[int]:
    found = list(numbers)
    for seed, sign in masks:
        found = list(map(add if sign > 0 else sub, found, mask(seed, len(found))))
    return [one % _WORD for one in found]


def _numbers(told: bytes) -> tuple[int, ...]:
    return unpack(f">{len(told) // NUMBER_BYTES}Q", told)


def _sign(me: str, other: str) -> int:
    """Return whether one of two adds their mask or takes it away."""
    return 1 if me < other else -1
