"""A service of a participant: one row says its name, how it is made, and what it does while the participant runs.

Law: what a service needs are the parameters of what makes it, each the name of a service above it in the table or of a
part of the ground; a table that names something that is not there is refused at the start. Services start in the
table's order and close in the reverse.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connector.core.driver import Driver


@dataclass(frozen=True, slots=True)
class Service:
    """One row; `leased`: it goes on with its rows (`recover`) where the lease is held; `closes`: it has to be closed.

    A service that is driven has its `driver`, which rests without the lease and is closed with the participant.
    """

    name: str
    make: Callable[..., Any]
    leased: bool = False
    closes: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the names of what it is made of; what has a default is not asked for."""
        told = inspect.signature(self.make).parameters
        return tuple(name for name, one in told.items() if one.default is one.empty)


def build(house: Any, services: Sequence[Service], ground: Callable[[str], Any]) -> None:
    """Make every service and put it into the house under its name; `ground` finds what it needs by name."""
    for service in services:
        setattr(house, service.name, service.make(*map(ground, service.needs)))


def drivers(house: Any, services: Sequence[Service]) -> Iterator[Driver]:
    """Yield the drivers of the services that have one."""
    for service in services:
        driver = getattr(getattr(house, service.name), "driver", None)
        if driver is not None:
            yield driver


async def recover(house: Any, services: Sequence[Service]) -> None:
    """Have every leased service go on with what its rows say."""
    for service in services:
        if service.leased:
            await getattr(house, service.name).recover()


async def close(house: Any, services: Sequence[Service]) -> None:
    """Close drivers first, so that nothing is begun any more, then what has to be closed, last made first."""
    for driver in drivers(house, services):
        await driver.close()
    for service in reversed(services):
        if service.closes:
            await getattr(house, service.name).close()
