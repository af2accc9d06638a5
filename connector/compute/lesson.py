"""What a buyer asks to learn its own label from a provider's columns: a match, then one step after another (0235).

    buyer       b·H(x) of each key, label 0 and label 1 apart, and b·H(nobody)
    provider    p·H(y) of each subject, mixed with decoys; p·b·H(x) of each group, mixed with as many
    buyer       takes b away: of which places one of its keys is, and with which label, but not which key
    buyer       a sealed bit for each place and label, its proof, and the weights so far
    provider    the sums that the next weights follow from, added up unread, with noise

Law: (1) a match is of one list under one id: `p`, the order and the decoys follow from a key of the provider, the
agreement and that id, so two lists are never held against the same places. (2) Of each group between none and `spare`
places are decoys, by a coin that the id has thrown, and the number of places says nothing of it. (3) A decoy has no
row, and is added to nothing.
"""

from __future__ import annotations

import hmac
import json
import math
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, Final

from connector.compute import blinding
from connector.compute.bit_proof import PROOF_BYTES
from connector.compute.elgamal import SEALED_BYTES
from connector.compute.program import BOUND_MAX
from connector.compute.sketch import COLUMNS_MAX
from connector.runtime.errors import InvalidInput
from contracts.coverage import KEYS_LEAST

if TYPE_CHECKING:
    from collections.abc import Sequence

    Bounds = tuple[tuple[float, float], ...]

FUNCTION: Final = "LOGISTIC"
LABELS: Final = 2
# of a table with more a share is drawn; what is sealed of so many goes in one body
SUBJECTS_MAX: Final = 8_000
LIST_KEYS_MAX: Final = 10_000
ROUNDS_MAX: Final = 8
# no weight of a model between -1 and 1 is as great, unless a column tells the label
WEIGHT_MAX: Final = 1_000.0
# a number of a step is one of so many parts of the most that a subject adds to it
PARTS: Final = 1 << 10
# how a model bends is told so many times as large: with the bits of both labels it is one at most
BENDS: Final = 2
# that the decoys of a group are as many as they may be, and so say too much
DELTA: Final = 1e-8
# whose point is told beside the keys, so that decoys can be made of it: no key has a zero byte
NOBODY: Final = "\0nobody"
SEED_BYTES: Final = 32
_UNIT: Final = 1 << 53


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that take part: a SELECT of numbers, and between what each of them lies."""

    statement: str
    bounds: Bounds

    def __post_init__(self) -> None:
        if not 0 < len(self.bounds) <= COLUMNS_MAX:
            raise InvalidInput(f"a label is learned from 1 to {COLUMNS_MAX} numbers of each row")
        for least, most in self.bounds:
            if not all(type(end) in (int, float) and math.isfinite(end) for end in (least, most)):
                raise InvalidInput("a number lies between two numbers")
            if not -BOUND_MAX <= least < most <= BOUND_MAX:
                raise InvalidInput("a number lies between a least and a greater number")

    def json(self) -> dict[str, Any]:
        """Return it as it is sent."""
        return {"statement": self.statement, "bounds": [[float(end) for end in one] for one in self.bounds]}


@dataclass(frozen=True, slots=True)
class Match:
    """A list's blinded keys, those of label 0 and those of label 1, `base` for decoys; so many rounds will follow."""

    rows: Rows
    keys: tuple[bytes, bytes]
    base: bytes
    rounds: int

    def __post_init__(self) -> None:
        if not 0 < self.rounds <= ROUNDS_MAX:
            raise InvalidInput(f"a model is made in 1 to {ROUNDS_MAX} rounds")
        if len(self.keys) != LABELS or len(self.base) != blinding.POINT_BYTES:
            raise InvalidInput("a label has two values, and there is one point of nobody")
        zero, one = map(blinding.apart, self.keys)
        if set(zero) & set(one):
            raise InvalidInput("a key has one label", "leave out whom the list has with both")
        if self.asked > LIST_KEYS_MAX:
            raise InvalidInput(f"{self.asked} keys are asked about", f"at most {LIST_KEYS_MAX} make a model")
        if min(len(zero), len(one)) < KEYS_LEAST:
            text = f"{len(zero)} keys have one label, and {len(one)} the other"
            raise InvalidInput(text, f"of fewer than {KEYS_LEAST} with each nothing is learned but noise")

    @property
    def asked(self) -> int:
        """How many keys there are."""
        return sum(map(len, self.keys)) // blinding.POINT_BYTES

    @property
    def sent(self) -> tuple[bytes, ...]:
        """What a reader process is handed beside the table."""
        return *self.keys, self.base

    def words(self) -> str:
        """Return what is asked in words, by which it is decided, and named in logs."""
        digest = sha256(b"".join(self.sent)).hexdigest()
        about = {"bounds": self.rows.json()["bounds"], "keys": self.asked, "list": digest, "rounds": self.rounds}
        return f"match {json.dumps(about, sort_keys=True)}: {self.rows.statement}"


