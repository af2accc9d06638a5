"""Release 4 of the Management API: the same calls, said more strictly, answered in its one context.

Law: a request names its context and the kind of every object in it, and says either `protocol` or `profile`; a policy
is a `Set`, an offer an `Offer`, whose lists are not empty. What data an asset has stands in `dataplaneMetadata`: the
properties of the address that release 3 calls `dataAddress`, or, with `labels`, what a data plane of those is told.
There is no cache of references; that of release 3 serves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.operation.management import prefixed
from connector.operation.management.shape import Violation, Violations
from policy.forms.protocol import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONTEXT: Final = "https://w3id.org/edc/connector/management/v2"
# kinds that name how they are to be spoken, by one of two words
SPOKEN: Final = frozenset({"CatalogRequest", "DatasetRequest", "ContractRequest", "TransferRequest"})
WAYS: Final = ("protocol", "profile")
POLICIES: Final = {"PolicyDefinition": "Set", "ContractRequest": "Offer"}
RULES: Final = ("permission", "prohibition", "obligation")
# where a kind has objects of another kind in it
WITHIN: Final = {"assetsSelector": "Criterion", "filterExpression": "Criterion", "querySpec": "QuerySpec"}
METADATA: Final = "dataplaneMetadata"
# kind → what release 3 calls what its metadata have
ADDRESSES: Final = {"Asset": "dataAddress", "TransferRequest": "dataDestination"}
HTTP: Final = "HttpData"
# what an asset's address calls itself whose data a data plane moves; it names the labels of such planes
SIGNALED: Final = "DataPlane"


def require(kind: str, document: Any) -> None:
    """Raise Violations for a body that is not of a kind as this release has it."""
    if not isinstance(document, dict):
        raise Violations([Violation("the body is a JSON object", "")])
    found = list(_wrong(kind, document))
    context = document.get("@context")
    if not isinstance(context, list) or CONTEXT not in context or not all(isinstance(one, str) for one in context):
        found.append(Violation(f"`@context` must be a list of addresses with `{CONTEXT}`", "@context"))
    if found:
        raise Violations(found)


def taken(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body as release 3 has it."""
    told = dict(document)
    metadata = told.pop(METADATA, None)
    if kind == "Asset" and isinstance(metadata, dict) and metadata.get("labels"):
        told[ADDRESSES[kind]] = {"type": SIGNALED, "labels": metadata["labels"]}
        told[ADDRESSES[kind]] |= {"metadata": metadata.get("properties") or {}}
    elif kind in ADDRESSES and isinstance(metadata, dict):
        properties = metadata.get("properties") or {}
        told[ADDRESSES[kind]] = {"type": HTTP, **properties} if isinstance(properties, dict) else properties
    return told


def shown(found: Any) -> Any:
    """Return an answer, or each of a list, as this release has it."""
    if isinstance(found, list):
        return [shown(one) for one in found]
    if "@context" in found:  # a catalogue has one of its own
        return found
    told = dict(found)
    kind = told.get("@type")
    if kind == "Asset":
        address = {name: value for name, value in told.pop("dataAddress").items() if name != "@type"}
        steered = address.get("type") == SIGNALED
        properties = address["metadata"] if steered else address
        labels = {"labels": address["labels"]} if steered else {}
        told[METADATA] = {"@type": "DataplaneMetadata", "properties": properties} | labels
    if kind == "ContractNegotiation":
        told["profile"] = told["protocol"]
    if kind == "TransferProcess":
        told.pop("dataDestination", None)
    if "policy" in told:
        told["policy"] = named(prefixed.tree(told["policy"]))
    return {"@context": [CONTEXT], **told}


def _wrong(kind: str, document: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield what is wrong with an object of a kind, and with those in it."""
    if document.get("@type") != kind:
        yield Violation(f"`@type` must be `{kind}`", "@type", str(document.get("@type"))[:100])
    if kind in SPOKEN and sum(name in document for name in WAYS) != 1:
        yield Violation("say either `protocol` or `profile`", "protocol")
    if kind == "Asset" and not isinstance(document.get("properties"), dict):
        yield Violation("`properties` is absent; it is an object", "properties")
    if kind in POLICIES and isinstance(policy := document.get("policy"), dict):
        yield from _policy(POLICIES[kind], policy)
    for name, inner in WITHIN.items():
        listed = document.get(name)
        for one in listed if isinstance(listed, list) else [] if listed is None else [listed]:
            if isinstance(one, dict):
                yield from _wrong(inner, one)
            else:
                yield Violation(f"`{name}` has what is no object", name)


def _policy(kind: str, policy: Mapping[str, Any]) -> Iterator[Violation]:
    if policy.get("@type") != kind:
        yield Violation(f"`@type` of the policy must be `{kind}`", "policy/@type", str(policy.get("@type"))[:100])
    for name in RULES:
        if name in policy and (not isinstance(policy[name], list) or not policy[name]):
            yield Violation(f"`{name}` must be a list with a rule in it, or be left out", f"policy/{name}")
