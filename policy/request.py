"""Who asks to do what with which data, and what is known about the asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from policy.errors import PolicyError
from policy.vocabulary import local_name

MAX_CONTEXT_KEYS = 64
MAX_TEXT_CHARS = 2048
MAX_NUMBER = 10**18


@dataclass(frozen=True, slots=True)
class Request:
    """One request: assignee and target are IRIs, action an IRI or term, context maps left operands to values.

    Context keys are left operands without namespace; a value is text, an int, `{"@value": …}` or `{"@id": …}`, and
    whoever builds the request vouches for it. What the clock and the counters know is never taken from here.
    """

    assignee: str
    action: str
    target: str
    context: Mapping[str, object] = field(default_factory=dict)

    def value(self, operand: str) -> str | None:
        """Read an operand's value from the context as text; None when absent or unreadable."""
        return _plain(self.context.get(operand))

    def as_json(self) -> dict[str, object]:
        """Write the request as canonical-friendly JSON: text only; unreadable context values are left out."""
        operands = sorted(key for key in self.context if local_name(key) == key)
        plain = {key: value for key in operands if (value := self.value(key)) is not None}
        return {"assignee": self.assignee, "action": self.action, "target": self.target, "context": plain}

    @classmethod
    def from_json(cls, document: object) -> Request:
        """Read `{"assignee", "action", "target", "context"?}`; PolicyError for anything else."""
        if not isinstance(document, Mapping):
            raise PolicyError("bad-type", "", "the request is not an object")
        unknown = sorted(str(key) for key in document if key not in {"assignee", "action", "target", "context"})
        if unknown:
            raise PolicyError("unknown-term", f"/{unknown[0]}", f"unknown key `{unknown[0]}` in a request")
        return cls(
            _text(document, "assignee"), _text(document, "action"), _text(document, "target"), _context(document)
        )


def _plain(value: object) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("@value", value.get("@id"))
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if abs(value) <= MAX_NUMBER else None
    return value if isinstance(value, str) and 1 <= len(value) <= MAX_TEXT_CHARS else None


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT_CHARS:
        raise PolicyError("bad-type", f"/{key}", f"`{key}` of a request is text of 1 to {MAX_TEXT_CHARS} characters")
    return value


def _context(document: Mapping[str, object]) -> dict[str, object]:
    context = document.get("context", {})
    if not isinstance(context, Mapping):
        raise PolicyError("bad-type", "/context", "the context of a request is not an object")
    if len(context) > MAX_CONTEXT_KEYS:
        raise PolicyError("too-large", "/context", f"more than {MAX_CONTEXT_KEYS} keys in a context")
    read: dict[str, object] = {}
    for key, value in context.items():
        plain = _plain(value)
        if plain is None:
            raise PolicyError("bad-type", f"/context/{key}", f"context value of `{key}` is not text or a whole number")
        if local_name(key) in read:
            raise PolicyError("duplicate", f"/context/{key}", f"`{local_name(key)}` is written twice")
        read[local_name(key)] = plain
    return read
