"""Whether a tree is already in its one form, so that it can be taken as it is; a look at each key, nothing is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.forms.json_text import MAX_DEPTH_LEVELS
from policy.forms.terms import KEYS, NEARLY_ODRL, PREFIXES, SYNONYMS, Kind
from policy.vocabulary.names import ODRL, TERMS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SCHEMES = ("http://", "https://", "urn:")
_NATIVE = frozenset({"xsd:string", "xsd:boolean", "xsd:integer", "xsd:double"})


def is_settled(tree: Mapping[object, object]) -> bool:
    """Whether `compact` would give the policy back unchanged; False when that would take long to say."""
    for key, value in tree.items():
        if not isinstance(key, str):
            return False
        kind = KEYS.get(key)
        if kind is None:
            if not _is_remark(key) or not _is_plain(value):
                return False
        elif not _CHECKS[kind](value, 0):
            return False
    return True


def _is_remark(key: str) -> bool:
    """Whether a key is an IRI of another vocabulary, which the policy alone may have."""
    return key.startswith(_SCHEMES) and not key.startswith(TERMS) and NEARLY_ODRL not in key and key not in SYNONYMS


def _node(value: object, depth: int) -> bool:
    if not isinstance(value, dict) or depth > MAX_DEPTH_LEVELS:
        return False
    for key, member in value.items():
        kind = KEYS.get(key) if isinstance(key, str) else None
        if kind is None or not _CHECKS[kind](member, depth + 1):
            return False
    return True


def _nodes(value: object, depth: int) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(_node(item, depth) and item.keys() != {"@id"} for item in value)
    )


def _action(value: object, depth: int) -> bool:
    if not isinstance(value, list):
        return _term(value, depth)
    if not any(isinstance(item, dict) for item in value):
        return len(value) > 1 and all(_term(item, depth) for item in value)
    return all(_described(item, depth) if isinstance(item, dict) else _term(item, depth) for item in value)


def _thing(value: object, depth: int) -> bool:
    return _described(value, depth) if isinstance(value, dict) else _iri(value, depth)


def _described(value: object, depth: int) -> bool:
    # a node with a name may be referred to from elsewhere, which takes a look at the whole document
    return _node(value, depth) and isinstance(value, dict) and "@id" not in value


def _name(value: object, _depth: int) -> bool:
    return isinstance(value, str) and not value.startswith("_:") and _iri(value, _depth)


def _class(value: object, _depth: int) -> bool:
    return isinstance(value, str) and ":" not in value


def _term(value: object, _depth: int) -> bool:
    return isinstance(value, str) and (":" not in value or (_iri(value, 0) and not value.startswith((ODRL, TERMS))))


def _iri(value: object, _depth: int) -> bool:
    return isinstance(value, str) and value.partition(":")[0] not in PREFIXES


def _text(value: object, _depth: int) -> bool:
    return isinstance(value, str)


def _datum(value: object, _depth: int) -> bool:
    if isinstance(value, str | int):
        return True
    if isinstance(value, float):
        return not value.is_integer()
    if not isinstance(value, dict):
        return False
    if len(value) == 1:
        return _iri(value.get("@id"), 0)
    datatype = value.get("@type")
    return (
        value.keys() == {"@value", "@type"}
        and isinstance(value["@value"], str)
        and isinstance(datatype, str)
        and datatype.startswith("xsd:")
        and datatype not in _NATIVE
    )


def _one_or_more(check: Callable[[object, int], bool]) -> Callable[[object, int], bool]:
    def checked(value: object, depth: int) -> bool:
        if isinstance(value, list):
            return len(value) > 1 and all(check(item, depth) for item in value)
        return check(value, depth)

    return checked


def _is_plain(value: object) -> bool:
    listed = value if isinstance(value, list) and len(value) != 1 else [value]
    return not any(isinstance(item, list | float) or _is_marked(item) for item in listed)


def _is_marked(value: object) -> bool:
    return isinstance(value, dict) and any(isinstance(key, str) and key.startswith("@") for key in value)


_CHECKS: Mapping[Kind, Callable[[object, int], bool]] = {
    Kind.ID: _name,
    Kind.CLASS: _class,
    Kind.NODES: _nodes,
    Kind.ACTION: _action,
    Kind.TERM: _one_or_more(_term),
    Kind.THING: _one_or_more(_thing),
    Kind.LINK: _one_or_more(_iri),
    Kind.NAME: _one_or_more(_term),
    Kind.DATA: _one_or_more(_datum),
    Kind.TEXT: _one_or_more(_text),
}
assert set(_CHECKS) == set(Kind)
