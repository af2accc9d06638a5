"""Plain strategies, said in ODRL (the one form of forms/compact.py): what their fields mean, and nothing else.

Law:

1. What all strategies share (product, consumer) is written on the policy, what they do not share on each rule. One
   policy has one provider.
2. Where every strategy names its consumer it is an Agreement; else it is an Offer, which permits nothing yet.
3. A dictionary time (`YYYYMMDDHHMMSS`) has no zone; it is Beijing time, as the contract's law is Chinese. An amount
   without a currency is in yuan for the same reason.
4. An obligation of several actions becomes several obligations, since each can be fulfilled or violated by itself.
5. A list of one value is that value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.tc609.codes import ACTION_READ, CONSTRAINT_READ, EXPANSION, VALUE_CODES
from policy.vocabulary.names import PROFILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.tc609.strategy import Constraint, Named, Strategy, Value

NAMES = "https://w3id.org/penstock/ns/tc609#names"
CURRENCY = "CNY"
ZONE = "+08:00"
_DICTIONARY_TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})")
_AMOUNT = re.compile(r"(\S+)(?: (\S+))?")


def express(strategies: tuple[Strategy, ...]) -> dict[str, object]:
    """Return the ODRL policy that plain strategies say; PolicyError where they need what we do not have."""
    document: dict[str, object] = {"profile": PROFILE, "@type": _class(strategies)}
    shared = _shared(strategies)
    document |= shared
    for strategy in strategies:
        rules = document.setdefault(strategy.kind, [])
        assert isinstance(rules, list)
        rules.extend(_rules(strategy, shared))
    names = _names(strategies)
    return document | ({NAMES: names} if names else {})


def _class(strategies: tuple[Strategy, ...]) -> str:
    return "Agreement" if all(each.consumer for each in strategies) else "Offer"


def _shared(strategies: tuple[Strategy, ...]) -> dict[str, object]:
    first = strategies[0]
    for each in strategies:
        if each.provider.id != first.provider.id:
            path = f"{each.path}/executionNodeInfo/providerNodeId"
            problem = f"`{each.provider.id}` is a second provider in one document"
            raise PolicyError("contradiction", path, problem, "write a document for each provider")
    shared: dict[str, object] = {"assigner": first.provider.id}
    if all(each.product.id == first.product.id for each in strategies):
        shared["target"] = first.product.id
    if first.consumer and all(each.consumer and each.consumer.id == first.consumer.id for each in strategies):
        shared["assignee"] = first.consumer.id
    return shared


def _names(strategies: tuple[Strategy, ...]) -> dict[str, str]:
    """Collect the names for people by identifier."""
    names: dict[str, str] = {}
    for strategy in strategies:
        for named, place in _named(strategy):
            if named.name and names.setdefault(named.id, named.name) != named.name:
                problem = f"`{named.id}` has two names, `{names[named.id]}` and `{named.name}`"
                raise PolicyError("contradiction", f"{strategy.path}/{place}", problem, "use one name")
    return names


def _named(strategy: Strategy) -> list[tuple[Named, str]]:
    consumer = [(strategy.consumer, "executionNodeInfo/consumerNodeName")] if strategy.consumer else []
    return [
        (strategy.product, "subjectInfo/dataProductName"),
        (strategy.provider, "executionNodeInfo/providerNodeName"),
        *consumer,
    ]


def _rules(strategy: Strategy, shared: dict[str, object]) -> Iterator[dict[str, object]]:
    if EXPANSION in strategy.actions:
        raise _unexpanded(f"{strategy.path}/actions/{strategy.actions.index(EXPANSION)}")
    actions = [ACTION_READ[name].odrl for name in strategy.actions]
    rule: dict[str, object] = {}
    if "target" not in shared:
        rule["target"] = strategy.product.id
    if "assignee" not in shared and strategy.consumer:
        rule["assignee"] = strategy.consumer.id
    if strategy.constraints:
        places = [f"{strategy.path}/constraints/{index}" for index in range(len(strategy.constraints))]
        rule["constraint"] = [_constraint(*each) for each in zip(strategy.constraints, places, strict=True)]
    if strategy.kind == "obligation":
        yield from ({"action": action} | rule for action in actions)
    else:
        yield {"action": actions if len(actions) > 1 else actions[0]} | rule


def _constraint(constraint: Constraint, path: str) -> dict[str, object]:
    if constraint.name == EXPANSION:
        raise _unexpanded(f"{path}/constraintName")
    right, unit = _right(constraint, f"{path}/constraintValue")
    left = CONSTRAINT_READ[constraint.name].odrl
    written = {"leftOperand": left, "operator": constraint.operator, "rightOperand": right}
    return written | ({"unit": unit} if unit else {})


def _right(constraint: Constraint, path: str) -> tuple[object, str]:
    """Return the right operand and its unit."""
    value = constraint.value
    if constraint.name == "payAmount":
        return _amount(value, path)
    if isinstance(value, tuple):
        meant = [_meaning(constraint.name, item) for item in value]
        return meant if len(meant) > 1 else meant[0], ""
    return _meaning(constraint.name, value), ""


def _meaning(name: str, value: object) -> object:
    if name in VALUE_CODES:
        return next(row.name for row in VALUE_CODES[name] if row.code == value)
    if name == "time" and isinstance(value, str) and (parts := _DICTIONARY_TIME.fullmatch(value)):
        return "{}-{}-{}T{}:{}:{}".format(*parts.groups()) + ZONE
    return value


def _amount(value: Value, path: str) -> tuple[object, str]:
    if not isinstance(value, str):
        if isinstance(value, tuple):
            raise PolicyError("bad-type", path, "a list of amounts", "write one amount")
        return value, CURRENCY
    parts = _AMOUNT.fullmatch(value)
    if parts is None:
        hint = "write an amount in yuan, such as 12.50, or with its currency: 12.50 USD"
        raise PolicyError("bad-value", path, f"`{value}` is no amount", hint)
    return parts[1], parts[2] or CURRENCY


def _unexpanded(path: str) -> PolicyError:
    problem = f"`{EXPANSION}` says that more stands in `policyExpansion`, and nothing stands there"
    return PolicyError("missing", path, problem, "translate the policy that it was written from once more")


# a member of a rule → where a strategy says it
_PLACES = {
    "action": "actions",
    "target": "subjectInfo/dataProductId",
    "assigner": "executionNodeInfo/providerNodeId",
    "assignee": "executionNodeInfo/consumerNodeId",
    "constraint": "constraints",
    "leftOperand": "constraintName",
    "operator": "constraintOperator",
    "rightOperand": "constraintValue",
    "unit": "constraintValue",
}


def written_at(path: str, strategies: tuple[Strategy, ...]) -> str:
    """Find where the strategies say what stands at `path` of the policy that they express; "" for all of it."""
    kind, *rest = path.split("/")[1:] or [""]
    # an obligation of several actions was written as several
    said = [each for each in strategies if each.kind == kind for _ in (each.actions if kind == "obligation" else "1")]
    if not rest:
        return ""
    return "/".join([said[int(rest[0])].path, *(_PLACES.get(step, step) for step in rest[1:])])
