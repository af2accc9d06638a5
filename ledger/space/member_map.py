"""A Merkle map from keys to digests: one root for all, a short proof for one, and for what changed between two roots.

Law: a key is 32 bytes, and its bits from the first on say left (0) or right (1). A part of the map without any key is
32 zero bytes, one with a single key is `SHA256(0x00 || key || value)`, any other `SHA256(0x01 || left || right)`. So a
root belongs to one set of pairs, in whatever order they came, and under a root a key has one value or none.

A proof is the map with everything left out that it is not about: a part that is left out is its hash. It is read
strictly, and then it is a map like any other. Whoever asks it for a key that was left out gets `ProofError`. It can be
changed, too: that is how one change of a map is proven without the map.

    0x00                    nothing
    0x01 key value          one key
    0x02 left right         two parts
    0x03 hash               two keys or more, left out
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from ledger.log.merkle import HASH_BYTES, ProofError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

NOTHING = bytes(HASH_BYTES)
LEVELS_MAX = 8 * HASH_BYTES
# of some hundred keys among a million: 512 times (20 hashes and 64 bytes), and as much again
PROOF_BYTES_MAX = 1 << 20
EMPTY, ONE, TWO, OMITTED = range(4)  # first bytes of the parts of a proof


@dataclass(frozen=True, slots=True)
class Leaf:
    """A key with its value, alone in its part of the map."""

    key: bytes
    value: bytes
    hash: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", sha256(b"\x00" + self.key + self.value).digest())


@dataclass(frozen=True, slots=True)
class Branch:
    """Two parts of the map."""

    left: Part
    right: Part
    hash: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", sha256(b"\x01" + _hash(self.left) + _hash(self.right)).digest())


@dataclass(frozen=True, slots=True)
class Omitted:
    """A part that a proof leaves out."""

    hash: bytes


Part: TypeAlias = Leaf | Branch | Omitted | None


@dataclass(frozen=True, slots=True)
class MemberMap:
    """A map, or what a proof shows of one; it is never changed, `changed` returns another."""

    top: Part = None

    @property
    def root(self) -> bytes:
        """Return the root (32 bytes)."""
        return _hash(self.top)

    @classmethod
    def of(cls, pairs: Mapping[bytes, bytes]) -> MemberMap:
        """Build the map of key → value, each of 32 bytes."""
        assert all(len(key) == HASH_BYTES == len(value) for key, value in pairs.items())
        return cls(_built(sorted(pairs.items())))

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, None if it has none; raises ProofError where that was left out."""
        part = self.top
        for level in range(LEVELS_MAX + 1):
            if part is None:
                return None
            if isinstance(part, Leaf):
                return part.value if part.key == key else None
            if isinstance(part, Omitted):
                raise ProofError("the proof says nothing of this key")
            part = part.right if _bit(key, level) else part.left
        raise AssertionError("a branch is above the last level")

    def changed(self, changes: Mapping[bytes, bytes | None]) -> MemberMap:
        """Return the map with other values, None for a key that goes; raises ProofError where one was left out."""
        part = self.top
        for key, value in changes.items():
            part = _put(part, 0, key, value)
        return MemberMap(part)

    def differing(self, other: MemberMap) -> set[bytes]:
        """Return the keys whose values differ between two whole maps."""
        found: set[bytes] = set()
        _compare(self.top, other.top, found)
        return found

    def prove(self, keys: Iterable[bytes]) -> bytes:
        """Return what shows the values of some keys, or that they have none."""
        told: list[bytes] = []
        _show(self.top, 0, sorted(set(keys)), told)
        return b"".join(told)

    @classmethod
    def read(cls, proof: bytes) -> MemberMap:
        """Read a proof; raises ProofError unless it is one, to its last byte."""
        if len(proof) > PROOF_BYTES_MAX:
            raise ProofError(f"a proof of {len(proof)} bytes is over the limit of {PROOF_BYTES_MAX}")
        part, end = _read(proof, 0, 0, 0)
        if end != len(proof):
            raise ProofError("the proof goes on after its end")
        return cls(part)


def _hash(part: Part) -> bytes:
    return NOTHING if part is None else part.hash


def _bit(key: bytes, level: int) -> int:
    return key[level >> 3] >> (7 - (level & 7)) & 1


