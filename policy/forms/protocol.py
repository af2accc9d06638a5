"""The form in which the Dataspace Protocol shows a policy: a rule's members in lists, a value no bare number or truth.

Law: (1) the policy stays the same policy: what is written another way is read as it was before (ODRL's own forms allow
both, the protocol's schemas one). (2) The protocol's context knows few of ODRL's words; whoever reads by the context
loses the others without a sound. To such a reader each is written so that it is found: `named`, and `local` back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policy.forms.terms import KEYS, Kind
from policy.vocabulary.actions import PROFILE_ACTIONS
from policy.vocabulary.names import TERMS
from policy.vocabulary.operands import ODRL_OPERANDS, OPERANDS

# words of our profile alone
_OWN = frozenset(one for one in (OPERANDS.keys() - ODRL_OPERANDS) | PROFILE_ACTIONS if ":" not in one)

# members that the protocol has in lists alone
LISTED = frozenset({"permission", "prohibition", "obligation", "duty", "remedy", "consequence", "constraint"})
VALUE = "rightOperand"
# the words that the protocol's context gives a meaning (DSP 2025-1, odrl-profile.jsonld), as keys and as values
_CONTEXT = (
    "profile hasPolicy target assignee assigner action permission prohibition obligation use duty constraint operator "
    "rightOperand leftOperand eq gt gteq lt lteq neq isA hasPart isPartOf isAllOf isAnyOf isNoneOf or xone and "
    "andSequence prohibit"
)
WORDS = frozenset(_CONTEXT.split())
# keys whose bare values the context takes for words
WORDED = frozenset({"action", "leftOperand", "operator"})
PREFIX = "odrl:"
# a key that is written another way in the vocabulary than in its own context
SPELT = {"dataType": "datatype"}
_SPOKEN = {spelt: key for key, spelt in SPELT.items()}
_NAMES = frozenset({Kind.TERM, Kind.THING, Kind.LINK})


def shown(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decoded policy, or its rules, in the protocol's form."""
    return {name: _member(name, value) for name, value in tree.items()}


def _member(name: str, value: Any) -> Any:
    if name == VALUE:
        return [_value(one) for one in value] if isinstance(value, list) else _value(value)
    if name in LISTED and isinstance(value, Mapping):
        value = [value]
    if isinstance(value, list):
        return [shown(one) if isinstance(one, Mapping) else one for one in value]
    return shown(value) if isinstance(value, Mapping) else value


def _value(one: Any) -> Any:
    if isinstance(one, bool):
        return str(one).lower()
    return str(one) if isinstance(one, (int, float)) else one


def named(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return rules as `shown` gives them with every word of ODRL and of our profile as the context reads it."""
    return {_key(name): _worded(name, value) for name, value in tree.items()}


def local(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `named` was made of; of rules that somebody else wrote, with ODRL's words by their local names."""
    return {_heard_key(name): _heard(_heard_key(name), value) for name, value in tree.items()}


def _key(name: str) -> str:
    return name if name in WORDS or name not in KEYS or name.startswith("@") else PREFIX + SPELT.get(name, name)


def _worded(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_worded(key, one) for one in value]
    if isinstance(value, Mapping):
        return named(value) if key != VALUE else value
    if not isinstance(value, str) or KEYS.get(key) not in {Kind.ACTION, *_NAMES} or key in {"profile", VALUE}:
        return value
    if key in WORDED:
        return value if value in WORDS else word(value)
    told = word(value) if KEYS[key] is Kind.TERM else value
    return told if key in WORDS else {"@id": told}


def word(value: str) -> str:
    """Return a word of ODRL or of our profile with its prefix or namespace; any other as it is."""
    return value if ":" in value else (TERMS if value in _OWN else PREFIX) + value


def _heard_key(name: str) -> str:
    bare = name.removeprefix(PREFIX)
    return name if bare == name else _SPOKEN.get(bare, bare)


def _heard(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_heard(key, one) for one in value]
    if isinstance(value, Mapping):
        if key == VALUE:
            return value
        return _heard(key, value["@id"]) if set(value) == {"@id"} and key not in WORDED else local(value)
    if isinstance(value, str) and KEYS.get(key) in {Kind.ACTION, Kind.TERM}:
        return value.removeprefix(PREFIX).removeprefix(TERMS)
    return value
