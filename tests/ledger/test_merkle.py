"""RFC 9162: known roots, all small trees, random large ones, and every mutation of a proof is refused."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle
from ledger.merkle import Compact, ProofError
from tests.ledger.spans import span_of

# the eight entries and roots published with the reference implementation of RFC 6962
ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves_of(count):
    return [merkle.leaf_hash(str(n).encode()) for n in range(count)]


def textbook_root(leaves):
    """The recursive definition of the RFC, word by word, as an oracle."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + textbook_root(leaves[:k]) + textbook_root(leaves[k:])).digest()


@pytest.mark.parametrize("height", range(9))
def test_a_perfect_subtree_has_the_root_of_the_recursive_definition(height):
    leaves = leaves_of(1 << height)
    assert merkle.perfect(leaves) == merkle.root(leaves) == textbook_root(leaves)


@pytest.mark.parametrize("count", [0, 3, 6])
def test_only_perfect_subtrees_are_perfect(count):
    with pytest.raises(AssertionError):
        merkle.perfect(leaves_of(count))


def textbook_subproof(m, leaves, known):
    """The RFC's SUBPROOF, word by word, as an oracle."""
    n = len(leaves)
    if m == n:
        return [] if known else [textbook_root(leaves)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*textbook_subproof(m, leaves[:k], known), textbook_root(leaves[k:])]
    return [*textbook_subproof(m - k, leaves[k:], False), textbook_root(leaves[:k])]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size):
    leaves = [merkle.leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES[:size]]
    assert merkle.root(leaves).hex() == ROOTS[size]


def test_all_pairs_up_to_forty():
    leaves = leaves_of(40)
    span = span_of(leaves)
    for size in range(1, 41):
        root = merkle.root(leaves[:size])
        assert root == textbook_root(leaves[:size])
        for index in range(size):
            path = merkle.inclusion_proof(span, index, size)
            merkle.verify_inclusion(leaves[index], index, size, path, root)
        for old in range(size + 1):
            proof = merkle.consistency_proof(span, old, size)
            if 0 < old < size:
                assert proof == textbook_subproof(old, leaves[:size], True)
            merkle.verify_consistency(old, merkle.root(leaves[:old]), size, root, proof)


def mutations(draw, proof):
    """Every kind of lie about a list of hashes: a bit, a lost, an added, a swapped one."""
    kind = draw(st.sampled_from(["bit", "drop", "add", "swap"] if proof else ["add"]))
    at = draw(st.integers(0, max(0, len(proof) - 1)))
    bad = list(proof)
    if kind == "bit":
        bad[at] = bytes([bad[at][0] ^ 1 << draw(st.integers(0, 7))]) + bad[at][1:]
    elif kind == "drop":
        del bad[at]
    elif kind == "add":
        bad.insert(draw(st.integers(0, len(bad))), draw(st.binary(min_size=32, max_size=32)))
    else:
        bad[at], bad[0] = bad[0], bad[at]
    return bad


@given(st.data(), st.integers(1, 1000))
def test_inclusion_and_its_mutations(data, size):
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    root = merkle.root(leaves)
    path = merkle.inclusion_proof(span_of(leaves), index, size)
    merkle.verify_inclusion(leaves[index], index, size, path, root)
    bad = mutations(data.draw, path)
    if bad != path:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(leaves[index], index, size, bad, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index)) if size > 1 else size
    with pytest.raises(ProofError):
        merkle.verify_inclusion(leaves[index], other, size, path, root)


@given(st.data(), st.integers(2, 1000))
def test_consistency_and_its_mutations(data, size):
    leaves = leaves_of(size)
    old = data.draw(st.integers(1, size - 1))
    first, second = merkle.root(leaves[:old]), merkle.root(leaves)
    proof = merkle.consistency_proof(span_of(leaves), old, size)
    merkle.verify_consistency(old, first, size, second, proof)
    bad = mutations(data.draw, proof)
    if bad != proof:
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, first, size, second, bad)
    changed = data.draw(st.integers(0, old - 1))
    forged = [*leaves[:changed], merkle.leaf_hash(b"forged"), *leaves[changed + 1 :]]
    rebuilt = merkle.consistency_proof(span_of(forged), old, size)
    with pytest.raises(ProofError):
        merkle.verify_consistency(old, first, size, merkle.root(forged), rebuilt)


def test_trivial_consistency():
    root = merkle.root(leaves_of(3))
    merkle.verify_consistency(0, merkle.EMPTY_ROOT, 3, root, [])
    merkle.verify_consistency(0, merkle.EMPTY_ROOT, 0, merkle.EMPTY_ROOT, [])
    for old, old_root, size, new_root, proof in [
        (3, root, 3, merkle.EMPTY_ROOT, []),
        (3, root, 3, root, [root]),
        (0, root, 3, root, []),
        (0, merkle.EMPTY_ROOT, 0, root, []),
        (4, root, 3, root, []),
        (2, root, 3, root, [b"short"]),
        (2, root, 3, root, [root] * 64),
    ]:
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, old_root, size, new_root, proof)


def test_proofs_beyond_the_tree_are_refused():
    span = span_of(leaves_of(3))
    for call in (lambda: merkle.inclusion_proof(span, 3, 3), lambda: merkle.consistency_proof(span, 4, 3)):
        with pytest.raises(ProofError):
            call()


def test_compact_tree_equals_the_whole_one():
    tree, leaves = Compact(), leaves_of(300)
    for size, leaf in enumerate(leaves):
        if random.Random(size).random() < 0.2:
            assert tree.root() == textbook_root(leaves[:size])
        tree = tree.append(leaf)
    assert tree.size == 300
    assert len(tree.peaks) == 4
