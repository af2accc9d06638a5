"""Writing a policy: a Policy becomes an ODRL document that reads as the same policy again.

Ids that are only places are left out, since the places may be others now; refinements are written as constraints,
which is how they are asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model import Conflict, Constraint, DutyMode, Logical, Rule, RuleKind
from policy.values import show
from policy.vocabulary.names import TERMS
from policy.vocabulary.operands import OPERANDS, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy.model import Condition, Duty, Policy, Scalar

MODE = TERMS + "mode"
EVERY = TERMS + "every"
_NAMED = frozenset({ValueType.PURPOSE, ValueType.PARTY})


def write(policy: Policy, *, anonymous: bool = False) -> dict[str, object]:
    """Write a policy as a document; `anonymous` leaves out the ids of everything in it."""
    document = _written(policy)
    return _without_ids(document) if anonymous else document


def _written(policy: Policy) -> dict[str, object]:
    return _said(
        {"@id": policy.id, "@type": policy.kind.value}
        | {"assigner": policy.assigner, "assignee": policy.assignee, "target": policy.target}
        | {"conflict": None if policy.conflict is Conflict.INVALID else policy.conflict.value}
        | {"permission": [_rule(rule, policy.assigner) for rule in policy.permissions]}
        | {"prohibition": [_rule(rule, policy.assigner) for rule in policy.prohibitions]}
        | {"obligation": [_duty(duty) for duty in policy.obligations]}
    )


def _rule(rule: Rule, assigner: str | None) -> dict[str, object]:
    places: dict[str, list[Any]] = {
        "action": list(rule.actions),
        "target": _things("AssetCollection", rule.targets, rule.asset_collections),
        "assignee": _things("PartyCollection", rule.assignees, rule.party_collections),
        # with one of the whole policy a rule has no other
        "assigner": list(rule.assigners) if assigner is None else [],
    }
    duties = "duty" if rule.kind is RuleKind.PERMISSION else "remedy"
    return _said(
        _own_id(rule)
        | {name: _one_or_all(values) for name, values in places.items()}
        | {"constraint": [_condition(condition) for condition in rule.conditions]}
        | {duties: [_duty(duty) for duty in rule.duties + rule.remedies]}
    )


def _duty(duty: Duty) -> dict[str, object]:
    return _said(
        _own_id(duty)
        | {"action": duty.action}
        | {"assignee": _one_or_all(_things("PartyCollection", _some(duty.assignee), duty.party_collections))}
        | {"target": _one_or_all(_things("AssetCollection", _some(duty.target), duty.asset_collections))}
        | dict(duty.parties)
        | {"constraint": [_condition(term) for term in duty.terms]}
        | {MODE: None if duty.mode is DutyMode.PRE and not duty.terms else duty.mode.value}
        | {"consequence": [_duty(one) for one in duty.consequences]}
    )


def _some(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _things(kind: str, names: Iterable[str], collections: Iterable[frozenset[str]]) -> list[object]:
    """Write parties or assets: each collection once, with both names if it has two."""
    left = list(names)
    written: list[object] = []
    while left:
        found = next((one for one in collections if left[0] in one), frozenset())
        own = [name for name in left if name in found] or left[:1]
        left = [name for name in left if name not in own]
        named = {"source": own[-1]} | ({"@id": own[0]} if len(own) > 1 else {})
        written.append({"@type": kind, **named} if found else own[0])
    return written


def _condition(condition: Condition) -> dict[str, object]:
    if isinstance(condition, Logical):
        return _own_id(condition) | {condition.operator: [_condition(part) for part in condition.parts]}
    right = _one_or_all([_value(condition.left, value) for value in condition.right])
    said = {"leftOperand": condition.left, "operator": condition.operator, "rightOperand": right}
    every = None if condition.every is None else show(condition.every)
    return _said(_own_id(condition) | said | {"unit": condition.unit, EVERY: every})


def _value(left: str, value: Scalar) -> object:
    return {"@id": value} if OPERANDS[left].type in _NAMED and ":" in str(value) else show(value)


def _own_id(node: Rule | Duty | Constraint | Logical) -> dict[str, object]:
    return {} if node.id == node.path.removeprefix("/") else {"uid": node.id}


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(member) for name, member in value.items() if name != "uid"}
    return [_without_ids(item) for item in value] if isinstance(value, list) else value


def _one_or_all(values: Iterable[object]) -> object:
    listed = list(values)
    return listed[0] if len(listed) == 1 else listed


def _said(members: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in members.items() if value not in (None, "", [], ())}
