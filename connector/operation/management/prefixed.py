"""Policies and catalogues with a prefix before every word: for readers that know no context but that of prefixes.

So older clients look for what is in a catalogue, and so a policy is told wherever it stands in another document.
"""

from __future__ import annotations

from typing import Any, Final

from connector.negotiation.protocol.query_spec import EDC
from connector.operation.management.names import DCAT, PREFIXES
from connector.operation.management.shape import Violation, Violations
from policy.errors import PolicyError
from policy.forms.compact import compact
from policy.forms.protocol import PREFIX, SPELT, WORDED, shown, word
from policy.forms.terms import KEYS

CONTEXT: Final = {
    "@vocab": EDC,
    "edc": EDC,
    "dcat": DCAT,
    "dct": PREFIXES["dct"],
    "odrl": PREFIXES["odrl"],
    "dspace": "https://w3id.org/dspace/v0.8/",
}
# the names of each vocabulary, as members and as kinds
VOCABULARIES: Final = {
    "dcat": "Catalog Dataset Distribution DataService dataset catalog distribution service accessService endpointURL "
    "endpointDescription keyword",
    "dct": "title description format",
    "dspace": "participantId",
    "odrl": "Offer Set Agreement hasPolicy",
}
ODRL_NAMES: Final = {name: PREFIX + SPELT.get(name, name) for name in KEYS if not name.startswith("@")}
NAMES: Final = ODRL_NAMES | {
    name: f"{prefix}:{name}" for prefix, names in VOCABULARIES.items() for name in names.split()
}
KINDS: Final = "@type"
# members whose values are names of somebody or something
PARTIES: Final = frozenset({"target", "assigner", "assignee", "profile"})


def tree(written: Any) -> dict[str, Any]:
    """Return a policy in its one form, however it is written; raises Violations."""
    try:
        return shown(compact(written))
    except PolicyError as fault:
        raise Violations([Violation(str(fault), "policy")]) from fault


def policy(written: dict[str, Any]) -> dict[str, Any]:
    """Return a policy in its one form as a reader finds it who knows what `odrl:` stands for, and no other context."""
    return _object({name: value for name, value in written.items() if name != "@context"})


def catalogue(found: dict[str, Any]) -> dict[str, Any]:
    """Return a catalogue or dataset in older names."""
    return {"@context": CONTEXT, **_object({name: value for name, value in found.items() if name != "@context"})}


def _object(node: dict[str, Any]) -> dict[str, Any]:
    told = {NAMES.get(name, name): _member(name, value) for name, value in node.items()}
    if node.get(KINDS) == "Dataset":  # what is asked for afterwards is an asset
        told |= {"id": node["@id"], "name": node.get("title", node["@id"])}
    return told


def _member(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_member(name, one) for one in value]
    if isinstance(value, dict):
        return _object(value)
    if name in WORDED and isinstance(value, str):
        return {"@id": word(value)}
    if name in PARTIES and isinstance(value, str):
        return {"@id": value}
    if name == "format":
        return {"@id": value}
    return NAMES.get(value, value) if name == KINDS and isinstance(value, str) else value
