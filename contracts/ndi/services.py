"""Service parties (服务方) of a contract: who they are, what they do in it, and their share of its price.

    "serviceParties": [{"entityId": "did:web:broker.example", "role": "broker", "share": "500"}, …]

Law: (1) they stand in the strategy's `policyExpansion`, so all that sign the contract sign who they are and what they
get. (2) Shares are basis points of the price, and amounts are floors of it; what is left is the provider's, so that all
add up to the price exactly. (3) They stand in the order of their names: one contract is written in one way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.errors import ContractError
from contracts.split import WHOLE_BPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MEMBER: Final = "serviceParties"
# a contract is filed with eight signatures at most, of which two are the provider's and the consumer's
SERVICES_MAX: Final = 6
ENTITY_CHARACTERS_MAX: Final = 512
# what a service party does, in English and 中文
ROLES: Final = {
    "broker": ("broker", "数据经纪"),
    "host": ("host", "托管"),
    "platform": ("platform", "平台"),
    "processor": ("processor", "加工"),
}


@dataclass(frozen=True, slots=True, order=True)
class ServiceParty:
    """One service party: its DID, its role, and its share in basis points of the price."""

    entity: str
    role: str
    bps: int

    def __post_init__(self) -> None:
        if not self.entity.startswith("did:") or len(self.entity) > ENTITY_CHARACTERS_MAX:
            raise ContractError("service", f"`{self.entity[:80]}` is no DID of a service party")
        if self.role not in ROLES:
            raise ContractError(
                "service", f"`{self.role[:40]}` is no role of a service party", f"one of {', '.join(ROLES)}"
            )
        if not 0 <= self.bps < WHOLE_BPS:
            raise ContractError("service", f"a share is 0 to {WHOLE_BPS - 1} basis points, not {self.bps}")

    def json(self) -> dict[str, str]:
        """Return the form in which it stands in a strategy."""
        return {"entityId": self.entity, "role": self.role, "share": str(self.bps)}


def ordered(parties: Iterable[ServiceParty]) -> tuple[ServiceParty, ...]:
    """Return the service parties of one contract in their order; raises ContractError where they are none together."""
    found = tuple(sorted(parties))
    if len(found) > SERVICES_MAX:
        raise ContractError("service", f"a contract has at most {SERVICES_MAX} service parties")
    if len({one.entity for one in found}) != len(found):
        raise ContractError("service", "a service party stands twice in the contract")
    if sum(one.bps for one in found) >= WHOLE_BPS:
        raise ContractError("service", "the shares of the service parties leave nothing of the price to the provider")
    return found


def read(document: Any) -> tuple[ServiceParty, ...]:
    """Read what `json` writes of each, in their order and no other; raises ContractError."""
    members = {"entityId", "role", "share"}
    if not isinstance(document, list) or not all(isinstance(one, dict) and set(one) == members for one in document):
        raise ContractError("service", f"`{MEMBER}` is a list of objects with `entityId`, `role` and `share`")
    if not all(isinstance(value, str) for one in document for value in one.values()):
        raise ContractError("service", f"the members of `{MEMBER}` are texts")
    if any(not (one["share"].isascii() and one["share"].isdecimal() and len(one["share"]) < 5) for one in document):
        raise ContractError("service", "a share is a whole number of basis points")
    found = ordered(ServiceParty(one["entityId"], one["role"], int(one["share"])) for one in document)
    if [one.json() for one in found] != document:
        raise ContractError("service", f"`{MEMBER}` stands in the order of its names, each share without zeros before")
    return found


def amounts(minor: int, parties: Sequence[ServiceParty]) -> tuple[int, ...]:
    """Return what of a price each service party gets, in minor units and in their order; the rest is the provider's."""
    found = tuple(minor * one.bps // WHOLE_BPS for one in parties)
    assert 0 <= sum(found) <= minor
    return found
