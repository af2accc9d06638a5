"""Spaces that have grown along one axis: what makes them longer, past the program, on folders that are thrown away.

A space trades once (`bench.history.trade`). Then, for each size, the folders of all are copied as they were, and rows
of that deal in the tables of who grows as often as it says; events of a log are recorded by the log itself, with its
tree, its boxes and its heads, because their hashes hang together.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from itertools import islice
from typing import TYPE_CHECKING

from bench import history
from bench.log import recorder
from bench.nationwide import admission
from bench.space import EXCHANGE, Space
from connector.app import ground
from connector.client.server import Server
from connector.demo.processes import SERVE, Participant, free_ports
from connector.net.outbound import Outbound
from connector.runtime import settings
from connector.runtime.clock import Clock
from connector.store.store import Store
from connector.store.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

PEOPLE = (EXCHANGE, "regulator", *history.ROLES)
WINDOWS = 10  # of each copied channel
EVENTS_AN_ACT = 64
PRODUCTS_OF_ONE = 1_000


def agreements(folder: Path, size: int) -> None:
    """Give provider and buyer so many agreements, with all that belongs to them."""
    for role in history.ROLES:
        history.lengthen(folder / role / history.DATABASE, size, WINDOWS)


def nothing(_folder: Path, _size: int) -> None:
    """Leave the space as it is: what it holds more is made by its own work."""


def listings(folder: Path, size: int) -> None:
    """Have the exchange list so many products of others; its next start takes them into its index."""
    provider = f"'did:web:' || (n / {PRODUCTS_OF_ONE}) || '.example'"
    ago = {"seq": "seq + n", "title": "title || ' ' || n", "provider": provider}
    with history.opened(folder / EXCHANGE / history.DATABASE) as connection:
        history.copy(connection, "listings", [history.PRODUCT], size, ago)


def members(folder: Path, size: int) -> None:
    """Have the exchange admit so many members that are never there, on its chain as well."""
    (port,) = free_ports(1)
    data = folder / EXCHANGE
    did = settings.load(data, {}, {}).did
    mined = admission.register(data, did, admission.residents(size, port))
    admission.enlist(data, admission.residents(size, port), mined)


def events(folder: Path, size: int) -> None:
    """Record so many events of windows in the logs of provider and buyer."""
    for role in history.ROLES:
        asyncio.run(_recorded(folder / role, size))


async def _recorded(data: Path, size: int) -> None:
    told = settings.load(data, {}, {})
    identity = await ground.identity(data, told, Clock())
    log = ground.evidence(told, identity)
    store, parts = await Store.open(data / history.DATABASE, TABLES), recorder(log)
    try:
        for first in range(0, size, EVENTS_AN_ACT):
            acts = list(islice(parts, min(EVENTS_AN_ACT, size - first)))
            await store.write(lambda tx, acts=acts: [act(tx) for act in acts])  # type: ignore[misc]
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def grown(
    made: Path, folder: Path, size: int, longer: Callable[[Path, int], None], starts: str
) -> AsyncIterator[tuple[Space, float]]:
    """Run the space of `made` in `folder`, made longer; yield it, and how soon `starts` was ready the second time."""
    for role in PEOPLE:
        shutil.copytree(made / role, folder / role)
        shutil.copy(made / f"{role}.kek", folder) if (made / f"{role}.kek").exists() else None
    await asyncio.to_thread(longer, folder, size)
    people = {role: Participant(folder / role, SERVE) for role in PEOPLE}
    async with Outbound(development=True) as outbound:
        doors = {role: Server(person.data, outbound) for role, person in people.items()}
        try:
            await people[EXCHANGE].start()
            await asyncio.gather(*(person.start() for role, person in people.items() if role != EXCHANGE))
            await people[starts].stop()  # indexes that are new were made by that start
            begun = time.perf_counter()
            await people[starts].start()
            yield Space(people, doors), time.perf_counter() - begun
        finally:
            await asyncio.gather(*(person.stop() for person in people.values()))
