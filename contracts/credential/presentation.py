"""A verifiable presentation: credentials that their holder shows to one verifier, as what a JWT carries.

Law: a presentation has credentials of one profile; who shows it and to whom is said by the JWT (`iss`, `aud`), so that
nobody shows it again elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contracts.credential.model import LISTED_MAX
from contracts.credential.profiles import ENVELOPED, PRESENTATION
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from contracts.credential.profiles import Profile

SECONDS: Final = 120
# an enveloped credential is a data URL of this media type
ENVELOPE: Final = "data:application/vc+jwt,"


def claims(
    holder: str, verifier: str, credentials: Sequence[str], profile: Profile, jti: str, now: datetime
) -> dict[str, Any]:
    """Return what a JWT carries of credentials (as JWTs, all of `profile`) that are shown now."""
    begins = int(now.timestamp())
    said = {"iss": holder, "sub": holder, "aud": verifier, "jti": jti}
    times = {"iat": begins, "nbf": begins, "exp": begins + SECONDS}
    told = {"@context": [profile.context], "id": f"urn:uuid:{jti}", "type": [PRESENTATION], "holder": holder}
    if not profile.enveloped:
        return {**said, **times, "vp": told | {"verifiableCredential": list(credentials)}}
    enveloped = [{"@context": [profile.context], "id": ENVELOPE + one, "type": ENVELOPED} for one in credentials]
    return {**told, **said, **times, "verifiableCredential": enveloped}


def read(payload: Mapping[str, Any]) -> list[str]:
    """Return the credentials (as JWTs) that a presentation shows; raises ContractError for what is none."""
    inner = payload.get("vp")
    document = inner if isinstance(inner, dict) else payload
    listed = document.get("verifiableCredential")
    listed = listed if isinstance(listed, list) else [] if listed is None else [listed]
    if len(listed) > LISTED_MAX:
        raise ContractError("presentation", f"a presentation shows at most {LISTED_MAX} credentials")
    return [_raw(one) for one in listed]


def _raw(one: Any) -> str:
    told = one.get("id") if isinstance(one, dict) and one.get("type") in (ENVELOPED, [ENVELOPED]) else one
    if not isinstance(told, str):
        raise ContractError("presentation", "a credential is a JWT, by itself or enveloped", "no other proof is read")
    return told.removeprefix(ENVELOPE)
