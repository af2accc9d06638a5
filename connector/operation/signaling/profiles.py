"""Transfer profiles that flows are of (DPS 1.0, HTTP profile): by each of their names, who sends.

    https://w3id.org/dspace-sig/profile/http-pull    the consumer fetches from an address of the provider's
    https://w3id.org/dspace-sig/profile/http-push    the provider sends to an address of the consumer's

Law: what EDC and its kit call these two is understood, too; the data address of a flow has the profile's own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = "https://w3id.org/dspace-sig/profile/"
PULL, PUSH = ROOT + "http-pull", ROOT + "http-push"
# name → whether the provider sends
PROFILES: Final[Mapping[str, bool]] = {
    PULL: False,
    PUSH: True,
    "HttpData-PULL": False,
    "HttpData-PUSH": True,
    "http-pull": False,
    "http-push": True,
}
# what is said of ourselves where we are registered
OWN: Final = tuple(PROFILES)[:4]


def endpoint_type(*, push: bool) -> str:
    """Return what the data address of a flow calls itself."""
    return PUSH if push else PULL
