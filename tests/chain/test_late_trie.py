"""The tree that is laid out late has the root and the words of py-evm's own, and the nodes to prove them by."""

from __future__ import annotations

import pytest
import rlp
from eth.constants import BLANK_ROOT_HASH
from eth.vm.interrupt import MissingStorageTrieNode
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie
from trie.exceptions import MissingTrieNode

from ledger.embedded import node_codec
from ledger.embedded.accounts import Words
from ledger.embedded.late_trie import LateTrie
from tests.fault.extent import tried

# ways that part early, late, and after an odd number of digits
BEGINNINGS = [b"", b"\x00", b"\x00\x01", b"\x01" * 15, b"\x01" * 15 + b"\x10", b"\x01" * 31, b"\xff" * 30]
KEYS = st.builds(
    lambda begun, rest: (begun + rest)[:32], st.sampled_from(BEGINNINGS), st.binary(min_size=32, max_size=32)
)
WORDS = st.one_of(st.just(b""), st.binary(min_size=1, max_size=33))


@settings(max_examples=tried(200), deadline=None)
@given(data=st.data())
def test_it_is_the_tree_that_upstream_would_leave(data):
    keys = data.draw(st.lists(KEYS, min_size=1, max_size=24, unique=True))
    theirs, ours, root = HexaryTrie({}), {}, BLANK_ROOT_HASH
    for _ in range(data.draw(st.integers(1, 4))):
        tree = LateTrie(ours, root)
        for key, word in data.draw(st.lists(st.tuples(st.sampled_from(keys), WORDS), max_size=24)):
            if word:
                theirs[key] = tree[key] = word
            else:
                del theirs[key], tree[key]
            assert tree[key] == theirs[key]
            assert (key in tree) == (key in theirs)
        root = tree.root_hash
        assert root == theirs.root_hash
        # what is read later is read from the nodes alone, by upstream too
        for reader in (LateTrie(ours, root), HexaryTrie(ours, root)):
            assert [reader[key] for key in keys] == [theirs[key] for key in keys]


def test_a_word_that_was_written_and_not_laid_out_is_read():
    tree = LateTrie({}, BLANK_ROOT_HASH)
    tree[bytes(32)] = b"word"
    assert (tree[bytes(32)], tree[b"\x01" * 32]) == (b"word", b"")
    del tree[bytes(32)]
    assert tree.root_hash == BLANK_ROOT_HASH


def test_a_node_that_is_missing_is_no_word_of_zero():
    nodes = {}
    tree = LateTrie(nodes, BLANK_ROOT_HASH)
    for number in range(40):
        tree[keccak(bytes([number]))] = bytes([number + 1]) * 33
    root = tree.root_hash
    gone = next(key for key in nodes if key != root)
    del nodes[gone]
    with pytest.raises(MissingTrieNode):
        [LateTrie(nodes, root)[keccak(bytes([number]))] for number in range(40)]
    words = Words(nodes, root, bytes(20))
    with pytest.raises(MissingStorageTrieNode):
        [words[bytes([number])] for number in range(255)]


@settings(max_examples=tried(200), deadline=None)
@given(items=st.lists(st.binary(max_size=300), min_size=2, max_size=17))
def test_nodes_are_encoded_as_anybody_would(items):
    node = [*items, [b"\x21", b"short"]]
    assert node_codec.encode(node) == rlp.encode(node)
    assert node_codec.decode(rlp.encode(node)) == node


@settings(max_examples=tried(100), deadline=None)
@given(digits=st.text("0123456789abcdef", max_size=64), is_leaf=st.booleans())
def test_a_path_comes_back(digits, is_leaf):
    assert node_codec.digits(node_codec.path(digits, is_leaf=is_leaf)) == (digits, is_leaf)
