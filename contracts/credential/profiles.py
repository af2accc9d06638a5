"""The profiles of DCP 1.0.1: which data model a credential has, how it is signed, how it is revoked.

Law: a presentation has credentials of one profile alone ("Homogeneity requirement").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

CREDENTIAL, PRESENTATION = "VerifiableCredential", "VerifiablePresentation"
ENVELOPED: Final = "EnvelopedVerifiableCredential"


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile; `enveloped` says that the credential is the JWT's payload itself, not its member `vc`.

    `format` is its name in a message of issuance, `typ` and `presented` are header types of the two JWTs, `entry` and
    `listed` the types of a status and of the list that it points into.
    """

    alias: str
    format: str
    context: str
    enveloped: bool
    typ: str
    presented: str
    entry: str
    listed: str
    begins: str
    ends: str

    @property
    def list_credential(self) -> str:
        """The type of the credential that has a status list."""
        return self.listed + "Credential"


FIRST: Final = Profile(
    alias="vc11-sl2021/jwt",
    format="VC1_0_JWT",
    context="https://www.w3.org/2018/credentials/v1",
    enveloped=False,
    typ="JWT",
    presented="JWT",
    entry="StatusList2021Entry",
    listed="StatusList2021",
    begins="issuanceDate",
    ends="expirationDate",
)
SECOND: Final = Profile(
    alias="vc20-bssl/jwt",
    format="VC2_0_JOSE",
    context="https://www.w3.org/ns/credentials/v2",
    enveloped=True,
    typ="vc+jwt",
    presented="vp+jwt",
    entry="BitstringStatusListEntry",
    listed="BitstringStatusList",
    begins="validFrom",
    ends="validUntil",
)
PROFILES: Final[Mapping[str, Profile]] = {one.alias: one for one in (FIRST, SECOND)}
# type of a status → type of what its list says of itself; either may stand in a credential of either model
LISTS: Final[Mapping[str, str]] = {one.entry: one.listed for one in (FIRST, SECOND)}
