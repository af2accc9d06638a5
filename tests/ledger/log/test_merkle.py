"""RFC 9162: known roots, all small trees, random large ones, and every mutation of a proof is refused."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.log import merkle
from ledger.log.merkle import Compact, ProofError
from tests.every import every
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


@every("height", range(9))
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


@every("size", range(9))
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


# ---- why a proof is none ------------------------------------------------------------------------------------------
SEVEN = leaves_of(7)
ROOT, FOUR = merkle.root(SEVEN), merkle.root(SEVEN[:4])
OTHER = b"\x07" * 32


def path_of(index, size=7):
    return merkle.inclusion_proof(span_of(SEVEN), index, size)


def proof_of(old, size=7):
    return merkle.consistency_proof(span_of(SEVEN), old, size)


@every(
    ("index", "size", "path", "why"),
    [
        (-1, 7, path_of(6), "index `-1` lies outside a tree of `7` leaves"),
        (7, 7, path_of(6), "index `7` lies outside a tree of `7` leaves"),
        (0, 0, [], "index `0` lies outside a tree of `0` leaves"),
        (6, 7, [*path_of(6), OTHER], "the inclusion proof of `6` has more hashes than the tree has levels"),
        (0, 1, [OTHER], "the inclusion proof of `0` has more hashes than the tree has levels"),
        (6, 7, path_of(6)[:-1], "entry `6` is not in the tree of `7` leaves with this root"),
        (5, 7, path_of(6), "entry `5` is not in the tree of `7` leaves with this root"),
        (6, 7, [b"short"], "every hash of a proof must be 32 bytes long"),
        (6, 7, [OTHER, bytes(33)], "every hash of a proof must be 32 bytes long"),
        (6, 7, [OTHER] * 64, "a proof of `64` hashes is over the limit of 63"),
    ],
)
def test_why_an_entry_is_not_shown(index, size, path, why):
    with pytest.raises(ProofError) as refused:
        merkle.verify_inclusion(SEVEN[6], index, size, path, ROOT)
    assert str(refused.value) == why


@every(
    ("old", "old_root", "size", "root", "proof", "why"),
    [
        (-1, OTHER, 7, ROOT, [], "a tree of `7` leaves cannot extend one of `-1`"),
        (8, OTHER, 7, ROOT, [], "a tree of `7` leaves cannot extend one of `8`"),
        (0, merkle.EMPTY_ROOT, 7, ROOT, [OTHER], "a proof from `0` to `7` leaves must be empty"),
        (7, ROOT, 7, ROOT, [OTHER], "a proof from `7` to `7` leaves must be empty"),
        (0, OTHER, 7, ROOT, [], "the root of an empty tree must be the hash of the empty string"),
        (0, OTHER, 0, merkle.EMPTY_ROOT, [], "the root of an empty tree must be the hash of the empty string"),
        (0, merkle.EMPTY_ROOT, 0, OTHER, [], "the root of an empty tree must be the hash of the empty string"),
        (7, ROOT, 7, OTHER, [], "two different roots for one size `7`: the log is forked"),
        (3, OTHER, 7, ROOT, [], "an empty proof cannot lead from `3` to `7` leaves"),
        (4, FOUR, 7, ROOT, [], "the proof from `4` to `7` leaves has too few hashes"),
        (3, OTHER, 7, ROOT, proof_of(3)[:-1], "the proof from `3` to `7` leaves has too few hashes"),
        (3, OTHER, 7, ROOT, [*proof_of(3), OTHER], "the proof from `3` to `7` leaves has too many hashes"),
        (3, OTHER, 7, ROOT, proof_of(3), "the tree of `7` leaves does not extend the tree of `3` leaves"),
        (4, OTHER, 7, ROOT, proof_of(4), "the tree of `7` leaves does not extend the tree of `4` leaves"),
        (4, FOUR, 7, OTHER, proof_of(4), "the tree of `7` leaves does not extend the tree of `4` leaves"),
        (4, FOUR, 7, ROOT, [b"short"], "every hash of a proof must be 32 bytes long"),
        (4, FOUR, 7, ROOT, [OTHER] * 64, "a proof of `64` hashes is over the limit of 63"),
    ],
)
def test_why_a_tree_does_not_extend_another(old, old_root, size, root, proof, why):
    with pytest.raises(ProofError) as refused:
        merkle.verify_consistency(old, old_root, size, root, proof)
    assert str(refused.value) == why


@every(
    ("old", "size", "root", "proof", "why"),
    [
        (0, 7, ROOT, [OTHER], "`0` leaves are no part of a tree of `7`"),
        (-1, 7, ROOT, [OTHER], "`-1` leaves are no part of a tree of `7`"),
        (7, 7, ROOT, [ROOT], "`7` leaves are no part of a tree of `7`"),
        (8, 7, ROOT, [ROOT], "`8` leaves are no part of a tree of `7`"),
        (3, 7, ROOT, [], "an empty proof cannot lead from `3` to `7` leaves"),
        (4, 7, ROOT, [], "an empty proof cannot lead from `4` to `7` leaves"),
        (3, 7, ROOT, [*proof_of(3), OTHER], "the proof from `3` to `7` leaves has too many hashes"),
        (3, 7, OTHER, proof_of(3), "the proof does not lead to the tree of `7` leaves"),
        (3, 7, ROOT, [b"short"], "every hash of a proof must be 32 bytes long"),
        (3, 7, ROOT, [OTHER] * 64, "a proof of `64` hashes is over the limit of 63"),
    ],
)
def test_why_no_root_of_a_prefix_is_shown(old, size, root, proof, why):
    with pytest.raises(ProofError) as refused:
        merkle.prefix_root(old, size, root, proof)
    assert str(refused.value) == why


def test_one_leaf_is_a_prefix():
    proof = merkle.prefix_proof(span_of(SEVEN), 1, 7)
    assert proof == [SEVEN[0], *proof_of(1)]
    assert merkle.prefix_root(1, 7, ROOT, proof) == SEVEN[0]


def test_the_largest_tree_is_proven_with_the_most_hashes():
    """2^63 leaves: from the first of them to the root there are 63 levels."""
    siblings = [bytes([height]) * 32 for height in range(63)]
    root = SEVEN[0]
    for sibling in siblings:
        root = merkle.node_hash(root, sibling)
    merkle.verify_inclusion(SEVEN[0], 0, 1 << 63, siblings, root)
    merkle.verify_consistency(1, SEVEN[0], 1 << 63, root, siblings)
    assert merkle.prefix_root(2, 1 << 63, root, [merkle.node_hash(SEVEN[0], siblings[0]), *siblings[1:]])


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda: path_of(3, 3), "no leaf `3` in a tree of `3`; ask for an index below the size"),
        (lambda: path_of(-1, 3), "no leaf `-1` in a tree of `3`; ask for an index below the size"),
        (lambda: path_of(0, 0), "no leaf `0` in a tree of `0`; ask for an index below the size"),
        (lambda: proof_of(4, 3), "a tree of `3` leaves cannot extend one of `4`; ask with the sizes in order"),
        (lambda: proof_of(-1, 3), "a tree of `3` leaves cannot extend one of `-1`; ask with the sizes in order"),
    ],
)
def test_proofs_beyond_the_tree_are_refused(ask, why):
    with pytest.raises(ProofError) as refused:
        ask()
    assert str(refused.value) == why


def test_a_tree_of_nothing_and_a_tree_of_itself_need_no_proof():
    assert proof_of(0) == proof_of(7) == proof_of(0, 0) == path_of(0, 1) == []


@every(("count", "power"), [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), (1 << 40, 1 << 39)])
def test_a_tree_splits_at_the_largest_power_of_two_below_its_size(count, power):
    assert merkle.split(count) == power


def test_pairs_of_hashes_have_parents():
    assert merkle.parents(b"") == b""
    assert merkle.parents(b"".join(SEVEN[:4])) == merkle.node_hash(*SEVEN[:2]) + merkle.node_hash(*SEVEN[2:4])


def test_compact_tree_equals_the_whole_one():
    tree, leaves = Compact(), leaves_of(300)
    for size, leaf in enumerate(leaves):
        if random.Random(size).random() < 0.2:
            assert tree.root() == textbook_root(leaves[:size])
        tree = tree.append(leaf)
    assert tree.size == 300
    assert len(tree.peaks) == 4


@every(("size", "more"), [(0, 0), (0, 1), (1, 0), (1, 1), (7, 9), (8, 8), (255, 2), (256, 300), (511, 1)])
def test_a_tree_takes_many_leaves_as_it_takes_each(size, more):
    leaves = leaves_of(size + more)
    tree = Compact()
    for leaf in leaves[:size]:
        tree = tree.append(leaf)
    grown = tree
    for leaf in leaves[size:]:
        grown = grown.append(leaf)
    assert tree.extended(leaves[size:]) == grown


# ---- a proof and a size that do not belong together ---------------------------------------------------------------
SIZES = range(1, 18)


def levels(index, size):
    """How many hashes lead from a leaf to the root, by the recursive definition."""
    if size == 1:
        return 0
    k = 1 << (size - 1).bit_length() - 1
    return 1 + (levels(index, k) if index < k else levels(index - k, size - k))


def accepted(check, *said):
    try:
        check(*said)
    except ProofError:
        return False
    return True


def test_a_path_is_as_long_as_the_tree_is_deep_whatever_size_is_told():
    """A root says nothing of its size; so a path of another length than (index, size) has is a path of another tree."""
    leaves = leaves_of(SIZES[-1])
    span = span_of(leaves)
    for size in SIZES:
        root = merkle.root(leaves[:size])
        for index in range(size):
            path = merkle.inclusion_proof(span, index, size)
            for told in SIZES:
                for place in range(told):
                    if accepted(merkle.verify_inclusion, leaves[index], place, told, path, root):
                        assert len(path) == levels(place, told), (index, size, place, told)


def pairs(leaves):
    """Each (old, size) with the number of hashes of its proof."""
    return {(old, size): len(textbook_subproof(old, leaves[:size], True)) for size in SIZES for old in range(1, size)}


def test_a_consistency_proof_is_as_long_as_the_sizes_it_is_told_for_need():
    leaves = leaves_of(SIZES[-1])
    span, lengths = span_of(leaves), pairs(leaves)
    for old, size in lengths:
        first, second = merkle.root(leaves[:old]), merkle.root(leaves[:size])
        proof = merkle.consistency_proof(span, old, size)
        for told, length in lengths.items():
            if accepted(merkle.verify_consistency, told[0], first, told[1], second, proof):
                assert len(proof) == length, (old, size, told)


def test_a_prefix_is_shown_by_a_proof_as_long_as_its_sizes_need():
    leaves = leaves_of(SIZES[-1])
    span, lengths = span_of(leaves), pairs(leaves)
    for old, size in lengths:
        proof, second = merkle.prefix_proof(span, old, size), merkle.root(leaves[:size])
        assert merkle.prefix_root(old, size, second, proof) == merkle.root(leaves[:old])
        for told, length in lengths.items():
            if accepted(merkle.prefix_root, *told, second, proof):
                assert len(proof) == length + (not told[0] & (told[0] - 1)), (old, size, told)


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


# ---- lies about large trees ---------------------------------------------------------------------------------------
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
