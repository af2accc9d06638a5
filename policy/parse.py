"""Reading a policy: an ODRL document (Set, Offer, Agreement) becomes a Policy, or a PolicyError says why not.

What cannot be enforced is refused here, when the policy is written, by name and place: an unknown key, action,
operand, operator, profile or context never makes a policy wider than its author meant. Rulings where ODRL leaves a
choice: what is written on the policy (action, target, parties) holds for every rule, and a rule may repeat but not
change it, but a prohibition may name whom else it keeps out: an agreement with one buyer may still forbid a group. A
duty's mode is written, or follows from its terms.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy import inherit
from policy.constraint_reading import POLICY_USAGE, Census, read_conditions, read_terms
from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.model import Conflict, Constraint, Duty, DutyMode, Policy, PolicyKind, Rule, RuleKind
from policy.nodes import (
    DUTY_KEYS,
    PARTY_FUNCTIONS,
    PERMISSION_KEYS,
    POLICY_KEYS,
    PROHIBITION_KEYS,
    Node,
    as_text,
    read_node,
)
from policy.places import Place, read_actions, read_place
from policy.vocabulary.names import PROFILE, PROFILES, term_name
from policy.vocabulary.registered import COMMAND, REGISTERED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_RULES = 256
MAX_DUTIES = 64
MAX_CONSEQUENCE_LEVELS = 3

_KINDS_TEXT = f"write one of {', '.join(PolicyKind)}"
# kind -> (the keys it may have, the ODRL class it may name)
_SHAPES: Mapping[RuleKind, tuple[frozenset[str], str]] = {
    RuleKind.PERMISSION: (PERMISSION_KEYS, "Permission"),
    RuleKind.PROHIBITION: (PROHIBITION_KEYS, "Prohibition"),
    RuleKind.OBLIGATION: (DUTY_KEYS, "Duty"),
    RuleKind.DUTY: (DUTY_KEYS, "Duty"),
    RuleKind.REMEDY: (DUTY_KEYS, "Duty"),
    RuleKind.CONSEQUENCE: (DUTY_KEYS, "Duty"),
}
# `event` against `policyUsage` is how ODRL dates a duty
_DATED: Mapping[str, DutyMode] = {
    "lt": DutyMode.PRE,
    "lteq": DutyMode.PRE,
    "eq": DutyMode.ONGOING,
    "gt": DutyMode.POST,
    "gteq": DutyMode.POST,
}
_TERM_OF_TIME = frozenset({"delayPeriod", "elapsedTime"})


def parse(document: object, parents: Mapping[str, object] | None = None) -> Policy:
    """Read one policy document (decoded JSON in any form of JSON-LD); raises PolicyError and nothing else.

    `parents` holds the documents that `inheritFrom` may name, by their IRIs.
    """
    return _Reader(parents or {}).policy(compact(document), (), "")


class _Reader:
    """Reads one document; a parent is read by a reader of its own place in the chain."""

    def __init__(self, parents: Mapping[str, object]) -> None:
        self._parents = parents

    def policy(self, document: object, chain: tuple[str, ...], namespace: str) -> Policy:
        root = read_node(document, "", POLICY_KEYS, "policy", extensions=True)
        _check_frame(root)
        census = Census(namespace)
        policy = Policy(
            id=root.identifier(),
            kind=_kind(root),
            assigner=_party(root, "assigner", census),
            assignee=_party(root, "assignee", census),
            target=_party(root, "target", census),
            permissions=_rules(root, RuleKind.PERMISSION, census),
            prohibitions=_rules(root, RuleKind.PROHIBITION, census),
            obligations=_duties(root, RuleKind.OBLIGATION, census, root),
            conflict=_conflict(root),
        )
        for parent in inherit.read_parents(root, self._parents, (*chain, policy.id)):
            policy = inherit.merge(
                policy, self.policy(compact(parent.document), parent.chain, parent.namespace), parent
            )
        _check_whole(policy)
        return policy


def _check_frame(root: Node) -> None:
    for path, profile in root.items("profile"):
        if (name := as_text(profile, path)) not in PROFILES and name not in REGISTERED.profiles:
            hint = f"use {PROFILE} or none, or register it: `{COMMAND}`"
            raise PolicyError("unknown-profile", path, f"unknown profile `{name[:80]}`", hint)
    root.text("timestamp")


def _conflict(root: Node) -> Conflict:
    if not root.has("conflict"):
        return Conflict.INVALID
    written = root.term("conflict", "strategy")
    if written not in set(Conflict):
        hint = f"write one of {', '.join(Conflict)}"
        raise PolicyError("unknown-term", "/conflict", f"unknown conflict strategy `{written[:80]}`", hint)
    return Conflict(written)


def _kind(root: Node) -> PolicyKind:
    name = root.term("@type", "class") if root.has("@type") else PolicyKind.SET.value
    if name == "Policy":
        return PolicyKind.SET
    if name not in set(PolicyKind):
        raise PolicyError("unknown-term", "/@type", f"unknown policy class `{name[:80]}`", _KINDS_TEXT)
    return PolicyKind(name)


def _party(root: Node, key: str, census: Census) -> str | None:
    """Read a party or the target of the whole policy: one IRI."""
    place = _single(root, key, census)
    return place.names[0] if place.names else None


def _single(node: Node, key: str, census: Census) -> Place:
    place = read_place(node, key, RuleKind.PERMISSION, census)
    if len(place.names) > 1 or place.refinements:
        problem = f"several, refined or doubly named `{key}` where one is asked for"
        raise PolicyError("unsupported", node.below(key), problem, "write one name here, or say it in the rules")
    return place


def _node(value: object, path: str, kind: RuleKind) -> Node:
    keys, name = _SHAPES[kind]
    node = read_node(value, path, keys, kind.value)
    node.check_class(name)
    return node


def _rules(root: Node, kind: RuleKind, census: Census) -> tuple[Rule, ...]:
    return tuple(_rule(_node(value, path, kind), kind, census, root) for path, value in root.items(kind.value))


def _rule(node: Node, kind: RuleKind, census: Census, root: Node) -> Rule:
    name = census.enrol(node)
    actions = read_actions(node if node.has("action") else root, kind, census)
    targets, assignees = (_inherited(node, root, key, kind, census) for key in ("target", "assignee"))
    assigners = _inherited(node, root, "assigner", kind, census)
    constraints = read_conditions(node, "constraint", kind, census)
    refinements = actions.refinements + targets.refinements + assignees.refinements
    _check_counted(node, (*constraints, *refinements))
    return Rule(
        id=name,
        path=node.path,
        kind=kind,
        actions=actions.names,
        targets=targets.names,
        assignees=assignees.names,
        asset_collections=targets.collections,
        party_collections=assignees.collections,
        constraints=constraints,
        refinements=refinements,
        duties=_duties(node, RuleKind.DUTY, census, root),
        remedies=_duties(node, RuleKind.REMEDY, census, root),
        assigners=() if root.has("assigner") else assigners.names,
    )


def _inherited(node: Node, root: Node, key: str, kind: RuleKind, census: Census) -> Place:
    whole = read_place(root, key, kind, census)
    if not node.has(key):
        return whole
    own = read_place(node, key, kind, census)
    if key == "assignee" and kind is RuleKind.PROHIBITION:
        return _meant(own, whole)
    if whole.names and not set(own.names) <= set(whole.names):
        raise PolicyError("contradiction", node.below(key), f"`{key}` of the rule is not that of the policy")
    return _meant(own, whole)


def _meant(own: Place, whole: Place) -> Place:
    """Keep in mind which of a rule's own names the policy says to be a collection."""
    meant = [names for names in whole.collections if not names.isdisjoint(own.names)]
    return replace(own, collections=tuple(dict.fromkeys((*own.collections, *meant))))


