"""An ODRL policy, said in plain strategies: as much of it as the plain fields hold, and never more than it permits.

Law:

1. A rule is a strategy for each of its targets and assignees; a strategy names its product and its provider.
2. What the plain fields cannot hold is left out, and marked by `expansionItem` where a reader who does not know our
   expansion errs to caution: a permission gets one more constraint (which that reader cannot show to hold), a
   prohibition or obligation one more action (something else not to be done, or to be done).
3. An action without a name in the dictionary is written as the actions below it that have one, and `expansionItem` for
   the rest; a permission leaves out those that a prohibition of the policy covers. An obligation gets `expansionItem`
   alone, since doing any one of the actions below would have fulfilled it.
4. What is counted is counted over the whole rule. Where each strategy covers less than that (law 1 and 3), its reader
   counts too little: a permission that counts is marked, and of a prohibition the count is left out.
5. A remedy is owed before any further use, so it marks every permission, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policy.errors import PolicyError
from policy.model import Constraint as Atom
from policy.model import DutyMode, RuleKind
from policy.nodes import MAX_TEXT_CHARS
from policy.tc609.codes import ACTION_KNOWN, ACTIONS, CONSTRAINT_KNOWN, EXPANSION, LISTED, VALUE_CODES
from policy.tc609.express import CURRENCY, NAMES
from policy.tc609.strategy import MAX_STRATEGIES, Constraint, Named, Scalar, Strategy, Value
from policy.vocabulary.actions import actions_within
from policy.vocabulary.operands import OPERANDS, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model import Condition, Duty, Policy, Rule

Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Said:
    """What a rule or obligation says, as far as strategies can; `narrowed` when it says more."""

    kind: RuleKind
    path: str
    actions: tuple[str, ...]
    products: tuple[str, ...]
    consumers: tuple[str, ...]
    conditions: tuple[Condition, ...]
    narrowed: bool


def project(policy: Policy, tree: Tree, digest: str) -> tuple[Strategy, ...]:
    """Return the plain strategies of a policy and the tree it was read from.

    `digest` names the policy in the marks of its permissions. PolicyError for a policy that has a rule without product
    or provider.
    """
    forbidden = frozenset(each for rule in policy.prohibitions for act in rule.actions for each in actions_within(act))
    strategies: list[Strategy] = []
    for said in _all_said(policy):
        strategies += _strategies(said, tree, forbidden, digest)
        if len(strategies) > MAX_STRATEGIES:
            hint = "a rule becomes one for each of its targets and assignees"
            raise PolicyError("too-large", said.path, f"more than {MAX_STRATEGIES} strategies", hint)
    return tuple(strategies)


def at(tree: Tree, path: str) -> Any:
    """Return the node at a JSON pointer that the parser gave."""
    node: Any = tree
    for step in path.split("/")[1:]:
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node


def _all_said(policy: Policy) -> Iterator[_Said]:
    remedied = any(rule.remedies for rule in policy.prohibitions)
    for rule in policy.permissions:
        yield _said_by_rule(rule, narrowed=remedied or bool(rule.duties))
    for rule in policy.prohibitions:
        yield _said_by_rule(rule, narrowed=bool(rule.remedies))
    for duty in policy.obligations:
        yield _said_by_duty(duty, policy)


def _said_by_rule(rule: Rule, *, narrowed: bool) -> _Said:
    # a plain name is one party or asset; who is in a collection is more than it can say
    narrowed = narrowed or bool(rule.refinements or rule.asset_collections or rule.party_collections)
    return _Said(rule.kind, rule.path, rule.actions, rule.targets, rule.assignees, rule.constraints, narrowed)


def _said_by_duty(duty: Duty, policy: Policy) -> _Said:
    product = duty.target or policy.target
    narrowed = bool(duty.consequences or duty.parties) or duty.mode is not DutyMode.PRE
    return _Said(duty.kind, duty.path, (duty.action,), _some(product), _some(duty.assignee), duty.terms, narrowed)


def _some(identifier: str | None) -> tuple[str, ...]:
    return () if identifier is None else (identifier,)


def _strategies(said: _Said, tree: Tree, forbidden: frozenset[str], digest: str) -> list[Strategy]:
    rule = at(tree, said.path)
    provider = rule.get("assigner", tree.get("assigner"))
    if not isinstance(provider, str):
        raise PolicyError("missing", said.path, "no `assigner`", "a strategy names its provider: write its IRI")
    if not said.products:
        raise PolicyError("missing", said.path, "no `target`", "a strategy names its data product: write `target`")
    counted = [each for each in said.conditions if _covers_less(said) and _counts(each)]
    left_out = counted if said.kind is RuleKind.PROHIBITION else []
    told = [None if each in left_out else _constraint(each, said.path, tree) for each in said.conditions]
    constraints = tuple(each for each in told if each is not None)
    all_told = len(constraints) == len(said.conditions) == len(rule.get("constraint", []))
    marked = bool(counted or said.narrowed or not all_told or "inheritFrom" in tree)
    actions = _actions(said, forbidden)
    if marked and said.kind is RuleKind.PERMISSION:
        constraints = (*constraints, Constraint(EXPANSION, "eq", digest))
    elif marked:
        actions = (*actions, EXPANSION)
    actions = tuple(dict.fromkeys(actions))
    return [
        Strategy(said.kind, said.path, _named(tree, product), _named(tree, provider), consumer, actions, constraints)
        for product in said.products
        for consumer in [_named(tree, each) for each in said.consumers] or (None,)
    ]


def _covers_less(said: _Said) -> bool:
    """Whether no single strategy covers all that the rule does."""
    several = len(said.products) > 1 or len(said.consumers) > 1
    return several or any(action not in ACTION_KNOWN for action in said.actions)


def _counts(condition: Condition) -> bool:
    return isinstance(condition, Atom) and OPERANDS[condition.left].state is not State.NONE


def _actions(said: _Said, forbidden: frozenset[str]) -> tuple[str, ...]:
    """Name the actions of a rule in words of the dictionary, in their order."""
    found: list[str] = []
    for action in said.actions:
        if action in ACTION_KNOWN:
            found.append(ACTION_KNOWN[action].wire)
            continue
        below = frozenset() if said.kind is RuleKind.OBLIGATION else actions_within(action)
        meant = below - forbidden if said.kind is RuleKind.PERMISSION else below
        found += [*(row.wire for row in ACTIONS if row.odrl in meant), EXPANSION]
    return tuple(found)


def _constraint(condition: Condition, rule: str, tree: Tree) -> Constraint | None:
    """Say one constraint of a rule in words of the dictionary; None when it has none for it."""
    row = CONSTRAINT_KNOWN.get(condition.left) if isinstance(condition, Atom) else None
    if row is None or not isinstance(condition, Atom) or not condition.path.startswith(f"{rule}/constraint/"):
        return None
    value = _value(row.wire, at(tree, condition.path)["rightOperand"])
    if row.wire == "payAmount":
        value = _amount(value, condition.unit)
    elif condition.unit:
        return None
    return None if value is None else Constraint(row.wire, condition.operator, value)


def _value(name: str, written: object) -> Value | None:
    if isinstance(written, list):
        items = [_scalar(name, item) for item in written]
        found = tuple(item for item in items if item is not None)
        return found if len(found) == len(items) else None
    one = _scalar(name, written)
    return (one,) if name in LISTED and one is not None else one


def _scalar(name: str, written: object) -> Scalar | None:
    if isinstance(written, Mapping):
        written = written.get("@value", written.get("@id"))
    if name in VALUE_CODES:
        return next((row.code for row in VALUE_CODES[name] if written in (row.code, row.name)), None)
    if isinstance(written, int | float) and not isinstance(written, bool):
        return written
    return written if isinstance(written, str) and 1 <= len(written) <= MAX_TEXT_CHARS else None


def _amount(value: Value | None, unit: str) -> Value | None:
    """Write an amount with its currency, which the dictionary has no field for; yuan go without saying."""
    if value is None or isinstance(value, tuple) or re.search(r"\s", f"{value}{unit}"):
        return None
    return value if unit == CURRENCY else f"{value} {unit}"


def _named(tree: Tree, identifier: str) -> Named:
    names = tree.get(NAMES)
    name = names.get(identifier) if isinstance(names, Mapping) else None
    return Named(identifier, name if isinstance(name, str) and len(name) <= MAX_TEXT_CHARS else "")
