"""Strategies on the wire (designed after TC609-6-2025-14, its interfaces and dictionaries).

    {"permissionPolicies":  [STRATEGY…],    what may be done
     "prohibitionPolicies": [STRATEGY…],    what must not be done
     "obligationPolicies":  [STRATEGY…]}    what must be done

    STRATEGY = {"subjectInfo":       {"dataProductId", "dataProductName"?},
                "executionNodeInfo": {"providerNodeId", "providerNodeName"?, "consumerNodeId"?, "consumerNodeName"?},
                "actions":           [name…],
                "constraints"?:      [{"constraintName", "constraintOperator": "01"…"12", "constraintValue"}…],
                "policyExpansion"?:  text}

Reading is strict: an unknown key, name or code is refused by name and path, since what is passed over might have been
what narrows. Writing leaves out what is empty.
"""

from __future__ import annotations

from collections.abc import Mapping

from policy.errors import PolicyError
from policy.nodes import MAX_TEXT_CHARS
from policy.tc609.codes import (
    ACTION_READ,
    CONSTRAINT_READ,
    EXPANSION,
    KEY_SPELLINGS,
    OPERATOR_CODE,
    OPERATOR_OF,
    VALUE_CODES,
)
from policy.tc609.strategy import (
    KINDS,
    MAX_EXPANSION_CHARS,
    MAX_LIST_ITEMS,
    MAX_STRATEGIES,
    Constraint,
    Named,
    Scalar,
    Strategy,
    Value,
)

_STRATEGY_KEYS = ("subjectInfo", "executionNodeInfo", "actions", "constraints", "policyExpansion")
_SUBJECT_KEYS = ("dataProductId", "dataProductName")
_NODE_KEYS = ("providerNodeId", "providerNodeName", "consumerNodeId", "consumerNodeName")
_CONSTRAINT_KEYS = ("constraintName", "constraintOperator", "constraintValue")


def read(document: object) -> tuple[Strategy, ...]:
    """Read the strategies of a document in their order; PolicyError for anything else."""
    members = _members(document, "", tuple(KINDS), "strategy document")
    found = [
        _strategy(item, path, kind)
        for key, kind in KINDS.items()
        if key in members
        for path, item in _items(members[key], f"/{key}")
    ]
    if not found:
        raise PolicyError("missing", "", "a document without a strategy", f"write one under {' or '.join(KINDS)}")
    if len(found) > MAX_STRATEGIES:
        raise PolicyError("too-large", "", f"more than {MAX_STRATEGIES} strategies")
    return tuple(found)


def write(strategies: tuple[Strategy, ...]) -> dict[str, object]:
    """Write strategies as a document; what is empty is left out."""
    lists = {key: [_written(each) for each in strategies if each.kind == kind] for key, kind in KINDS.items()}
    return {key: items for key, items in lists.items() if items}


def _strategy(value: object, path: str, kind: str) -> Strategy:
    members = _members(value, path, _STRATEGY_KEYS, "strategy")
    subject = _inner(members, path, "subjectInfo", _SUBJECT_KEYS)
    nodes = _inner(members, path, "executionNodeInfo", _NODE_KEYS)
    product = _named(subject, f"{path}/subjectInfo", "dataProduct")
    provider = _named(nodes, f"{path}/executionNodeInfo", "providerNode")
    consumer = _named(nodes, f"{path}/executionNodeInfo", "consumerNode")
    if product is None:
        raise PolicyError("missing", f"{path}/subjectInfo", "no `dataProductId`", "name the data product")
    if provider is None:
        raise PolicyError("missing", f"{path}/executionNodeInfo", "no `providerNodeId`", "name the provider's node")
    actions = tuple(_action(item, where) for where, item in _items(members.get("actions", []), f"{path}/actions"))
    if not actions:
        raise PolicyError("missing", path, "a strategy without `actions`", "name at least one action")
    if len(set(actions)) < len(actions):
        raise PolicyError("duplicate", f"{path}/actions", "an action is written twice", "write it once")
    limits = _items(members.get("constraints", []), f"{path}/constraints")
    constraints = tuple(_constraint(item, where) for where, item in limits)
    return Strategy(kind, path, product, provider, consumer, actions, constraints, _expansion(members, path))


def _expansion(members: Mapping[str, object], path: str) -> str:
    expansion = members.get("policyExpansion", "")
    if not isinstance(expansion, str):
        raise PolicyError("bad-type", f"{path}/policyExpansion", "`policyExpansion` is not text")
    if len(expansion) > MAX_EXPANSION_CHARS:
        raise PolicyError("too-large", f"{path}/policyExpansion", f"more than {MAX_EXPANSION_CHARS} characters")
    return expansion


def _action(value: object, path: str) -> str:
    name = _text(value, path)
    if name == EXPANSION:
        return name
    if name not in ACTION_READ:
        raise PolicyError("unknown-term", path, f"unknown action `{name}`", "use an action of the dictionary")
    return ACTION_READ[name].wire


