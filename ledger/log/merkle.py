"""The Merkle tree of RFC 9162 section 2.1: hashes, inclusion proofs, consistency proofs.

Law: a leaf is `SHA256(0x00 || entry)`, a node `SHA256(0x01 || left || right)`, the root of nothing `SHA256("")`; a
tree of n leaves splits at the largest power of two below n. Verification never trusts a length it was given: it walks
the bits of index and size, and a proof that is a hash too long or too short is refused.

Proving needs only the roots of a few spans of leaves, so it takes a `Span`, a function from (start, end) to the root
of leaves[start:end]; a list in memory, a shelf of tiles and a remote log all are one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
PROOF_LIMIT_HASHES = 63  # what C2SP tlog-witness allows; a tree of 2^63 leaves needs no more
EMPTY_ROOT = sha256(b"").digest()

Span = Callable[[int, int], bytes]


class ProofError(ValueError):
    """A proof does not show what it claims; the prover is at fault, or the caller asked beyond the tree."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of a log entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of two subtree roots."""
    return sha256(b"\x01" + left + right).digest()


def parents(hashes: bytes) -> bytes:
    """Return the joined roots of pairs of joined hashes, of which there is an even number."""
    pair = 2 * HASH_BYTES
    return b"".join([sha256(b"\x01" + hashes[at : at + pair]).digest() for at in range(0, len(hashes), pair)])


