"""Nodes of a document, each brought to its one form by the kinds of its keys; graph.py sees who refers to whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.forms.json_text import MAX_DEPTH_LEVELS
from policy.forms.terms import ANNOTATIONS, KEYS, MAY_BE_EMPTY, NEARLY_ODRL, Kind
from policy.forms.values import LISTED, actions, alone, annotation, datum, items, link, name, reference, term, text
from policy.vocabulary.names import ODRL, TERMS

if TYPE_CHECKING:
    from policy.forms.names import Names


Node = dict[str, object]


BLANK = "_:"
UID = "uid"  # of a blank node, until the node is in its place


class Reader:
    """Reads nodes under the names of their document and remembers which parties and assets are described where."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.described: dict[str, Node] = {}

    def node(self, written: Mapping[object, object], path: str, depth: int = 0, *, whole: bool = False) -> Node:
        """Read one object; `whole` keeps what is said about it, as the policy's own node does."""
        if depth > MAX_DEPTH_LEVELS:
            raise PolicyError("too-large", path, f"nested deeper than {MAX_DEPTH_LEVELS} levels")
        found: Node = {}
        for written_key, value in written.items():
            key = self.names.key(written_key) if isinstance(written_key, str) else str(written_key)
            if key in ANNOTATIONS and not whole:
                continue
            if key == "@context":
                raise PolicyError(
                    "unknown-context", f"{path}/@context", "a context inside a node", "write it once, above"
                )
            if NEARLY_ODRL in key:
                hint = f"ODRL's namespace is {ODRL}"
                raise PolicyError("unknown-term", path, f"`{key[:80]}` is nearly a term of ODRL", hint)
            read = self._read(key, value, f"{path}/{key}", depth)
            if KEYS.get(key) is Kind.ID and _is_blank(found.get(key)) is not _is_blank(read) and key in found:
                # a blank node that has a `uid`: the blank name links the document, the other names the node
                blank, own = (found[key], read) if _is_blank(found[key]) else (read, found[key])
                found |= {key: blank, UID: own}
                continue
            if key in found and not (KEYS.get(key) is Kind.ID and found[key] == read):
                raise PolicyError("duplicate", path, f"`{key[:80]}` is written twice in one object", "keep one of them")
            found[key] = read
        if found and found.keys() <= LISTED:  # beside what was only said about it; read again it would be a list
            raise PolicyError("misplaced", path, "a list with members of its own", "write the list alone")
        return {key: read for key, read in found.items() if read != [] or key not in MAY_BE_EMPTY}

    def describe(self, node: Node, path: str) -> None:
        """Remember a node that others may refer to; PolicyError when two places describe it differently."""
        own = node.get("@id")
        if isinstance(own, str) and len(node) > 1 and self.described.setdefault(own, node) != node:
            raise PolicyError("duplicate", path, f"`{own[:80]}` is described twice", "describe it in one place")

    def _read(self, key: str, value: object, path: str, depth: int) -> object:
        kind = KEYS.get(key)
        if kind is None:
            return annotation(value, self.names, key) if _is_absolute(key) else value
        if kind is Kind.CLASS:
            return _ruling_class([term(item, self.names) for item in items(value)])
        if kind is Kind.NODES:
            found = [reference(item) for item in items(value)]
            return [self._inner(item, f"{path}/{index}", depth) for index, item in enumerate(found)]
        if kind is Kind.ACTION:
            return actions([self._action(item, path, depth) for item in items(value)])
        if kind is Kind.THING:
            return alone([self._thing(item, path, depth) for item in items(value)])
        read = _READERS[kind]
        return alone([read(item, self.names) for item in items(value)])

    def _inner(self, value: object, path: str, depth: int) -> object:
        if isinstance(value, str):
            return self.names.iri(value)
        return self.node(value, path, depth + 1) if isinstance(value, Mapping) else value

    def _action(self, value: object, path: str, depth: int) -> object:
        value = reference(value)
        return self.names.term(value) if isinstance(value, str) else self._inner(value, path, depth)

    def _thing(self, value: object, path: str, depth: int) -> object:
        value = reference(value)
        if isinstance(value, str):
            return self.names.iri(value)
        if not isinstance(value, Mapping) or "@value" in value:
            return value
        node = self.node(value, path, depth + 1)
        self.describe(node, path)
        return node


_READERS: Mapping[Kind, Callable[[object, Names], object]] = {
    Kind.ID: link,
    Kind.TERM: term,
    Kind.LINK: link,
    Kind.NAME: name,
    Kind.DATA: datum,
    Kind.TEXT: text,
}


def _is_blank(name: object) -> bool:
    return isinstance(name, str) and name.startswith(BLANK)


def _ruling_class(classes: list[object]) -> object:
    """Leave ODRL's class alone: what another vocabulary calls the thing does not change the rule."""
    own = [item for item in classes if not (isinstance(item, str) and _is_absolute(item))] or classes
    return alone([item for item in own if item != "Policy"] or own[:1])


def _is_absolute(key: str) -> bool:
    return ":" in key and not key.startswith((ODRL, TERMS))