def _constraint(value: object, path: str) -> Constraint:
    members = _members(value, path, _CONSTRAINT_KEYS, "constraint")
    for key in _CONSTRAINT_KEYS:
        if key not in members:
            raise PolicyError("missing", path, f"no `{key}`")
    name = _text(members["constraintName"], f"{path}/constraintName")
    if name in ACTION_READ:
        raise PolicyError("misplaced", f"{path}/constraintName", f"`{name}` is an action", "put it among obligations")
    if name != EXPANSION and name not in CONSTRAINT_READ:
        hint = "use a constraint of the dictionary"
        raise PolicyError("unknown-term", f"{path}/constraintName", f"unknown constraint `{name}`", hint)
    documented = name if name == EXPANSION else CONSTRAINT_READ[name].wire
    code = _text(members["constraintOperator"], f"{path}/constraintOperator")
    if code not in OPERATOR_OF:
        hint = "operators have the codes 01 to 12"
        raise PolicyError("unknown-term", f"{path}/constraintOperator", f"unknown operator `{code}`", hint)
    return Constraint(documented, OPERATOR_OF[code], _value(documented, members, f"{path}/constraintValue"))


def _value(name: str, members: Mapping[str, object], path: str) -> Value:
    value = members["constraintValue"]
    if not isinstance(value, list):
        return _scalar(name, value, path)
    if not value:
        raise PolicyError("missing", path, "a list without values")
    return tuple(_scalar(name, item, where) for where, item in _items(value, path))


def _scalar(name: str, value: object, path: str) -> Scalar:
    if isinstance(value, int | float) and not isinstance(value, bool) and name not in VALUE_CODES:
        return value
    text = _text(value, path)
    if name in VALUE_CODES and text not in {row.code for row in VALUE_CODES[name]}:
        known = ", ".join(row.code for row in VALUE_CODES[name])
        raise PolicyError("unknown-term", path, f"unknown code `{text}` of `{name}`", f"its codes are {known}")
    return text


def _named(members: Mapping[str, object], path: str, what: str) -> Named | None:
    if f"{what}Id" not in members:
        if f"{what}Name" in members:
            raise PolicyError("missing", path, f"`{what}Name` without `{what}Id`")
        return None
    name = _text(members[f"{what}Name"], f"{path}/{what}Name") if f"{what}Name" in members else ""
    return Named(_text(members[f"{what}Id"], f"{path}/{what}Id"), name)


def _written(strategy: Strategy) -> dict[str, object]:
    nodes = _names("providerNode", strategy.provider) | _names("consumerNode", strategy.consumer)
    written: dict[str, object] = {
        "subjectInfo": _names("dataProduct", strategy.product),
        "executionNodeInfo": nodes,
        "actions": list(strategy.actions),
    }
    if strategy.constraints:
        written["constraints"] = [_written_constraint(each) for each in strategy.constraints]
    if strategy.expansion:
        written["policyExpansion"] = strategy.expansion
    return written


def _written_constraint(constraint: Constraint) -> dict[str, object]:
    value = list(constraint.value) if isinstance(constraint.value, tuple) else constraint.value
    operator = OPERATOR_CODE[constraint.operator]
    return {"constraintName": constraint.name, "constraintOperator": operator, "constraintValue": value}


def _names(what: str, named: Named | None) -> dict[str, str]:
    if named is None:
        return {}
    return {f"{what}Id": named.id} | ({f"{what}Name": named.name} if named.name else {})


def _inner(members: Mapping[str, object], path: str, key: str, known: tuple[str, ...]) -> dict[str, object]:
    if key not in members:
        raise PolicyError("missing", path, f"no `{key}`")
    return _members(members[key], f"{path}/{key}", known, f"`{key}`")


def _members(value: object, path: str, known: tuple[str, ...], what: str) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise PolicyError("bad-type", path, f"a {what} is an object")
    documented = {other: key for key in known for other in (key, *KEY_SPELLINGS.get(key, ()))}
    members: dict[str, object] = {}
    for key, member in value.items():
        if key not in documented:
            shown = str(key)[:80]
            where = f"{path}/{shown.replace('~', '~0').replace('/', '~1')}"
            raise PolicyError("unknown-term", where, f"unknown key `{shown}` in a {what}", f"it has {', '.join(known)}")
        if documented[key] in members:
            raise PolicyError("duplicate", f"{path}/{key}", f"`{documented[key]}` is written twice, in two spellings")
        members[documented[key]] = member
    return members


def _items(value: object, path: str) -> list[tuple[str, object]]:
    if not isinstance(value, list):
        raise PolicyError("bad-type", path, "not a list")
    if len(value) > MAX_LIST_ITEMS:
        raise PolicyError("too-large", path, f"more than {MAX_LIST_ITEMS} items")
    return [(f"{path}/{index}", item) for index, item in enumerate(value)]


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise PolicyError("bad-type", path, "not text")
    if not 1 <= len(value) <= MAX_TEXT_CHARS:
        raise PolicyError("bad-value", path, f"text of 1 to {MAX_TEXT_CHARS} characters is expected")
    return value