def _check_counted(node: Node, conditions: tuple[object, ...]) -> None:
    lefts = {one.left for one in conditions if isinstance(one, Constraint)}
    if "unitOfCount" in lefts and "count" not in lefts:
        raise PolicyError("misplaced", node.path, "`unitOfCount` without `count`", "it says how a count is kept")


def _duties(node: Node, kind: RuleKind, census: Census, root: Node, level: int = 0) -> tuple[Duty, ...]:
    items = node.items(kind.value)
    if len(items) > MAX_DUTIES:
        raise PolicyError("too-large", node.below(kind.value), f"more than {MAX_DUTIES} duties in one place")
    if items and level > MAX_CONSEQUENCE_LEVELS:
        problem = f"consequences nested deeper than {MAX_CONSEQUENCE_LEVELS} levels"
        raise PolicyError("too-large", node.below(kind.value), problem)
    return tuple(_duty(_node(value, path, kind), kind, census, root, level) for path, value in items)


def _duty(node: Node, kind: RuleKind, census: Census, root: Node, level: int) -> Duty:
    name = census.enrol(node)
    action = read_actions(node, kind, census)
    if len(action.names) > 1:
        raise PolicyError("unsupported", node.below("action"), "several actions in one duty", "write a duty for each")
    constraints = read_terms(node, "constraint", kind, census) + _atoms(action)
    terms = tuple(term for term in constraints if POLICY_USAGE not in term.right)
    if any(term.left == "payAmount" for term in terms) and action.names != ("compensate",):
        problem = f"`payAmount` in a duty to {action.names[0]}"
        raise PolicyError("misplaced", node.path, problem, "it belongs to `compensate`")
    holder = node if node.has("assignee") or kind is not RuleKind.OBLIGATION else root
    assignee, target = _single(holder, "assignee", census), _single(node, "target", census)
    return Duty(
        id=name,
        path=node.path,
        kind=kind,
        action=action.names[0],
        terms=terms,
        mode=_mode(node, constraints),
        assignee=next(iter(assignee.names), None),
        target=next(iter(target.names), None),
        asset_collections=target.collections,
        party_collections=assignee.collections,
        parties=tuple(_parties(node)),
        consequences=_duties(node, RuleKind.CONSEQUENCE, census, root, level + 1),
    )


