"""Any JSON-LD form of a policy becomes the compact tree that the parser reads: the same policy, the same tree.

The one form: keys of ODRL and classes by their local names, `@id` for a node's name, rules and constraints always in
lists, everything else alone when there is one of it, names of other vocabularies as whole IRIs, numbers as numbers.
A tree that is so already is given back as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.forms.graph import policy_tree
from policy.forms.names import Names
from policy.forms.nodes import Reader
from policy.forms.settled import is_settled
from policy.forms.terms import CONTEXTS
from policy.forms.values import items
from policy.vocabulary import catenax

if TYPE_CHECKING:
    from collections.abc import Sequence

# contexts that name nothing beside what has its name here anyway
UNNAMED = CONTEXTS - catenax.CONTEXTS


def compact(tree: object) -> Mapping[str, object]:
    """Bring decoded JSON-LD to the one form; PolicyError when it is not one policy or its context is unknown."""
    if isinstance(tree, Mapping) and is_settled(tree):
        return tree
    if isinstance(tree, list) and len(tree) == 1:
        tree = tree[0]
    if not isinstance(tree, Mapping):
        return policy_tree(tree if isinstance(tree, list) else [tree], Reader(Names()))
    if "@context" not in tree:
        return policy_tree(_top_nodes(tree), Reader(Names()))
    context = tree["@context"]
    rest = {key: value for key, value in tree.items() if key != "@context"}
    names = Names.of(context)
    if _names_nothing(context) and is_settled(rest):
        return rest
    return policy_tree(_top_nodes(rest), Reader(names))


def _names_nothing(context: object) -> bool:
    return all(
        isinstance(item, str) and item in UNNAMED for item in (context if isinstance(context, list) else [context])
    )


def _top_nodes(tree: Mapping[object, object]) -> Sequence[object]:
    if "@graph" not in tree:
        return [tree]
    if len(tree) > 1:
        raise PolicyError("misplaced", "/@graph", "a graph with a name or members of its own", "write the nodes alone")
    return items(tree["@graph"])
