"""Who a provider says that somebody is: the subject, a name, groups, and whether a second factor was shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.runtime.limits import OIDC_GROUPS_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.runtime.settings_table import Oidc


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody whom the provider has proven; `is_whole` says that both claims of the settings were there."""

    subject: str
    name: str
    groups: frozenset[str]
    strong: bool
    is_whole: bool

    @classmethod
    def read(cls, claims: Mapping[str, Any], settings: Oidc) -> Guest:
        """Return whom claims are of; a claim of another type counts as absent."""
        name, groups = _found(claims, settings.name), _found(claims, settings.groups)
        listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        methods = claims.get("amr")
        shown = [claims.get("acr"), *(methods if isinstance(methods, list) else [])]
        return cls(
            subject=claims["sub"],
            name=name.lower() if isinstance(name, str) else "",
            groups=frozenset(one for one in listed[:OIDC_GROUPS_MAX] if isinstance(one, str)),
            strong=any(one in settings.strong for one in shown),
            is_whole=name is not None and groups is not None,
        )


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or by the way to it where it lies within another (`realm_access.roles`)."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for step in name.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found
