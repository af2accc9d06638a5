"""The status lists of an issuer: which of the credentials that it gave are revoked, for everybody who reads them.

Law: a list says what is revoked when it is asked for; it is made anew when that, or the key that signs it, has changed,
or after STATUS_SECONDS, and not for each reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.runtime.errors import Absent
from connector.runtime.limits import STATUS_SECONDS
from contracts.credential import status_list
from contracts.credential.profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.core.core import Core
    from contracts.canonical import JsonObject
    from contracts.credential.profiles import Profile

    Sign = Callable[[Profile, Mapping[str, Any]], str]

PURPOSE: Final = "revocation"
NEXT: Final = "SELECT coalesce(max(place) + 1, 0) FROM issued"
REVOKED: Final = "SELECT place FROM issued WHERE place >= ? AND place < ? AND revoked IS NOT NULL"


class StatusLists:
    """The lists of one issuer, in both profiles, signed and not."""

    def __init__(self, core: Core, sign: Sign) -> None:
        self._core, self._sign = core, sign
        # list, form and key → which places were set, when it was made (monotonic seconds), and what is read of it
        self._made: dict[tuple[str, int, str], tuple[list[int], float, JsonObject | str]] = {}

    async def told(self, alias: str, number: int, *, signs: bool) -> JsonObject | str:
        """Return the list of a number as a credential of ours, a JWT if it `signs`; raises Absent for none."""
        profile = next((one for one in PROFILES.values() if one.alias.startswith(alias + "/")), None)
        first = number * status_list.BITS
        if profile is None or first >= await self._core.store.read(lambda tx: tx.column(NEXT)[0]):
            raise Absent("there is no such status list")
        places = await self._core.store.read(lambda tx: tx.column(REVOKED, first, first + status_list.BITS))
        key = (alias, number, self._core.identity.credential.kid if signs else "")
        at = self._core.clock.monotonic()
        had, made, told = self._made.get(key, (None, at, ""))
        if had != places or at - made >= STATUS_SECONDS:
            told = self._list(profile, f"{alias}/{number}", [place - first for place in places], signs=signs)
            self._made[key] = places, at, told
        return told

    def _list(self, profile: Profile, name: str, places: Sequence[int], *, signs: bool) -> JsonObject | str:
        """Return a list in which some places are set."""
        identity, now = self._core.identity, self._core.clock.now().replace(microsecond=0)
        url = f"{identity.url}/issuer/status/{name}"
        subject = {
            "id": url + "#list",
            "type": profile.listed,
            "statusPurpose": PURPOSE,
            "encodedList": status_list.write(places),
        }
        told: dict[str, Any] = {
            "@context": [profile.context],
            "id": url,
            "type": ["VerifiableCredential", profile.list_credential],
            "issuer": identity.did,
            profile.begins: now.isoformat().replace("+00:00", "Z"),
            "credentialSubject": subject,
        }
        if not signs:
            return told
        said = {"iss": identity.did, "sub": url, "jti": f"{url}#{int(now.timestamp())}", "iat": int(now.timestamp())}
        return self._sign(profile, told | said if profile.enveloped else said | {"vc": told})