@dataclass(frozen=True, slots=True)
class Step:
    """One round of a match: the weights so far, and for each place a sealed bit of label 0, and one of label 1.

    Each has its proof that it is one (`connector.compute.bit_proof`).
    """

    rows: Rows
    match: str
    public: bytes
    weights: tuple[float, ...]
    sealed: bytes
    proofs: bytes

    def __post_init__(self) -> None:
        if len(self.weights) != len(self.rows.bounds) + 1:
            raise InvalidInput("a model has a weight for each number, and one more")
        if not all(type(one) in (int, float) and abs(one) <= WEIGHT_MAX for one in self.weights):
            raise InvalidInput(f"a weight is a number from {-WEIGHT_MAX:g} to {WEIGHT_MAX:g}")
        if not self.sealed or len(self.sealed) % (LABELS * SEALED_BYTES):
            raise InvalidInput(f"each place has {LABELS} sealed bits of {SEALED_BYTES} bytes")
        if len(self.proofs) * SEALED_BYTES != len(self.sealed) * PROOF_BYTES:
            raise InvalidInput(f"each sealed bit has a proof of {PROOF_BYTES} bytes")

    @property
    def sent(self) -> tuple[bytes, ...]:
        """What a reader process is handed beside the table."""
        return self.public, self.sealed, self.proofs

    def words(self) -> str:
        """Return what is asked in words, by which it is decided, and named in logs."""
        digest = sha256(self.public + self.sealed).hexdigest()
        about = {
            "bounds": self.rows.json()["bounds"],
            "match": self.match,
            "sealed": digest,
            "weights": [float(one) for one in self.weights],
        }
        return f"step {json.dumps(about, sort_keys=True)}: {self.rows.statement}"


def terms_of(weights: int) -> list[tuple[int, ...]]:
    """Return the numbers of a step in order: of each weight its slope, then of each two how it bends."""
    return [term for degree in (1, 2) for term in combinations_with_replacement(range(weights), degree)]


def spare_of(epsilon: int) -> int:
    """Return of how many places each group may be decoys, by the hundredths of ε that a match tells: an even number.

    Where one subject takes another's place two groups change by one, so each has half of ε.
    """
    return 2 * math.ceil(math.log(2 / DELTA) / (epsilon / 200))


@dataclass(frozen=True, slots=True)
class Coins:
    """What follows from the seed of a match: the scalar, the decoys, and the order of all places."""

    seed: bytes

    def scalar(self, name: str) -> bytes:
        """Return a scalar of the provider by its name."""
        wide = b"".join(hmac.digest(self.seed, f"{name} {half}".encode(), "sha256") for half in (0, 1))
        return blinding.scalar(wide)

    def decoys(self, label: int, epsilon: int) -> int:
        """Return how many places of a group are decoys: half of those that may be, by two coins more or less."""
        spare, odds = spare_of(epsilon), math.exp(-epsilon / 200)
        thrown = [self._geometric(f"{label} {side}", odds) for side in ("more", "fewer")]
        return min(max(spare // 2 + thrown[0] - thrown[1], 0), spare)

    def ordered(self, names: Sequence[str]) -> list[str]:
        """Return names in an order that only the seed knows; a decoy's begins with a zero byte."""
        return sorted(names, key=lambda name: hmac.digest(self.seed, name.encode(), "sha256"))

    def drawn(self, name: str, share: float) -> bool:
        """Say whether a subject takes part where a share of them does."""
        return self._unit(f"drawn {name}") <= share

    def _geometric(self, name: str, odds: float) -> int:
        return math.floor(math.log(self._unit(f"coin {name}")) / math.log(odds))

    def _unit(self, name: str) -> float:
        """Return a number above 0 and up to 1 that follows from a name."""
        wide = int.from_bytes(hmac.digest(self.seed, name.encode(), "sha256")[:8], "big") >> 11
        return (wide + 1) / _UNIT


def places_of(coins: Coins, names: Sequence[str], epsilon: int) -> list[str]:
    """Return all places in order: of subjects and of decoys.

    Of a table with too many subjects each takes part by a coin of its own, so that none depends on another.
    """
    share = 1.0
    while len(names) * share > SUBJECTS_MAX:
        share /= 2
    drawn = [name for name in names if coins.drawn(name, share)]
    return coins.ordered([*drawn, *(decoy(at) for at in range(LABELS * spare_of(epsilon)))])


def decoy(at: int) -> str:
    """Return the name of a decoy."""
    return f"\0{at}"
