"""The messages of DCP 1.0.1: written as the schemas have them, read for what we use.

Law: `@type` is taken for `type`, as EDC writes it up to 0.14. What we do not use is left alone, and `@context` is held
against the one that we know; a message of another type, or without what its type needs, is refused by name. Lists that
a stranger sends have an end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.credential import scopes
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.credential.scopes import Scope

CONTEXT: Final = "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld"
ISSUED, REJECTED, RECEIVED = "ISSUED", "REJECTED", "RECEIVED"
CREDENTIALS_MAX: Final = 16
PRESENTATIONS_MAX: Final = 8
TEXT_CHARACTERS_MAX: Final = 512
PAYLOAD_CHARACTERS_MAX: Final = 65_536
REASON_CHARACTERS_MAX: Final = 500

QUERY, RESPONSE = "PresentationQueryMessage", "PresentationResponseMessage"
REQUEST, CREDENTIALS, OFFER = "CredentialRequestMessage", "CredentialMessage", "CredentialOfferMessage"
STATUS, METADATA, OBJECT = "CredentialStatus", "IssuerMetadata", "CredentialObject"


class UnsupportedError(ContractError):
    """What the text leaves to those who want it, and we do not have (501)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What an issuer sends: the credentials (as JWTs) of a request, or why there are none."""

    issuer_pid: str
    holder_pid: str
    status: str
    payloads: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A credential that an issuer offers; all but its id may be left out ("sparse")."""

    id: str
    type: str
    reason: str


def message(kind: str, **members: Any) -> dict[str, Any]:
    """Return a message of a type."""
    return {"@context": [CONTEXT], "type": kind, **members}


def query(wanted: Sequence[Scope]) -> dict[str, Any]:
    """Return a question for credentials."""
    return message(QUERY, scope=[scopes.write(one) for one in wanted])


def read_query(told: Any) -> tuple[Scope, ...]:
    """Read which credentials are asked for; raises ContractError, UnsupportedError for a presentation definition."""
    document = _of(told, QUERY)
    has_scope, definition = "scope" in document, document.get("presentationDefinition")
    if has_scope == ("presentationDefinition" in document):
        raise ContractError("dcp", "a query has either `scope` or `presentationDefinition`")
    if has_scope:
        return scopes.read_all(document["scope"])
    if not isinstance(definition, dict) or not definition:
        raise ContractError("dcp", "`presentationDefinition` is an object that defines something")
    raise UnsupportedError("dcp", "presentation definitions are not read here", "ask by `scope`")


def read_response(told: Any) -> list[str]:
    """Read the presentations (as JWTs) of an answer; raises ContractError."""
    listed = _of(told, RESPONSE).get("presentation")
    if not isinstance(listed, list) or len(listed) > PRESENTATIONS_MAX:
        raise ContractError("dcp", f"`presentation` is a list of at most {PRESENTATIONS_MAX}")
    return [_text(one, "presentation", PAYLOAD_CHARACTERS_MAX) for one in listed]


def read_delivery(told: Any) -> Delivery:
    """Read what an issuer delivers; raises ContractError."""
    document = _of(told, CREDENTIALS)
    status = document.get("status")
    if status not in (ISSUED, REJECTED):
        raise ContractError("dcp", f"`status` is {ISSUED} or {REJECTED}")
    listed = _listed(document, "credentials") if status == ISSUED else []
    containers = [one if isinstance(one, dict) else {} for one in listed]
    reason = document.get("rejectionReason")
    return Delivery(
        issuer_pid=_text(document.get("issuerPid"), "issuerPid"),
        holder_pid=_text(document.get("holderPid"), "holderPid"),
        status=status,
        payloads=tuple(_text(one.get("payload"), "payload", PAYLOAD_CHARACTERS_MAX) for one in containers),
        reason=reason[:REASON_CHARACTERS_MAX] if isinstance(reason, str) else "",
    )


def read_request(told: Any) -> tuple[str, tuple[str, ...]]:
    """Return the holder's id of its request, and the ids of what it asks for; raises ContractError."""
    document = _of(told, REQUEST)
    wanted = [one.get("id") if isinstance(one, dict) else None for one in _listed(document, "credentials")]
    return _text(document.get("holderPid"), "holderPid"), tuple(_text(one, "credentials.id") for one in wanted)


def read_offer(told: Any) -> tuple[str, tuple[Offered, ...]]:
    """Return who offers, and what; raises ContractError."""
    document = _of(told, OFFER)
    return _text(document.get("issuer"), "issuer"), tuple(map(_offered, _listed(document, "credentials")))


def read_metadata(told: Any) -> tuple[str, tuple[tuple[str, str, str], ...]]:
    """Return who issues, and what: (id, type, profile) of each; raises ContractError."""
    document = _of(told, METADATA)
    found = [one for one in document.get("credentialsSupported") or [] if isinstance(one, dict)]
    names = ("id", "credentialType", "profile")
    rows = [[_text(one.get(name), name) for name in names] for one in found[:CREDENTIALS_MAX]]
    return _text(document.get("issuer"), "issuer"), tuple((row[0], row[1], row[2]) for row in rows)


def _offered(one: Any) -> Offered:
    told = one if isinstance(one, dict) else {}
    kind, reason = told.get("credentialType", ""), told.get("offerReason", "")
    return Offered(
        _text(told.get("id"), "credentials.id"),
        _text(kind, "credentialType") if kind else "",
        _text(reason, "offerReason") if reason else "",
    )


def _of(told: Any, kind: str) -> dict[str, Any]:
    """Return a message of a type; raises ContractError for another."""
    if not isinstance(told, dict) or told.get("type", told.get("@type")) != kind:
        raise ContractError("dcp", f"this is no `{kind}`")
    named = told.get("@context")
    if CONTEXT not in (named if isinstance(named, list) else [named]):
        raise ContractError("dcp", f"`@context` does not name {CONTEXT}")
    return told


def _listed(document: dict[str, Any], name: str) -> list[Any]:
    listed = document.get(name)
    if not isinstance(listed, list) or not 0 < len(listed) <= CREDENTIALS_MAX:
        raise ContractError("dcp", f"`{name}` is a list of one to {CREDENTIALS_MAX}")
    return listed


def _text(value: Any, name: str, longest: int = TEXT_CHARACTERS_MAX) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise ContractError("dcp", f"`{name}` is absent, or no text of at most {longest} characters")
    return value
