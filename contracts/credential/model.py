"""A verifiable credential as a value, and as what a JWT of either profile carries.

Law: (1) what the JWT says of issuer and times binds beside what the credential says: both must allow, and two issuers
are one contradiction. (2) All subjects of a credential are one holder; one that names none is nobody's. (3) A member
that limits a credential (status, schema) is read whole, or the credential is refused: none is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from contracts.credential.profiles import CREDENTIAL, FIRST, SECOND
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.credential.profiles import Profile

TEXT_CHARACTERS_MAX: Final = 1_024
LISTED_MAX: Final = 16
# seconds since 1970 of the year 9999
TIME_MAX: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Status:
    """One place in a status list: kind (its `type`), what a set bit means, and where the list is."""

    kind: str
    purpose: str
    place: int
    url: str


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema that the issuer says its claims follow."""

    kind: str
    url: str


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential; `subject` is its claims, `holder` the DID that they are of, `ends` None for one without an end."""

    id: str
    types: tuple[str, ...]
    issuer: str
    holder: str
    subject: Mapping[str, Any]
    begins: datetime
    ends: datetime | None
    statuses: tuple[Status, ...] = ()
    schemas: tuple[Schema, ...] = ()
    profile: Profile = FIRST
    document: Mapping[str, Any] = field(default_factory=dict)

    def holds_at(self, now: datetime) -> bool:
        """Say whether it is valid at a moment."""
        return self.begins <= now and (self.ends is None or now < self.ends)


def claims(credential: Credential, issued: datetime) -> dict[str, Any]:
    """Return what a JWT carries of a credential that is issued now."""
    profile = credential.profile
    told: dict[str, Any] = {
        "@context": [profile.context],
        "id": credential.id,
        "type": [CREDENTIAL, *credential.types],
        "issuer": credential.issuer,
        profile.begins: _stamp(credential.begins),
        **({profile.ends: _stamp(credential.ends)} if credential.ends else {}),
        "credentialSubject": {**credential.subject, "id": credential.holder},
    }
    entries = [
        {
            "id": f"{one.url}#{one.place}",
            "type": one.kind,
            "statusPurpose": one.purpose,
            "statusListIndex": str(one.place),
            "statusListCredential": one.url,
        }
        for one in credential.statuses
    ]
    if entries:
        told["credentialStatus"] = entries[0] if len(entries) == 1 else entries
    said: dict[str, Any] = {"iss": credential.issuer, "sub": credential.holder, "jti": credential.id}
    said |= {"iat": int(issued.timestamp()), "nbf": int(credential.begins.timestamp())}
    said |= {"exp": int(credential.ends.timestamp())} if credential.ends else {}
    return told | said if profile.enveloped else said | {"vc": told}


def read(payload: Any, now: datetime) -> Credential:
    """Read what a JWT carries as a credential; raises ContractError for what is none."""
    if not isinstance(payload, dict):
        raise ContractError("credential", "a credential is an object")
    inner = payload.get("vc")
    profile, document = (FIRST, inner) if isinstance(inner, dict) else (SECOND, payload)
    if profile is SECOND and SECOND.context not in _listed(document, "@context"):
        raise ContractError("credential", f"a credential without `vc` names the context {SECOND.context}")
    holder, subject = _subject(document)
    begins, ends = _validity(payload, document, profile, now)
    return Credential(
        id=_text(document.get("id", payload.get("jti", "")), "id", empty=True),
        types=tuple(_text(one, "type") for one in _listed(document, "type") if one != CREDENTIAL),
        issuer=_issuer(payload, document),
        holder=holder,
        subject=subject,
        begins=begins,
        ends=ends,
        statuses=tuple(map(_status, _listed(document, "credentialStatus"))),
        schemas=tuple(map(_schema, _listed(document, "credentialSchema"))),
        profile=profile,
        document=document,
    )


def _subject(document: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    subjects = _listed(document, "credentialSubject")
    if not subjects or not all(isinstance(one, dict) for one in subjects):
        raise ContractError("credential", "`credentialSubject` is an object")
    holders = {_text(one.get("id"), "credentialSubject.id") for one in subjects}
    if len(holders) != 1:
        raise ContractError("credential", "a credential with several holders is nobody's")
    return holders.pop(), subjects[0]


def _issuer(payload: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    told = document.get("issuer", payload.get("iss"))
    issuer = _text(told.get("id") if isinstance(told, dict) else told, "issuer")
    if payload.get("iss", issuer) != issuer:
        raise ContractError("credential", "the credential has another issuer than the JWT that carries it")
    return issuer


def _validity(
    payload: Mapping[str, Any], document: Mapping[str, Any], profile: Profile, now: datetime
) -> tuple[datetime, datetime | None]:
    """Return from when and until when both the credential and its JWT hold."""
    begins = [_moment(document[profile.begins], profile.begins)] if document.get(profile.begins) is not None else []
    begins += [_second(payload[name], name) for name in ("nbf",) if payload.get(name) is not None]
    ends = [_moment(document[profile.ends], profile.ends)] if document.get(profile.ends) is not None else []
    ends += [_second(payload["exp"], "exp")] if payload.get("exp") is not None else []
    return max(begins, default=now), min(ends, default=None)


def _status(told: Any) -> Status:
    if not isinstance(told, dict):
        raise ContractError("credential", "`credentialStatus` is an object")
    place = told.get("statusListIndex")
    number = str(place) if type(place) is int else _text(place, "statusListIndex")
    if not number.isdecimal() or not number.isascii() or len(number) > len("99999999"):
        raise ContractError("credential", "`statusListIndex` is a whole number")
    return Status(
        kind=_text(told.get("type"), "credentialStatus.type"),
        purpose=_text(told.get("statusPurpose"), "statusPurpose"),
        place=int(number),
        url=_text(told.get("statusListCredential"), "statusListCredential"),
    )


def _schema(told: Any) -> Schema:
    if not isinstance(told, dict):
        raise ContractError("credential", "`credentialSchema` is an object")
    return Schema(_text(told.get("type"), "credentialSchema.type"), _text(told.get("id"), "credentialSchema.id"))


def _listed(document: Mapping[str, Any], name: str) -> list[Any]:
    told = document.get(name)
    listed = told if isinstance(told, list) else [] if told is None else [told]
    if len(listed) > LISTED_MAX:
        raise ContractError("credential", f"`{name}` has more than {LISTED_MAX} entries")
    return listed


def _text(value: Any, name: str, *, empty: bool = False) -> str:
    if not isinstance(value, str) or len(value) > TEXT_CHARACTERS_MAX or not (value or empty):
        raise ContractError("credential", f"`{name}` is absent, or no text of at most {TEXT_CHARACTERS_MAX} characters")
    return value


def _moment(value: Any, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(_text(value, name))
    except ValueError as error:
        raise ContractError("credential", f"`{name}` is no date and time") from error
    if found.tzinfo is None:
        raise ContractError("credential", f"`{name}` has no time zone")
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise ContractError("credential", f"`{name}` is beyond the calendar") from error


def _second(value: Any, name: str) -> datetime:
    if type(value) not in (int, float) or not 0 <= value <= TIME_MAX:
        raise ContractError("credential", f"`{name}` is no number of seconds")
    return datetime.fromtimestamp(value, UTC)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
