"""RDF 1.1 Turtle of the JSON-LD that `catalog.dcat_ap` makes: the same triples, in the same order.

Law: it takes the form that is made there and no other: a context of prefixes, names with a prefix or whole, values that
are texts, whole numbers, truths, `@value`s and nodes. A node with an `@id` that says something is a subject of its own,
written once; one without stands where it is. What a name must not hold is refused, not repaired.
"""

from __future__ import annotations

import json
import re
from collections import deque
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NESTING_MAX = 16  # of nodes without a name in each other; ours have few
_PREFIXED = re.compile(r"([a-z]+):([A-Za-z][A-Za-z0-9_-]*)")
_PREFIX = re.compile(r"[a-z]+")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_IRI = re.compile(r"[^\x00-\x20<>\"{}|^`\\]+")


def turtle(document: Mapping[str, Any]) -> str:
    """Return a document as Turtle; raises CatalogError for what the form has no place for."""
    try:
        text = _written(document)
        text.encode()
    except (AttributeError, KeyError, TypeError, UnicodeEncodeError) as error:
        raise CatalogError(f"it is no document that is written as Turtle: {type(error).__name__}") from error
    return text


def _written(document: Mapping[str, Any]) -> str:
    prefixes = document["@context"]
    if odd := [name for name in prefixes if _PREFIX.fullmatch(name) is None]:
        raise CatalogError(f"`{odd[0][:100]}` is no prefix")
    lines = [f"@prefix {name}: <{_checked(address)}> ." for name, address in prefixes.items()]
    nodes = deque([{name: value for name, value in document.items() if name != "@context"}])
    while nodes:  # what is found in one is written after it
        node = nodes.popleft()
        told = ";\n    ".join(_said(node, prefixes, nodes, NESTING_MAX))
        lines.append(f"\n{_iri(node['@id'])} {told} .")
    return "\n".join(dict.fromkeys(lines)) + "\n"


def _said(
    node: Mapping[str, Any], prefixes: Mapping[str, str], after: deque[dict[str, Any]], deep: int
) -> Iterator[str]:
    """Yield what a node says, each verb with its objects; nodes that are subjects are put `after` it."""
    for name, value in node.items():
        if name == "@id":
            continue
        verb = "a" if name == "@type" else _name(name, prefixes)
        values = value if isinstance(value, list) else [value]
        if not values:
            continue
        if name == "@type":
            objects = [_name(one, prefixes) for one in values]
        else:
            objects = [_object(one, prefixes, after, deep) for one in values]
        yield f"{verb} {', '.join(objects)}"


def _object(value: Any, prefixes: Mapping[str, str], after: deque[dict[str, Any]], deep: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _literal(value)
    if not isinstance(value, dict):
        raise CatalogError(f"`{str(value)[:100]}` has no form in Turtle")
    if "@value" in value:
        if "@language" in value:
            if _LANGUAGE.fullmatch(value["@language"]) is None:
                raise CatalogError(f"`{value['@language'][:100]}` is no language")
            return f"{_literal(value['@value'])}@{value['@language']}"
        kind = "^^" + _name(value["@type"], prefixes) if "@type" in value else ""
        return _literal(value["@value"]) + kind
    if "@id" not in value:
        if not deep:
            raise CatalogError(f"it has nodes nested deeper than {NESTING_MAX} levels")
        return "[ " + "; ".join(_said(value, prefixes, after, deep - 1)) + " ]"
    if len(value) > 1:
        after.append(value)
    return _iri(value["@id"])


def _literal(text: str) -> str:
    """Return a text in quotes: what JSON escapes and how, Turtle does too."""
    return json.dumps(text, ensure_ascii=False)


def _name(name: str, prefixes: Mapping[str, str]) -> str:
    read = _PREFIXED.fullmatch(name)
    return name if read is not None and read[1] in prefixes else _iri(name)


def _iri(address: str) -> str:
    return f"<{_checked(address)}>"


def _checked(address: str) -> str:
    if _IRI.fullmatch(address) is None or ":" not in address:
        raise CatalogError(f"`{address[:100]}` is no IRI")
    return address
