"""The roles of a space's members and what each does at the exchange, as a table: no row, no doing.

A role says what somebody is in the space; what is traded is agreed between two of them all the same. A service party
works on others' data and so trades on both sides; a broker brings sides together and trades nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Doing(StrEnum):
    """What a member does at the exchange."""

    FIND = "find"
    LIST = "list"
    DEMAND = "demand"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its words, what its members do at the exchange, and the roles that its connector plays besides."""

    key: str
    en: str
    zh: str
    does: frozenset[Doing]
    plays: frozenset[str] = frozenset()


NODE = "node"
# those whose connectors negotiate and sign contracts on data
TRADERS = frozenset({"provider", "buyer"})
_TRADE = frozenset({Doing.FIND, Doing.LIST, Doing.DEMAND})

ROLES: Mapping[str, Role] = {
    role.key: role
    for role in (
        Role("provider", "provider", "数据提供方", _TRADE),
        # who buys may list what it made of it
        Role("buyer", "consumer", "数据使用方", _TRADE),
        Role("exchange", "exchange", "交易平台运营方", _TRADE),
        Role("regulator", "regulator", "监管方", frozenset({Doing.FIND, Doing.RULE})),
        Role("service", "service party", "数据服务方", _TRADE, TRADERS),
        Role("broker", "broker", "数据经纪方", frozenset({Doing.FIND, Doing.DEMAND})),
        Role("arbitrator", "arbitrator", "仲裁方", frozenset({Doing.FIND, Doing.RULE})),
        # assigns the codes of the national infrastructure and keeps copies of the members' logs
        Role(NODE, "node", "功能节点", frozenset({Doing.FIND})),
    )
}


def played(roles: tuple[str, ...]) -> frozenset[str]:
    """Return the roles of a connector with all that they play besides."""
    return frozenset(roles).union(*(ROLES[role].plays for role in roles if role in ROLES))


def trades(role: str) -> bool:
    """Say whether the connectors of a role's members take contracts on data, by the role or what it plays besides."""
    return not TRADERS.isdisjoint(played((role,)))


def does(role: str, doing: Doing) -> bool:
    """Say whether members of a role do this at the exchange."""
    return role in ROLES and doing in ROLES[role].does
