"""Turtle: the statements of a document become JSON-LD nodes, each subject one, in the order they were written in.

The reading is rdflib's; only its grammar is used, not its graph, so that no literal is rewritten, no statement is kept
beyond the limit, and whatever it raises becomes a PolicyError. Relative IRIs stay relative. Nothing is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from rdflib import BNode, Graph
from rdflib.plugins.parsers.notation3 import BadSyntax, RDFSink, SinkParser, sfloat

from policy.errors import PolicyError
from policy.forms.json_text import MAX_DEPTH_LEVELS, is_text
from policy.forms.nesting import is_deeper
from policy.forms.terms import RDF
from policy.vocabulary.names import ODRL, XSD

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_STATEMENTS = 10_000
MAX_LIST_ITEMS = 1_024

# taken off again; the grammar wants an absolute one
_BASE = "relative:///"
_FIRST, _REST, _NIL = RDF + "first", RDF + "rest", RDF + "nil"
_HINT = "write the policy as JSON-LD or Turtle"


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal as it was written; `datatype` and `language` are "" when not given."""

    text: str
    datatype: str = ""
    language: str = ""


_Subjects = dict[str, dict[str, dict[str | Literal, None]]]


class _Statements(RDFSink):
    """Takes the statements as they are read and stops at the limit."""

    def __init__(self) -> None:
        super().__init__(Graph())
        self.uuid = ""  # one document, one name for a blank node, in every run
        self.found: list[tuple[str | Literal, str | Literal, str | Literal]] = []

    def newSymbol(self, *args: str) -> str:  # type: ignore[override]  # noqa: N802  # rdflib's name; any text will do
        return str(args[0])

    def newLiteral(self, s: str, dt: str | None, lang: str | None) -> Literal:  # type: ignore[override]  # noqa: N802  # rdflib's name
        return Literal(s, str(dt or ""), lang or "")

    def makeStatement(self, quadruple: tuple[object, ...], why: object = None) -> None:  # noqa: ARG002, N802  # rdflib's name
        if len(self.found) >= MAX_STATEMENTS:
            raise PolicyError("too-large", "", f"more than {MAX_STATEMENTS} statements in a Turtle document")
        _formula, predicate, subject, value = quadruple
        statement = (_node(subject), _node(predicate), _node(value))
        if not all(is_text(term.text if isinstance(term, Literal) else term) for term in statement):
            raise PolicyError("bad-value", "", "half of a surrogate pair is no text")
        self.found.append(statement)


def nodes(text: str) -> list[object]:
    """Read a Turtle document as a list of expanded JSON-LD nodes; PolicyError when it is none."""
    if is_deeper(text, MAX_DEPTH_LEVELS):
        raise PolicyError("too-large", "", f"Turtle nested deeper than {MAX_DEPTH_LEVELS} levels")
    sink = _Statements()
    try:
        SinkParser(sink, baseURI=_BASE, turtle=True).loadBuf(text)
    except PolicyError:
        raise
    except BadSyntax as error:
        raise PolicyError("bad-syntax", "", f"not Turtle: line {error.lines + 1}: {error._why}", _HINT) from None  # noqa: SLF001  # the only place where rdflib says what was wrong
    except Exception as error:  # a grammar of others may raise anything
        raise PolicyError("bad-syntax", "", f"not Turtle: {type(error).__name__}", _HINT) from error
    return _tree(sink.found)


def _node(term: object) -> str | Literal:
    """Bring what the grammar gives to an IRI, a blank node (`_:…`) or a literal."""
    if isinstance(term, Literal):
        return term
    if isinstance(term, tuple):  # the grammar's own names, such as `a`
        return str(term[1])
    if isinstance(term, BNode):
        return f"_:{term}"
    if isinstance(term, bool | int):
        return Literal(str(term).lower(), XSD + ("boolean" if isinstance(term, bool) else "integer"))
    if isinstance(term, Decimal):
        return Literal(f"{term:f}", XSD + "decimal")
    return Literal(str(term), XSD + "double") if isinstance(term, sfloat) else str(term).removeprefix(_BASE)


def _tree(statements: list[tuple[str | Literal, str | Literal, str | Literal]]) -> list[object]:
    subjects: _Subjects = {}
    for subject, predicate, value in statements:
        if not isinstance(subject, str) or not isinstance(predicate, str) or predicate.startswith("_:"):
            raise PolicyError("bad-syntax", "", "not Turtle: a subject and a predicate are names", _HINT)
        # keys of a dict: in the order they came in, each once
        subjects.setdefault(subject, {}).setdefault(predicate, {})[value] = None
    return [_expanded(name, node, subjects) for name, node in subjects.items() if _FIRST not in node]


def _expanded(name: str, node: Mapping[str, Mapping[str | Literal, None]], subjects: _Subjects) -> dict[str, object]:
    tree: dict[str, object] = {"@id": name}
    for predicate, values in node.items():
        if predicate == ODRL + "andSequence" and len(values) > 1:
            raise PolicyError("misplaced", "", "`andSequence` over a set, which has no order", "write a list: ( … )")
        tree[predicate] = [_value(value, subjects) for value in values]
    return tree


def _value(value: str | Literal, subjects: _Subjects) -> dict[str, object]:
    if isinstance(value, Literal):
        marks = {"@type": value.datatype, "@language": value.language}
        return {"@value": value.text, **{key: mark for key, mark in marks.items() if mark}}
    if value == _NIL or _FIRST in subjects.get(value, {}):
        return {"@list": _list(value, subjects)}
    return {"@id": value}


def _list(head: str, subjects: _Subjects) -> list[object]:
    found: list[object] = []
    while head != _NIL:
        node = subjects.get(head, {})
        if len(found) >= MAX_LIST_ITEMS or node.keys() != {_FIRST, _REST} or any(len(node[key]) > 1 for key in node):
            raise PolicyError("bad-syntax", "", f"a list that is broken or longer than {MAX_LIST_ITEMS}", _HINT)
        (item,), (rest,) = node[_FIRST], node[_REST]
        if item == _NIL or (isinstance(item, str) and _FIRST in subjects.get(item, {})):
            raise PolicyError("bad-type", "", "a list in a list", "no value of a policy is one")
        found.append(_value(item, subjects))
        head = rest if isinstance(rest, str) else ""
    return found
