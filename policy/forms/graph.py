"""The one policy of a document, with every node it refers to put in its place.

A flat document lists its nodes side by side and names them; a policy is a tree. What several places refer to is put
into each of them. Blank nodes lose their names. What belongs to no rule of the policy and yet speaks of rules is
refused: a prohibition that nobody links would otherwise be lost in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from policy.errors import PolicyError
from policy.forms.json_text import MAX_DEPTH_LEVELS
from policy.forms.nodes import BLANK, UID, Node, Reader
from policy.forms.terms import ASSET_CLASSES, ASSETS, KEYS, PARTY_CLASSES, POLICY_CLASSES, RULE_CLASSES, Kind
from policy.forms.values import actions, items

MAX_TOP_NODES = 10_000
MAX_TREE_NODES = 20_000


def policy_tree(written: Sequence[object], reader: Reader) -> Node:
    """Make one tree of a document's nodes; PolicyError unless exactly one of them is a policy."""
    if len(written) > MAX_TOP_NODES:
        raise PolicyError("too-large", "", f"more than {MAX_TOP_NODES} nodes in a document")
    sources = [node for node in written if isinstance(node, Mapping)]
    if len(sources) != len(written) or not sources:
        raise PolicyError("bad-type", "", "a policy is an object")
    if len(sources) == 1:
        return _Embedding(reader.described).node(reader.node(sources[0], "", whole=True), 0, ())
    nodes = [reader.node(source, f"/{index}") for index, source in enumerate(sources)]
    chosen = _policy_among(nodes)
    others = [node for index, node in enumerate(nodes) if index != chosen]
    for node in others:
        reader.describe(node, "")
    embedding = _Embedding(reader.described)
    tree = embedding.node(reader.node(sources[chosen], f"/{chosen}", whole=True), 0, ())
    _check_left_over([node for node in others if node.get("@id") not in embedding.used])
    return tree


def _policy_among(nodes: Sequence[Node]) -> int:
    found = [index for index, node in enumerate(nodes) if _classes(node) & POLICY_CLASSES]
    found = found or [
        index for index, node in enumerate(nodes) if {"permission", "prohibition", "obligation"} & node.keys()
    ]
    if not found:
        raise PolicyError("missing", "", "no policy in the document", "give one node the class Set, Offer or Agreement")
    if len(found) > 1:
        raise PolicyError("duplicate", "", f"{len(found)} policies in one document", "put each into its own")
    return found[0]


def _classes(node: Node) -> set[object]:
    written = node.get("@type")
    return {item for item in (written if isinstance(written, list) else [written]) if isinstance(item, str)}


def _check_left_over(nodes: Sequence[Node]) -> None:
    for node in nodes:
        ruling = sorted(key for key in node if ":" not in key and not key.startswith("@"))
        if ruling or _classes(node) & RULE_CLASSES:
            what = f"`{ruling[0]}`" if ruling else "a rule"
            name = str(node.get("@id", "a node"))[:80]
            raise PolicyError(
                "misplaced", "", f"{what} of `{name}`, which the policy does not refer to", "link or remove it"
            )


class _Embedding:
    """Puts described nodes where they are referred to; `used` are the names of those that were."""

    def __init__(self, described: Mapping[str, Node]) -> None:
        self.described = described
        self.used: set[str] = set()
        self._nodes = 0

    def node(self, node: Node, depth: int, trail: tuple[str, ...]) -> Node:
        """Copy a node with everything below it in place."""
        self._nodes += 1
        if self._nodes > MAX_TREE_NODES or depth > MAX_DEPTH_LEVELS:
            limits = f"{MAX_TREE_NODES} nodes or {MAX_DEPTH_LEVELS} levels"
            raise PolicyError("too-large", "", f"a policy of more than {limits}")
        found: Node = {}
        for key, value in node.items():
            if key == "@id" and str(value).startswith(BLANK):
                continue
            if key == UID:
                found["@id"] = value
                continue
            placed = self._placed(key, value, depth + 1, trail)
            found[key] = actions(items(placed)) if key == "action" else placed
        return found

    def _placed(self, key: str, value: object, depth: int, trail: tuple[str, ...]) -> object:
        kind = KEYS.get(key)
        if kind not in {Kind.NODES, Kind.THING, Kind.ACTION}:
            return value
        if isinstance(value, list):
            return [self._placed(key, item, depth, trail) for item in value]
        if isinstance(value, dict):
            return _short(key, self.node(value, depth, trail))
        if not isinstance(value, str):
            return value
        if value in self.described:
            return _short(key, self._described(value, depth, trail))
        return {} if value.startswith(BLANK) and kind is not Kind.ACTION else value

    def _described(self, name: str, depth: int, trail: tuple[str, ...]) -> Node:
        if name in trail:
            raise PolicyError("contradiction", "", f"`{name[:80]}` lies within itself")
        self.used.add(name)
        return self.node(self.described[name], depth, (*trail, name))


def _short(key: str, node: Node) -> object:
    """Give the IRI of an action, a party or an asset instead of an object that says no more than that it is one."""
    if KEYS[key] is Kind.NODES or not isinstance(node.get("@id"), str) or not node.keys() <= {"@id", "@type"}:
        return node
    usual = frozenset({"Action"}) if key == "action" else ASSET_CLASSES if key in ASSETS else PARTY_CLASSES
    return node["@id"] if _classes(node) <= usual and not isinstance(node.get("@type"), list) else node