def _built(pairs: Sequence[tuple[bytes, bytes]], level: int = 0) -> Part:
    """Return the part of sorted pairs, all of whose keys begin alike above this level."""
    keys = [int.from_bytes(key, "big") for key, _ in pairs]

    def built(first: int, end: int, level: int) -> Part:
        if end - first < 2:  # alone, or nothing
            return Leaf(*pairs[first]) if first < end else None
        # the first key whose bit of this level is set: the bits above are those of all, the ones below are zero
        bit = 1 << (LEVELS_MAX - 1 - level)
        middle = bisect_left(keys, (keys[first] | bit) & -bit, first, end)
        return Branch(built(first, middle, level + 1), built(middle, end, level + 1))

    return built(0, len(pairs), level)


def _put(part: Part, level: int, key: bytes, value: bytes | None) -> Part:
    """Return a part in which a key has another value."""
    if isinstance(part, Omitted):
        raise ProofError("the proof leaves out what changes")
    if isinstance(part, Branch):
        left, right = part.left, part.right
        if _bit(key, level):
            right = _put(right, level + 1, key, value)
        else:
            left = _put(left, level + 1, key, value)
        return _joined(left, right)
    if part is None or part.key == key:
        return None if value is None else Leaf(key, value)
    return part if value is None else _built(sorted([(part.key, part.value), (key, value)]), level)


def _joined(left: Part, right: Part) -> Part:
    """Return two parts as one: a single key stands alone as high as it can."""
    if left is None and (right is None or isinstance(right, Leaf)):
        return right
    if right is None and isinstance(left, Leaf):
        return left
    return Branch(left, right)


def _compare(one: Part, other: Part, found: set[bytes]) -> None:
    if _hash(one) == _hash(other):
        return
    if isinstance(one, Branch) and isinstance(other, Branch):
        _compare(one.left, other.left, found)
        _compare(one.right, other.right, found)
        return
    first, second = dict(_pairs(one)), dict(_pairs(other))
    found |= {key for key in first.keys() | second.keys() if first.get(key) != second.get(key)}


def _pairs(part: Part) -> Iterator[tuple[bytes, bytes]]:
    assert not isinstance(part, Omitted)
    if isinstance(part, Leaf):
        yield part.key, part.value
    elif part is not None:
        yield from _pairs(part.left)
        yield from _pairs(part.right)


def _show(part: Part, level: int, keys: Sequence[bytes], told: list[bytes]) -> None:
    if part is None:
        told.append(bytes([EMPTY]))
    elif isinstance(part, Leaf):  # also beside what is asked: who takes the neighbour away must see that it is alone
        told.append(bytes([ONE]) + part.key + part.value)
    elif isinstance(part, Omitted) or not keys:
        told.append(bytes([OMITTED]) + part.hash)
    else:
        told.append(bytes([TWO]))
        middle = bisect_left(keys, 1, key=lambda key: _bit(key, level))
        _show(part.left, level + 1, keys[:middle], told)
        _show(part.right, level + 1, keys[middle:], told)


def _read(proof: bytes, at: int, level: int, prefix: int) -> tuple[Part, int]:
    """Read the part that begins `at`, under the `prefix` of `level` bits; return it, and where it ends."""
    kind = proof[at] if at < len(proof) else None
    if kind == EMPTY:
        return None, at + 1
    if kind == ONE:
        end = at + 1 + 2 * HASH_BYTES
        key, value = proof[at + 1 : at + 1 + HASH_BYTES], proof[at + 1 + HASH_BYTES : end]
        if end > len(proof) or int.from_bytes(key, "big") >> (LEVELS_MAX - level) != prefix:
            raise ProofError("a key of the proof stands where it does not belong")
        return Leaf(key, value), end
    if kind == TWO and level < LEVELS_MAX:
        left, middle = _read(proof, at + 1, level + 1, prefix << 1)
        right, end = _read(proof, middle, level + 1, prefix << 1 | 1)
        if not isinstance(joined := _joined(left, right), Branch):
            raise ProofError("the proof divides what is one")
        return joined, end
    if kind == OMITTED and at + 1 + HASH_BYTES <= len(proof):
        return Omitted(proof[at + 1 : at + 1 + HASH_BYTES]), at + 1 + HASH_BYTES
    raise ProofError("the proof is too short, or is none")