def split(count: int) -> int:
    """Return the largest power of two below `count` (count > 1)."""
    assert count > 1
    return 1 << (count - 1).bit_length() - 1


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf *hashes* (MTH of RFC 9162 section 2.1.1)."""
    tree = Compact()
    for leaf in leaves:
        tree = tree.append(leaf)
    return tree.root()


def perfect(leaves: Sequence[bytes]) -> bytes:
    """Return the root over 2^n leaf hashes: what `root` returns, several times faster."""
    assert leaves
    assert len(leaves).bit_count() == 1
    level = b"".join(leaves)
    while len(level) > HASH_BYTES:
        level = parents(level)
    return level


class Compact(NamedTuple):
    """A tree of which only the roots of its perfect subtrees are kept, largest first: enough to append and to close.

    Invariant: `len(peaks) == size.bit_count()`.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Compact:
        """Return the tree with one more leaf hash."""
        peaks, size = self.peaks, self.size
        while size & 1:
            leaf, peaks, size = node_hash(peaks[-1], leaf), peaks[:-1], size >> 1
        grown = Compact(self.size + 1, (*peaks, leaf))
        assert len(grown.peaks) == grown.size.bit_count()
        return grown

    def extended(self, leaves: Iterable[bytes]) -> Compact:
        """Return the tree with more leaf hashes: what `append` of each returns, in a third of the time."""
        peaks, size = list(self.peaks), self.size
        for leaf in leaves:
            value, height = leaf, size
            while height & 1:
                value, height = sha256(b"\x01" + peaks.pop() + value).digest(), height >> 1
            peaks.append(value)
            size += 1
        assert len(peaks) == size.bit_count()
        return Compact(size, tuple(peaks))

    def root(self) -> bytes:
        """Return the root of all leaves appended so far."""
        return fold(self.peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """Close the roots of perfect subtrees, largest first, into one root."""
    if not peaks:
        return EMPTY_ROOT
    value = peaks[-1]
    for peak in reversed(peaks[:-1]):
        value = node_hash(peak, value)
    return value


def inclusion_proof(span: Span, index: int, size: int) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree of `size` leaves, sibling first (section 2.1.3.1)."""
    if not 0 <= index < size:
        raise ProofError(f"no leaf `{index}` in a tree of `{size}`; ask for an index below the size")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(span(middle, end))
            end = middle
        else:
            path.append(span(start, middle))
            start = middle
    return path[::-1]


def consistency_proof(span: Span, old: int, size: int) -> list[bytes]:
    """Return the proof that the tree of `size` leaves begins with that of `old` leaves (section 2.1.4.1).

    It is empty for `old` 0 (any tree extends the empty one) and for `old == size`.
    """
    if not 0 <= old <= size:
        raise ProofError(f"a tree of `{size}` leaves cannot extend one of `{old}`; ask with the sizes in order")
    if old in {0, size}:
        return []
    proof: list[bytes] = []
    start, end = 0, size
    while end != old:
        middle = start + split(end - start)
        if old <= middle:
            proof.append(span(middle, end))
            end = middle
        else:
            proof.append(span(start, middle))
            start = middle
    if start:
        proof.append(span(start, end))
    return proof[::-1]


def prefix_proof(span: Span, old: int, size: int) -> list[bytes]:
    """Return a consistency proof that also shows the old root, for whoever holds another one: see `prefix_root`."""
    path = consistency_proof(span, old, size)
    return path if old & (old - 1) else [span(0, old), *path]


def prefix_root(old: int, size: int, root: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root of the first `old` leaves of the tree (size, root), as a `prefix_proof` shows it; ProofError."""
    if not 0 < old < size:
        raise ProofError(f"`{old}` leaves are no part of a tree of `{size}`")
    _check_hashes(proof)
    first, second = _both_roots(old, size, proof)
    if second != root:
        raise ProofError(f"the proof does not lead to the tree of `{size}` leaves")
    return first


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> None:
    """Raise `ProofError` unless `leaf` is leaf `index` of the tree (size, root) (section 2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofError(f"index `{index}` lies outside a tree of `{size}` leaves")
    _check_hashes(proof)
    place, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError(f"the inclusion proof of `{index}` has more hashes than the tree has levels")
        if place & 1 or place == last:
            value = node_hash(sibling, value)
            while not place & 1:
                place, last = place >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        place, last = place >> 1, last >> 1
    if last or value != expected_root:
        raise ProofError(f"entry `{index}` is not in the tree of `{size}` leaves with this root")


def verify_consistency(old: int, old_root: bytes, size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise `ProofError` unless the tree (size, new_root) extends (old, old_root) (section 2.1.4.2)."""
    if not 0 <= old <= size:
        raise ProofError(f"a tree of `{size}` leaves cannot extend one of `{old}`")
    _check_hashes(proof)
    if old in {0, size}:
        _verify_trivial(old, old_root, size, new_root, proof)
        return
    first, second = _both_roots(old, size, proof if old & (old - 1) else [old_root, *proof])
    if first != old_root or second != new_root:
        raise ProofError(f"the tree of `{size}` leaves does not extend the tree of `{old}` leaves")


def _verify_trivial(old: int, old_root: bytes, size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise ProofError(f"a proof from `{old}` to `{size}` leaves must be empty")
    if (old == 0 and old_root != EMPTY_ROOT) or (size == 0 and new_root != EMPTY_ROOT):
        raise ProofError("the root of an empty tree must be the hash of the empty string")
    if old == size and old_root != new_root:
        raise ProofError(f"two different roots for one size `{size}`: the log is forked")


def _both_roots(old: int, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Fold a consistency path into the old and the new root."""
    if not path:
        raise ProofError(f"an empty proof cannot lead from `{old}` to `{size}` leaves")
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError(f"the proof from `{old}` to `{size}` leaves has too many hashes")
        if place & 1 or place == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not place & 1:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError(f"the proof from `{old}` to `{size}` leaves has too few hashes")
    return first, second


def _check_hashes(proof: Sequence[bytes]) -> None:
    if len(proof) > PROOF_LIMIT_HASHES:
        raise ProofError(f"a proof of `{len(proof)}` hashes is over the limit of {PROOF_LIMIT_HASHES}")
    if any(len(value) != HASH_BYTES for value in proof):
        raise ProofError("every hash of a proof must be 32 bytes long")
