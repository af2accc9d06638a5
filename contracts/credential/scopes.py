"""Scopes: which credentials of a holder somebody may see, or asks for (DCP 1.0.1, "Scopes").

    org.eclipse.dspace.dcp.vc.type:MembershipCredential          by type
    org.eclipse.dspace.dcp.vc.id:8247b87d-…                      by id

Law: what the text does not have, and everybody sends, is taken: `:read` at the end, and EDC's older alias. It is sent,
too, for there are services that find nothing without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TYPE: Final = "org.eclipse.dspace.dcp.vc.type"
ID: Final = "org.eclipse.dspace.dcp.vc.id"
# alias → what its scopes name a credential by
ALIASES: Final[Mapping[str, str]] = {TYPE: "type", ID: "id", "org.eclipse.edc.vc.type": "type"}
ACCESS: Final = ("read", "all", "*")
SCOPES_MAX: Final = 32
SCOPE_CHARACTERS_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Scope:
    """Credentials that are named by `type` or by `id`."""

    by: str
    value: str

    def covers(self, types: Iterable[str], identifier: str) -> bool:
        """Say whether a credential with these types and this id is one of them."""
        return self.value == identifier if self.by == "id" else self.value in types


def write(scope: Scope) -> str:
    """Return a scope as it is sent."""
    return f"{TYPE if scope.by == 'type' else ID}:{scope.value}:{ACCESS[0]}"


def read(text: Any) -> Scope:
    """Read one scope; raises ContractError for one that names nothing that we know."""
    if not isinstance(text, str) or not 0 < len(text) <= SCOPE_CHARACTERS_MAX:
        raise ContractError("scope", f"a scope is text of at most {SCOPE_CHARACTERS_MAX} characters")
    alias, _, rest = text.partition(":")
    value, _, access = rest.rpartition(":")
    value = value if access in ACCESS else rest
    if alias not in ALIASES or not value:
        raise ContractError("scope", f"`{text[:100]}` is no scope that is known here", f"write {TYPE}:TYPE")
    return Scope(ALIASES[alias], value)


def read_all(listed: Any) -> tuple[Scope, ...]:
    """Read a list of scopes, which is not empty; raises ContractError."""
    if not isinstance(listed, list) or not 0 < len(listed) <= SCOPES_MAX:
        raise ContractError("scope", f"`scope` is a list of one to {SCOPES_MAX} scopes")
    return tuple(dict.fromkeys(map(read, listed)))
