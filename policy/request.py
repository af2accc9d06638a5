"""Who asks to do what with which data, and what is known about the asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from policy.errors import PolicyError
from policy.nodes import MAX_TEXT_CHARS
from policy.values import plain
from policy.vocabulary.names import operand_name

MAX_CONTEXT_KEYS = 64
MAX_LIST_VALUES = 1024  # fields or records touched by one use
UNIT = "unit"

_KEYS = frozenset({"assignee", "action", "target", "context"})
_VALUE_KEYS = frozenset({"@value", "@type", "@id", UNIT})
Given: TypeAlias = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request: assignee and target are IRIs, action an IRI or term, context maps left operands to values.

    Context keys are canonical short names of left operands; a value is text, a number, `{"@value": …}`, `{"@id": …}` or
    a list of these, and whoever builds the request vouches for it. `unit` names the unit of the amounts. What the clock
    and the counters know is never taken from here. A request is a value: what it holds must not change afterwards.
    """

    assignee: str
    action: str
    target: str
    context: Mapping[str, object] = field(default_factory=dict)

    def given(self, operand: str) -> tuple[str, ...]:
        """List an operand's values as text; empty when absent, or when one of them cannot be read."""
        return given(self.context.get(operand))

    def as_json(self) -> dict[str, object]:
        """Write the request as canonical-friendly JSON: text and lists of text; unreadable values are left out."""
        known = {key: self.given(key) for key in sorted(self.context)}
        plain_context = {key: found[0] if len(found) == 1 else list(found) for key, found in known.items() if found}
        return {"assignee": self.assignee, "action": self.action, "target": self.target, "context": plain_context}

    @classmethod
    def from_json(cls, document: object) -> Request:
        """Read `{"assignee", "action", "target", "context"?}`; PolicyError for anything else."""
        if not isinstance(document, Mapping):
            raise PolicyError("bad-type", "", "the request is not an object")
        if not document.keys() <= _KEYS:
            unknown = min(str(key) for key in document if key not in _KEYS)
            raise PolicyError("unknown-term", f"/{unknown[:80]}", f"unknown key `{unknown[:80]}` in a request")
        return cls(
            _text(document, "assignee"),
            _text(document, "action"),
            _text(document, "target"),
            read_context(document.get("context", {}), "/context"),
        )


def given(value: object) -> tuple[str, ...]:
    """List the texts in a context value; empty when there is none, or one of them cannot be read."""
    if type(value) is str:
        return (value,) if 1 <= len(value) <= MAX_TEXT_CHARS else ()
    if isinstance(value, (list, tuple)):
        texts = [plain(item) for item in value[: MAX_LIST_VALUES + 1]]
        readable = [text for text in texts if text and len(text) <= MAX_TEXT_CHARS]
        return tuple(readable) if len(readable) == len(value) else ()
    text = plain(value)
    return (text,) if text and len(text) <= MAX_TEXT_CHARS else ()


def read_context(context: object, path: str) -> dict[str, object]:
    """Read a context: operands by their canonical names, values as text or tuples of text; PolicyError otherwise."""
    if not isinstance(context, Mapping):
        raise PolicyError("bad-type", path, "a context is not an object")
    if len(context) > MAX_CONTEXT_KEYS:
        raise PolicyError("too-large", path, f"more than {MAX_CONTEXT_KEYS} keys in a context")
    read: dict[str, object] = {}
    for key, value in context.items():
        where = f"{path}/{str(key)[:80]}"
        if isinstance(value, Mapping) and UNIT in value:
            _put(read, UNIT, _value(value[UNIT], where), where)
        _put(read, operand_name(str(key)), _value(value, where), where)
    return read


def _value(value: object, path: str) -> Given:
    if isinstance(value, Mapping) and not value.keys() <= _VALUE_KEYS:
        raise PolicyError("unknown-term", path, "a context value has @value, @type and unit, or @id alone")
    found = given(value)
    if not found:
        hint = f"text of 1 to {MAX_TEXT_CHARS} characters, a number, or a list of up to {MAX_LIST_VALUES} of these"
        raise PolicyError("bad-type", path, "a context value cannot be read", hint)
    return found[0] if len(found) == 1 else found


def _put(read: dict[str, object], name: str, value: Given, path: str) -> None:
    if name in read and (name != UNIT or read[name] != value):
        raise PolicyError("duplicate", path, f"`{name}` is given twice")
    read[name] = value


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    if isinstance(value, Mapping) and set(value) == {"@id"}:
        value = value["@id"]
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_TEXT_CHARS:
        raise PolicyError("bad-type", f"/{key}", f"`{key}` of a request is text of 1 to {MAX_TEXT_CHARS} characters")
    return value
