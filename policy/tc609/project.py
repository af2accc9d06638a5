"""An ODRL policy, said in plain strategies: as much of it as the plain fields hold, and never more than it permits.

Law:

1. A rule is a strategy for each of its targets and assignees; a strategy names its product and its provider. Where that
   makes several of one permission they are marked, since they share their counters and a reader would count for each.
2. What the plain fields cannot hold is left out, and marked by `expansionItem` where a reader who does not know our
   expansion errs to caution: a permission gets one more constraint (which that reader cannot show to hold), a
   prohibition or obligation one more action (something else not to be done, or to be done).
3. An action without a name in the dictionary is written as the actions below it that have one, and `expansionItem` for
   the rest; a permission leaves out those that a prohibition of the policy covers. An obligation gets `expansionItem`
   alone, since doing any one of the actions below would have fulfilled it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from policy.errors import PolicyError
from policy.tc609.codes import (
    ACTION_KNOWN,
    ACTIONS,
    CONSTRAINT_KNOWN,
    EXPANSION,
    OPERATOR_CODE,
    VALUE_CODES,
    bare,
)
from policy.tc609.express import CURRENCY, NAMES
from policy.tc609.strategy import (
    KINDS,
    MAX_LIST_ITEMS,
    MAX_STRATEGIES,
    MAX_TEXT_CHARS,
    Constraint,
    Named,
    Scalar,
    Strategy,
    Value,
)
from policy.vocabulary import ACTIONS as HIERARCHY
from policy.vocabulary import actions_within

_NAMING = frozenset({"@id", "uid", "@type"})
# what a policy may say beside its rules without narrowing them
_FRAME_KEYS = _NAMING | {"@context", "profile", "conflict", "timestamp", "target", "assigner", "assignee"}
_RULE_KEYS = _NAMING | {"action", "target", "assigner", "assignee", "constraint"}
_CONSTRAINT_KEYS = _NAMING | {"leftOperand", "operator", "rightOperand", "unit"}
# where a node says what it is: an action's `value`, a collection's `source`, its own name
_NAMES_OF_NODES = ("value", "rdf:value", "source", "@id", "uid")


class _Frame(NamedTuple):
    """What all rules of a policy share; `narrowed` when the policy itself says what no strategy can."""

    members: Mapping[str, object]
    names: Mapping[str, str]
    forbidden: frozenset[str]
    narrowed: bool
    digest: str


def project(document: object, digest: str) -> tuple[Strategy, ...]:
    """Return the plain strategies of a policy; `digest` names the policy in the marks of its permissions."""
    known = members(document, "", "policy")
    narrowed = any(key not in _FRAME_KEYS | set(KINDS.values()) and ":" not in key for key in known)
    frame = _Frame(known, _names(known), _forbidden(known), narrowed, digest)
    strategies: list[Strategy] = []
    for kind in KINDS.values():
        for path, rule in rules(known, kind):
            strategies += _of_rule(frame, kind, path, members(rule, path, kind))
            if len(strategies) > MAX_STRATEGIES:
                hint = "a rule becomes one for each of its targets and assignees"
                raise PolicyError("too-large", path, f"more than {MAX_STRATEGIES} strategies", hint)
    if not strategies:
        raise PolicyError("missing", "", "a policy without a rule", f"write a {', '.join(KINDS.values())}")
    return tuple(strategies)


def members(value: object, path: str, what: str) -> dict[str, object]:
    """Return the members of a node under their local names."""
    if not isinstance(value, Mapping):
        raise PolicyError("bad-type", path, f"a {what} is an object")
    found: dict[str, object] = {}
    for key, member in value.items():
        name = bare(str(key))
        if name in found:
            raise PolicyError("duplicate", path, f"`{name}` is written twice in one {what}")
        found[name] = member
    return found


def rules(frame: Mapping[str, object], kind: str) -> list[tuple[str, object]]:
    """List the rules of a kind with their paths; one object stands for a list of one."""
    return [(f"/{kind}/{index}", rule) for index, rule in enumerate(_listed(frame.get(kind, [])))]


def _of_rule(frame: _Frame, kind: str, path: str, rule: Mapping[str, object]) -> list[Strategy]:
    around = {key: rule.get(key, frame.members.get(key)) for key in ("target", "assigner", "assignee")}
    providers, products, consumers = (
        _named(frame, around[key], f"{path}/{key}") for key in ("assigner", "target", "assignee")
    )
    if len(providers) != 1:
        raise PolicyError("missing", path, "no single `assigner`", "a strategy names its provider: write `assigner`")
    if not products:
        raise PolicyError("missing", path, "no `target`", "a strategy names its data product: write `target`")
    limits = [_constraint(item) for item in _listed(rule.get("constraint", []))]
    single = len(products) == 1 and len(consumers) <= 1
    plain = all(map(_is_plain, (*around.values(), rule.get("action"))))
    whole = single and plain and not frame.narrowed and set(rule) <= _RULE_KEYS and None not in limits
    actions = _actions(frame, kind, f"{path}/action", rule.get("action"))
    constraints = tuple(each for each in limits if each is not None)
    if not whole and kind == "permission":
        constraints = (*constraints, Constraint(EXPANSION, "eq", frame.digest))
    elif not whole:
        actions = tuple(dict.fromkeys((*actions, EXPANSION)))
    return [
        Strategy(kind, path, product, providers[0], consumer, actions, constraints)
        for product in products
        for consumer in (consumers or (None,))
    ]


def _actions(frame: _Frame, kind: str, path: str, value: object) -> tuple[str, ...]:
    """Name the actions of a rule in words of the dictionary, in their order, each once."""
    found: list[str] = []
    for action in _identifiers(value, path):
        name = bare(action)
        if name in ACTION_KNOWN:
            found.append(ACTION_KNOWN[name].wire)
        else:
            found += [*_below(frame, kind, name), EXPANSION]
    if not found:
        raise PolicyError("missing", path, "no `action`", "name the action")
    return tuple(dict.fromkeys(found))


def _below(frame: _Frame, kind: str, action: str) -> list[str]:
    if kind == "obligation":
        return []
    covered = _covered(action) - (frame.forbidden if kind == "permission" else frozenset())
    return [row.wire for row in ACTIONS if row.odrl in covered]


def _forbidden(frame: Mapping[str, object]) -> frozenset[str]:
    found: set[str] = set()
    for path, rule in rules(frame, "prohibition"):
        for action in _identifiers(members(rule, path, "prohibition").get("action"), f"{path}/action"):
            found |= _covered(bare(action))
    return frozenset(found)


def _covered(action: str) -> frozenset[str]:
    return actions_within(action) if action in HIERARCHY else frozenset({action})


def _constraint(value: object) -> Constraint | None:
    """Say one constraint in words of the dictionary; None when it has none for it."""
    if not isinstance(value, Mapping) or not {bare(str(key)) for key in value} <= _CONSTRAINT_KEYS:
        return None
    node = members(value, "", "constraint")
    left, operator = (_text(node.get(key)) for key in ("leftOperand", "operator"))
    row, operator = CONSTRAINT_KNOWN.get(bare(left)), bare(operator)
    if row is None or operator not in OPERATOR_CODE:
        return None
    right, unit = _right(row.wire, node.get("rightOperand")), _text(node.get("unit"))
    if row.wire == "payAmount":
        right = _amount(right, unit)
    elif "unit" in node:
        return None
    return None if right is None else Constraint(row.wire, operator, right)


def _right(name: str, value: object) -> Value | None:
    if not isinstance(value, list):
        return _scalar(name, value)
    items = [_scalar(name, item) for item in value]
    found = tuple(item for item in items if item is not None)
    return found if len(found) == len(items) and 1 <= len(items) <= MAX_LIST_ITEMS else None


def _scalar(name: str, value: object) -> Scalar | None:
    if isinstance(value, Mapping):
        value = value.get("@value", value.get("@id"))
    if name in VALUE_CODES:
        return next((row.code for row in VALUE_CODES[name] if value in (row.code, row.name)), None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return _text(value) or None


def _amount(value: Value | None, unit: str) -> Value | None:
    """Write an amount with its currency, which the dictionary has no field for; yuan go without saying."""
    if value is None or isinstance(value, tuple) or not unit or re.search(r"\s", f"{value}{unit}"):
        return None
    return value if unit == CURRENCY else f"{value} {unit}"


def _names(frame: Mapping[str, object]) -> dict[str, str]:
    names = frame.get(NAMES)
    if not isinstance(names, Mapping):
        return {}
    return {str(key): text for key, name in names.items() if (text := _text(name))}


def _named(frame: _Frame, value: object, path: str) -> list[Named]:
    return [Named(each, frame.names.get(each, "")) for each in _identifiers(value, path)]


def _identifiers(value: object, path: str) -> list[str]:
    """Name what a member names: text, a node or a list of these."""
    found = []
    for item in _listed(value) if value is not None else []:
        node = members(item, path, "node") if isinstance(item, Mapping) else {"@id": item}
        written = next((node[key] for key in _NAMES_OF_NODES if key in node), None)
        name = _identifiers(written, path)[0] if isinstance(written, Mapping) else _text(written)
        if not name:
            raise PolicyError("bad-type", path, f"an identifier is text of 1 to {MAX_TEXT_CHARS} characters")
        found.append(name)
    return found


def _is_plain(value: object) -> bool:
    """Whether identifiers are all that a member says, and nothing refines them."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return not isinstance(value, Mapping) or set(value) <= _NAMING


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _text(value: object) -> str:
    """Return text that a strategy can hold, in its node or alone; "" for anything else."""
    if isinstance(value, Mapping):
        value = value.get("@id")
    return value if isinstance(value, str) and len(value) <= MAX_TEXT_CHARS else ""
