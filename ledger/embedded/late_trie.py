"""A program's words as a tree that is laid out when its root is asked: once a block, however many were written.

Law: the root and the nodes are those that py-evm's own tree would leave, for the shape of such a tree follows from what
it holds. What is written waits; taking a word out is done by py-evm's tree, after what was put in. The path to a word
is 64 hexadecimal digits, so no word lies on the way to another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth.constants import BLANK_ROOT_HASH
from eth_typing import Hash32
from trie.exceptions import MissingTrieNode
from trie.hexary import HexaryTrie

from contracts.keccak import keccak
from ledger.embedded import node_codec
from ledger.embedded.node_codec import BRANCHES, HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from ledger.embedded.node_codec import Node, Reference

    Items = list[tuple[str, bytes]]

BLANK = b""


class LateTrie:
    """The tree with a root over a database of nodes; what is asked of one is what py-evm asks of its own."""

    def __init__(self, nodes: MutableMapping[bytes, bytes], root: bytes) -> None:
        self._nodes = nodes
        self._root = root
        self._waiting: dict[bytes, bytes] = {}
        self._read: dict[bytes, Node] = {}

    def __getitem__(self, key: bytes) -> bytes:
        """Return a word, nothing where none is."""
        waiting = self._waiting.get(key)
        return self._word(key.hex()) if waiting is None else waiting

    def __contains__(self, key: bytes) -> bool:
        return self[key] != BLANK

    def __setitem__(self, key: bytes, word: bytes) -> None:
        self._waiting[key] = word

    def __delitem__(self, key: bytes) -> None:
        self._waiting[key] = BLANK

    @property
    def root_hash(self) -> bytes:
        """The root over all that was written."""
        if self._waiting:
            waiting, self._waiting = self._waiting, {}
            if put := sorted((key.hex(), word) for key, word in waiting.items() if word):
                self._root = self._keep(node_codec.encode(self._put(self._node(self._root), put, 0)))
            for key in sorted(key for key, word in waiting.items() if not word):
                tree: Any = HexaryTrie(self._nodes, self._root)
                del tree[key]
                self._root = tree.root_hash
        return self._root

    def _word(self, digits: str) -> bytes:
        node, at = self._node(self._root), 0
        while node is not None:
            if len(node) == BRANCHES:
                node, at = self._node(node[int(digits[at], 16)]), at + 1
                continue
            path, is_leaf = node_codec.digits(node[0])
            if not digits.startswith(path, at):
                break
            if is_leaf:
                return bytes(node[1])
            node, at = self._node(node[1]), at + len(path)
        return BLANK

    def _node(self, shown: Reference) -> Node | None:
        """Return the node that a reference shows; nobody changes it."""
        if isinstance(shown, list):
            return shown
        if shown in (BLANK, BLANK_ROOT_HASH):
            return None
        found = self._read.get(shown)
        if found is None:
            try:
                encoded = self._nodes[shown]
            except KeyError as error:
                # not as a key that is absent, which would read as a word of zero
                raise MissingTrieNode(Hash32(shown), Hash32(self._root), b"", None) from error
            found = self._read[shown] = node_codec.decode(encoded)
        return found

    def _put(self, node: Node | None, items: Items, at: int) -> Node:
        """Return a node with words put below it; `at` is how many digits lead to it."""
        if node is None:
            return self._made(items, at, {})
        if len(node) == BRANCHES:
            return self._filled(node, items, at)
        path, is_leaf = node_codec.digits(node[0])
        if is_leaf:
            key = items[0][0][:at] + path
            known = any(each == key for each, _ in items)
            return self._made(items if known else sorted([*items, (key, node[1])]), at, {})
        shared = _shared(path, items[0][0][at:], items[-1][0][at:])
        if shared == path:
            below = self._put(self._node(node[1]), items, at + len(path))
            return [node_codec.path(path, is_leaf=False), self._shown(below)]
        rest = path[len(shared) + 1 :]
        other = self._shown([node_codec.path(rest, is_leaf=False), node[1]]) if rest else node[1]
        return self._made(items, at, {int(path[len(shared)], 16): other}, shared)

    def _made(self, items: Items, at: int, others: Mapping[int, Reference], shared: str | None = None) -> Node:
        """Return a new node over words, and over what lies beside them behind the digits that all share."""
        if len(items) == 1 and not others:
            return [node_codec.path(items[0][0][at:], is_leaf=True), items[0][1]]
        if shared is None:
            shared = _shared(items[0][0][at:], items[-1][0][at:])
        filled = self._filled([others.get(number, BLANK) for number in range(BRANCHES)], items, at + len(shared))
        return [node_codec.path(shared, is_leaf=False), self._shown(filled)] if shared else filled

    def _filled(self, node: Node, items: Items, at: int) -> Node:
        """Return a branch with words put where the next digit of each leads."""
        branch, first = list(node), 0
        while first < len(items):
            digit, last = items[first][0][at], first + 1
            while last < len(items) and items[last][0][at] == digit:
                last += 1
            number = int(digit, 16)
            branch[number] = self._shown(self._put(self._node(branch[number]), items[first:last], at + 1))
            first = last
        return branch

    def _shown(self, node: Node) -> Reference:
        encoded = node_codec.encode(node)
        return node if len(encoded) < HASH_BYTES else self._keep(encoded)

    def _keep(self, encoded: bytes) -> bytes:
        digest = bytes(keccak(encoded))
        self._nodes[digest] = encoded
        return digest


def _shared(*paths: str) -> str:
    """Return the digits that paths begin with alike."""
    first, last = min(paths), max(paths)
    for at, digit in enumerate(first):
        if not last.startswith(digit, at):
            return first[:at]
    return first
