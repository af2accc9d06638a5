"""Whether a document is the message it claims to be: decided by jsonschema-rs, explained by jsonschema.

Law: a body is limited, read strictly and checked before anything looks inside. The decision takes microseconds and
serves the honest; the explanation is slow, and made only for a document that is already refused and short: of a long
one the decision's own first fault is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

import jsonschema_rs
import orjson

from connector.negotiation.protocol.errors import MalformedError
from connector.runtime.limits import MESSAGE_BYTES_MAX, MESSAGE_VALUES_MAX
from contracts.canonical import load
from contracts.errors import ContractError

BODY_LIMIT_BYTES = MESSAGE_BYTES_MAX
DEPTH_LIMIT_LEVELS = 32
IDENTIFIER_LIMIT_CHARACTERS = 1_024
# messages being taken at one moment; each may have BODY_LIMIT_BYTES
READ_KEPT = 32
EXPLANATION_LIMIT_CHARACTERS = 300
# to explain a document costs some 10 µs for each of its bytes
EXPLAINED_BYTES_MAX = 8_192

BASE: Final = "https://w3id.org/penstock/ns/schemas/"
FILES: Final = ("envelope", "policy", "negotiation", "transfer", "catalog", "version")

SCHEMA_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        # document type -> the file that describes it
        "ContractRequestMessage": "negotiation",
        "ContractOfferMessage": "negotiation",
        "ContractAgreementMessage": "negotiation",
        "ContractAgreementVerificationMessage": "negotiation",
        "ContractNegotiationEventMessage": "negotiation",
        "ContractNegotiationTerminationMessage": "negotiation",
        "ContractNegotiation": "negotiation",
        "ContractNegotiationError": "negotiation",
        "TransferRequestMessage": "transfer",
        "TransferStartMessage": "transfer",
        "TransferCompletionMessage": "transfer",
        "TransferSuspensionMessage": "transfer",
        "TransferTerminationMessage": "transfer",
        "TransferProcess": "transfer",
        "TransferError": "transfer",
        "CatalogRequestMessage": "catalog",
        "DatasetRequestMessage": "catalog",
        "Catalog": "catalog",
        "Dataset": "catalog",
        "CatalogError": "catalog",
        "VersionResponse": "version",
    }
)

# Ids become keys of rows and parts of URLs, so they are limited here although the protocol does not limit them.
_SEGMENTS: Final = ("providerPid", "consumerPid")
_IDENTIFIERS: Final = (*_SEGMENTS, "callbackAddress", "agreementId", "format")


@lru_cache(maxsize=READ_KEPT)
def read(kind: str, body: bytes) -> dict[str, Any]:
    """Return the message of type `kind` that a request body holds; `MalformedError` says what is wrong with it.

    Whoever looks at a message before the engine does, and the engine, share one reading; nobody changes it.
    """
    try:
        document = load(body, max_bytes=BODY_LIMIT_BYTES, max_depth=DEPTH_LIMIT_LEVELS, max_values=MESSAGE_VALUES_MAX)
    except ContractError as error:
        raise MalformedError(str(error)) from error
    if len(body) > EXPLAINED_BYTES_MAX:
        _decide(kind, document)
    check(kind, document)
    found: dict[str, Any] = document
    return found


def check(kind: str, document: object) -> None:
    """Raise `MalformedError` unless `document` is a valid `kind`, with ids that we can keep and send to."""
    if not agrees(kind, document):
        raise MalformedError(explain(kind, document))
    _identified(kind, document)


def decide(kind: str, document: object) -> None:
    """Do what `check` does for a document that came with others: of a bad one the first fault that is met is told."""
    _decide(kind, document)
    _identified(kind, document)


def _identified(kind: str, document: object) -> None:
    """Raise `MalformedError` for an id that we cannot keep and send to."""
    assert isinstance(document, Mapping)
    # what is no text here is no member of this kind, and nobody reads it
    said = {name: document[name] for name in _IDENTIFIERS if isinstance(document.get(name), str)}
    for name, text in said.items():
        if len(text) > IDENTIFIER_LIMIT_CHARACTERS:
            raise MalformedError(f"`{name}` is longer than {IDENTIFIER_LIMIT_CHARACTERS} characters")
    for name in _SEGMENTS if kind.endswith("Message") else ():
        if name in said and not said[name].strip("."):
            raise MalformedError(f"`{name}` is empty or only dots, which no address can hold")


def _decide(kind: str, document: object) -> None:
    """Raise `MalformedError` with the first fault that the decision comes upon."""
    try:
        _decider(kind).validate(document)
    except jsonschema_rs.ValidationError as fault:
        raise MalformedError(_told(kind, fault.instance_path, fault.message)) from fault


def agrees(kind: str, document: object) -> bool:
    """Return the verdict of our schema for `kind`."""
    return bool(_decider(kind).is_valid(document))


def explain(kind: str, document: object) -> str:
    """Return one sentence about the most telling fault of a document that is not a valid `kind`."""
    fault = import_module("jsonschema.exceptions").best_match(_explainer(kind).iter_errors(document))
    if fault is None:
        return f"the document is not a `{kind}`"
    return _told(kind, fault.absolute_path, fault.message)


def _told(kind: str, path: Iterable[str | int], message: str) -> str:
    where = "/".join(str(step) for step in path) or "document"
    return f"`{where}` of the `{kind}`: {message[:EXPLANATION_LIMIT_CHARACTERS]}"


def _address(kind: str) -> str:
    return f"{BASE}{SCHEMA_OF[kind]}.json#/$defs/{kind}"


@cache
def _schemas() -> dict[str, Any]:
    room = files("connector.negotiation.protocol") / "schemas"
    return {f"{BASE}{name}.json": orjson.loads((room / f"{name}.json").read_bytes()) for name in FILES}


@cache
def _decider(kind: str) -> jsonschema_rs.Draft201909Validator:
    registry = jsonschema_rs.Registry(list(_schemas().items()), draft=jsonschema_rs.Draft201909)
    return jsonschema_rs.Draft201909Validator({"$ref": _address(kind)}, registry=registry, mask="it")


@cache
def _explainer(kind: str) -> Any:
    # loaded late: slow, and needed only to refuse
    from referencing import Registry, Resource  # noqa: PLC0415  # loaded late: slow, and needed only to refuse

    registry: Registry[Any] = Registry().with_resources(
        (address, Resource.from_contents(schema)) for address, schema in _schemas().items()
    )
    return import_module("jsonschema").Draft201909Validator({"$ref": _address(kind)}, registry=registry)