def _atoms(action: Place) -> tuple[Constraint, ...]:
    logical = [one for one in action.refinements if not isinstance(one, Constraint)]
    if logical:
        raise PolicyError("unsupported", logical[0].path, "a joint refinement in a duty", "write a duty for each")
    return tuple(one for one in action.refinements if isinstance(one, Constraint))


def _parties(node: Node) -> Iterator[tuple[str, str]]:
    for function in sorted(PARTY_FUNCTIONS & set(node.members)):
        for path, value in node.items(function):
            yield function, as_text(value, path)


def _mode(node: Node, terms: tuple[Constraint, ...]) -> DutyMode:
    if node.has("mode"):
        written = term_name(node.term("mode", "mode"))
        if written not in set(DutyMode):
            hint = f"write one of {', '.join(DutyMode)}"
            raise PolicyError("unknown-term", node.below("mode"), f"unknown mode `{written[:80]}`", hint)
        return DutyMode(written)
    dated = [_DATED[term.operator] for term in terms if POLICY_USAGE in term.right and term.operator in _DATED]
    if dated:
        return dated[0]
    return DutyMode.POST if any(term.left in _TERM_OF_TIME for term in terms) else DutyMode.PRE


def _check_whole(policy: Policy) -> None:
    rules = policy.permissions + policy.prohibitions
    if not rules and not policy.obligations:
        raise PolicyError("missing", "", "a policy without permission, prohibition and obligation")
    if len(rules) > MAX_RULES:
        raise PolicyError("too-large", "", f"more than {MAX_RULES} rules")
    if policy.kind is not PolicyKind.AGREEMENT:
        return
    for rule in policy.permissions:
        # an agreement that names nobody would permit everybody
        for key, names in (("target", rule.targets), ("assignee", rule.assignees)):
            if not names:
                raise PolicyError("missing", rule.path, f"an agreement's {rule.kind} without `{key}`")
