"""What a client of the Management API writes, brought to one form: members of EDC's namespace by their local names.

Law: no context is fetched. A context says what a name without one means (`@vocab`) and what prefixes stand for; those
known by their address add nothing to that. A policy stays as it was written, with the contexts that it stood under.

    {"@context": {"@vocab": EDC}, "@id": "a", "properties": {"edc:name": [{"@value": "A"}], "https://x/y": 1}}
    → {"@id": "a", "properties": {"name": "A", "https://x/y": 1}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connector.negotiation.protocol.query_spec import DCT, EDC
from connector.operation.management.shape import Violation, Violations
from policy.vocabulary.names import ODRL

CONTEXTS_MAX = 16
TERMS_MAX = 256
LEVELS_MAX = 32

DSPACE: Final = "https://w3id.org/dspace/2025/1/"
DCAT: Final = "http://www.w3.org/ns/dcat#"
PREFIXES: Final = {"edc": EDC, "odrl": ODRL, "dct": DCT, "dcterms": DCT, "dcat": DCAT, "dspace": DSPACE}
# contexts whose names this interface has anyway, or that name what stands in policies alone
KNOWN: Final = frozenset({
    "https://w3id.org/edc/connector/management/v0.0.1",
    "https://w3id.org/edc/connector/management/v2",
    "https://w3id.org/edc/dspace/v0.0.1",
    "https://w3id.org/dspace/2025/1/context.jsonld",
    "https://w3id.org/dspace/2025/1/odrl-profile.jsonld",
    "https://w3id.org/tractusx/edc/v0.0.1",
    "https://w3id.org/tractusx/policy/v1.0.0",
    "https://w3id.org/tractusx/auth/v1.0.0",
    "https://w3id.org/catenax/2025/9/policy/odrl.jsonld",
    "https://w3id.org/catenax/2025/9/policy/context.jsonld",
    "http://www.w3.org/ns/odrl.jsonld",
    "https://www.w3.org/ns/odrl.jsonld",
})  # fmt: skip
# those that say nothing of policies
SILENT: Final = frozenset(one for one in KNOWN if one.startswith("https://w3id.org/edc/"))
# members that hold a policy
RAW: Final = frozenset({"policy"})
# what a value is wrapped in, besides what says of which kind it is
_VALUE, _KIND = "@value", frozenset({"@value", "@type", "@language"})


@dataclass(slots=True)
class Names:
    """What names mean below a context."""

    vocabulary: str = EDC
    terms: dict[str, str] = field(default_factory=lambda: dict(PREFIXES))

    def add(self, context: Any) -> None:
        """Take a context; raises Violations for one that is not known."""
        listed = context if isinstance(context, list) else [context]
        if len(listed) > CONTEXTS_MAX:
            raise Violations([Violation(f"more than {CONTEXTS_MAX} contexts", "@context")])
        for one in listed:
            if isinstance(one, str) and one not in KNOWN:
                text = f"the context `{one[:200]}` is not known here, and none is fetched"
                raise Violations([Violation(text, "@context", one[:200])])
            if isinstance(one, Mapping):
                self._define(one)

    def _define(self, context: Mapping[str, Any]) -> None:
        if len(context) > TERMS_MAX:
            raise Violations([Violation(f"more than {TERMS_MAX} names in a context", "@context")])
        for name, told in context.items():
            meant = told.get("@id") if isinstance(told, Mapping) else told
            if name == "@vocab" and isinstance(meant, str):
                self.vocabulary = self.iri(meant) if meant.rstrip(":") in self.terms else meant
            elif not name.startswith("@") and isinstance(meant, str) and not meant.startswith("@"):
                self.terms[name] = self.iri(meant)

    def iri(self, name: str) -> str:
        """Return a name written out."""
        if name in self.terms and ":" not in name:
            return self.terms[name]
        head, colon, rest = name.partition(":")
        if colon:
            return self.terms[head] + rest if head in self.terms and not rest.startswith("//") else name
        return self.vocabulary + name

    def key(self, name: str) -> str:
        """Return how a member is called here."""
        return name if name.startswith("@") else self.iri(name).removeprefix(EDC)


def read(document: Any, told: str) -> dict[str, Any]:
    """Return a body as one form has it; raises Violations when it is no object of JSON-LD that is known here."""
    if not isinstance(document, Mapping):
        raise Violations([Violation(f"{told} is a JSON object", "")])
    names = Names()
    context = document.get("@context")
    if context is not None:
        names.add(context)
    found = _object(document, names, context, 0)
    found.pop("@context", None)
    return found


def scalar(value: Any) -> Any:
    """Return the one value of a member: JSON-LD lists what there is one of, and wraps it, as it likes."""
    while isinstance(value, list) and len(value) == 1:
        [value] = value
    if isinstance(value, Mapping):
        if _VALUE in value and set(value) <= _KIND:
            return value[_VALUE]
        if set(value) == {"@id"}:
            return value["@id"]
    return value


def _object(node: Mapping[str, Any], names: Names, context: Any, level: int) -> dict[str, Any]:
    if level > LEVELS_MAX:
        raise Violations([Violation(f"objects nest in more than {LEVELS_MAX} others", "")])
    found: dict[str, Any] = {}
    for name, value in node.items():
        key = names.key(name)
        if key in found:
            raise Violations([Violation(f"`{key[:200]}` is said twice", key[:200])])
        found[key] = _policy(value, context) if key in RAW else _value(value, names, context, level)
    return found


def _value(value: Any, names: Names, context: Any, level: int) -> Any:
    value = scalar(value)
    if isinstance(value, list):
        return [_value(one, names, context, level + 1) for one in value]
    return _object(value, names, context, level + 1) if isinstance(value, Mapping) else value


def _policy(value: Any, context: Any) -> Any:
    """Return a policy with the contexts that it stands under."""
    value = scalar(value)
    if not isinstance(value, Mapping) or context is None:
        return value
    own = value.get("@context", [])
    outer = context if isinstance(context, list) else [context]
    told = [*outer, *(own if isinstance(own, list) else [own])]
    return {**value, "@context": [one for one in told if not (isinstance(one, str) and one in SILENT)]}
