"""Leaf hashes that came in pieces make every root and every proof that the whole list makes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.log import merkle
from ledger.log.leaves import Leaves
from ledger.log.tree import Tree
from tests.ledger.spans import span_of

SIZE_MAX = 70_000  # past the second tile level, where a third hash begins


@given(st.lists(st.integers(0, 600), max_size=6), st.data())
def test_however_the_leaves_come_the_tree_is_the_same(pieces, data):
    leaves, held = [merkle.leaf_hash(n.to_bytes(4)) for n in range(sum(pieces))], Leaves()
    at = 0
    for count in pieces:
        held.extend(b"".join(leaves[at : at + count]))
        at += count
    tree = Tree(held)
    assert tree.size == len(leaves)
    assert tree.root() == merkle.root(leaves)
    old = data.draw(st.integers(0, len(leaves)))
    assert tree.root(old) == merkle.root(leaves[:old])
    assert tree.consistency(old) == merkle.consistency_proof(span_of(leaves), old, len(leaves))


def test_a_tree_of_three_levels_is_the_same():
    leaves = [merkle.leaf_hash(n.to_bytes(4)) for n in range(SIZE_MAX)]
    held = Leaves()
    held.extend(b"".join(leaves))
    assert Tree(held).root() == merkle.root(leaves)
    assert Tree(held).root(SIZE_MAX - 1) == merkle.root(leaves[:-1])
