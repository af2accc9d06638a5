"""Reading where a rule applies: its actions, its targets, its parties, each with the refinements that narrow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.constraint_reading import Census, read_conditions
from policy.errors import PolicyError
from policy.nodes import ACTION_KEYS, PLACE_KEYS, Node, as_text, read_node
from policy.vocabulary.actions import ACTIONS, REFUSED_ACTIONS
from policy.vocabulary.names import action_name

if TYPE_CHECKING:
    from policy.model import Condition, RuleKind

_CLASSES: Mapping[str, tuple[str, ...]] = {
    "target": ("Asset", "AssetCollection"),
    "assignee": ("Party", "PartyCollection"),
    "assigner": ("Party", "PartyCollection"),
}
COLLECTIONS = frozenset({"AssetCollection", "PartyCollection"})


@dataclass(frozen=True, slots=True)
class Place:
    """The names a rule gives for its actions, targets or parties, and what narrows them.

    `collections` has the names of each that is said to be a collection; who is in one may be unknown.
    """

    names: tuple[str, ...] = ()
    refinements: tuple[Condition, ...] = ()
    collections: tuple[frozenset[str], ...] = ()


def read_actions(node: Node, kind: RuleKind, census: Census) -> Place:
    """Read one or several actions by their canonical names; PolicyError for one that nobody knows."""
    path = node.below("action")
    places = [_action(item, path, kind, census) for _where, item in node.items("action")]
    if not places:
        raise PolicyError("missing", node.path, "no `action`", "name the action")
    return _joined(places, path)


def read_place(node: Node, key: str, kind: RuleKind, census: Census) -> Place:
    """Read `target`, `assignee` or `assigner`: IRIs, collections, or one collection (`source`) that is narrowed.

    A collection has one name or two, `uid` and `source`; what is known under either is known of it.
    """
    path = node.below(key)
    return _joined([_place(item, path, key, kind, census) for _where, item in node.items(key)], path)


def _joined(places: list[Place], path: str) -> Place:
    if len(places) > 1 and any(place.refinements for place in places):
        raise PolicyError("unsupported", path, "a refinement beside other alternatives", "write a rule for each")
    names = tuple(dict.fromkeys(name for place in places for name in place.names))
    collections = tuple(dict.fromkeys(found for place in places for found in place.collections))
    return Place(names, places[0].refinements if len(places) == 1 else (), collections)


def _action(value: object, path: str, kind: RuleKind, census: Census) -> Place:
    refinements: tuple[Condition, ...] = ()
    if isinstance(value, Mapping):
        node = read_node(value, path, ACTION_KEYS, "action")
        value = node.text("value") or node.identifier()
        if node.has("value") and node.identifier():
            problem = f"an action named both `{as_text(value, path)[:80]}` and `{node.identifier()[:80]}`"
            raise PolicyError("contradiction", path, problem, "write its name once, as `rdf:value`")
        refinements = read_conditions(node, "refinement", kind, census)
    name = action_name(as_text(value, path))
    if name in REFUSED_ACTIONS:
        raise PolicyError("unsupported", path, f"the action `{name}` is not supported", REFUSED_ACTIONS[name])
    if name not in ACTIONS:
        hint = "docs/policy.md lists the actions"
        raise PolicyError("unknown-term", path, f"unknown action `{name[:80]}`", hint)
    return Place((name,), refinements)


def _place(value: object, path: str, key: str, kind: RuleKind, census: Census) -> Place:
    if not isinstance(value, Mapping):
        return Place((as_text(value, path),))
    node = read_node(value, path, PLACE_KEYS, key)
    node.check_class(*_CLASSES[key])
    source, own = node.text("source"), node.identifier()
    if not (source or own):
        raise PolicyError("missing", path, f"the `{key}` has neither `source` nor `uid`", "name what is narrowed")
    refinements = read_conditions(node, "refinement", kind, census)
    if refinements and own:
        problem = f"the refined `{key}` has a name of its own, `{own[:80]}`"  # ODRL 2.2, sections 2.2.3 and 2.3.3
        raise PolicyError("unsupported", path, problem, "name the collection that is narrowed, by `source` alone")
    names = tuple(dict.fromkeys(filter(None, (own, source))))
    is_collection = bool(source) or (node.has("@type") and node.term("@type", "class") in COLLECTIONS)
    return Place(names, refinements, (frozenset(names),) if is_collection else ())
