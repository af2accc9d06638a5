"""Where a space of a given size needs more than there is: each wall with what is needed, what there is, and when.

Law: a wall's share is what is needed divided by what there is, 1 where it stands. Needs follow the orders, the members
or the products of a space that grows in the same proportions, so one division says at how many members each binds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connector.operation.plan import year

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.operation.plan.year import Asked

# a public chain of today: blocks of 30 million gas, one every 12 seconds
CHAIN_GAS_A_DAY = 30_000_000 * year.DAY_SECONDS // 12
MACHINE_CORES = 16
# one participant works in one process unless several share its tables
PROCESS_CORES = 1
DISK_GIB = 2_048
CATALOGUE_PRODUCTS = 10_000_000


@dataclass(frozen=True, slots=True)
class Wall:
    """What stands in the way: the need, what there is, the share, and the members at which it binds."""

    name: str
    unit: str
    need: float
    limit: float
    members: int

    @property
    def share(self) -> float:
        """Return what is needed of what there is."""
        return self.need / self.limit


def _audit(asked: Asked) -> float:
    return year.audit_seconds(asked.events * year.DAYS) / year.DAY_SECONDS


# name → its unit, what is needed of it, what there is
_NEEDS: Final[Mapping[str, tuple[str, Callable[[Asked], float], float]]] = {
    "gas of a day on one chain": ("gas", lambda asked: asked.all_sides("gas"), CHAIN_GAS_A_DAY),
    "cores of the exchange": ("cores", lambda asked: year.exchange(asked).cores, MACHINE_CORES),
    "cores of a provider's process": ("cores", lambda asked: year.provider(asked).cores, PROCESS_CORES),
    "disk of a provider": ("GiB", lambda asked: year.provider(asked).disk_gib, DISK_GIB),
    "an audit of a whole year in one day": ("cores", _audit, MACHINE_CORES),
    "products in one catalogue": ("products", lambda asked: float(asked.products), CATALOGUE_PRODUCTS),
}


def of(asked: Asked) -> list[Wall]:
    """Return all walls, the nearest first."""
    found = []
    for name, (unit, need, limit) in _NEEDS.items():
        needed = need(asked)
        found.append(Wall(name, unit, needed, limit, int(asked.members * limit / needed)))
    return sorted(found, key=lambda wall: -wall.share)
