"""`penstock demo`: four participants, two products, one journey, and everything checked at the end."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.cli.init import initialise
from connector.cli.server import Server
from connector.demo import flights, forgery, inspection, report, story
from connector.demo.processes import SERVE, Participant, free_ports
from connector.demo.story import Cast
from connector.outbound import Outbound

ROLES = ("exchange", "regulator", "provider", "buyer")
REGIONS = {"exchange": "US-NY", "regulator": "US-NY", "provider": "US-NY", "buyer": "US-CA"}
NAMES = {
    "exchange": "Hudson Data Exchange",
    "regulator": "Harbour Data Authority",
    "provider": "Gotham Aviation Archive",
    "buyer": "Tailwind Research",
}
Say = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """What a run showed: the figures of `--json`, the lines for a person, and whether all eight steps held."""

    figures: dict[str, Any]
    lines: list[str]
    held: bool
    failures: list[str] = field(default_factory=list)


@contextlib.asynccontextmanager
async def stage(folder: Path, seed: int, commands: dict[str, Sequence[str]] | None = None) -> AsyncIterator[Cast]:
    """Set up four data directories and start their processes; at the end stop whatever still runs."""
    ports = dict(zip(ROLES, free_ports(len(ROLES)), strict=True))
    exchange_url = f"http://localhost:{ports['exchange']}"
    people: dict[str, Participant] = {}
    for role in ROLES:
        data = folder / role
        initialise(
            data,
            name=NAMES[role],
            roles=(role,),
            region=REGIONS[role],
            port=ports[role],
            exchange="" if role == "exchange" else exchange_url,
            development=True,
        )
        people[role] = Participant(data, (commands or {}).get(role, SERVE))
    async with Outbound(development=True) as outbound:
        doors = {role: Server(person.data, outbound) for role, person in people.items()}
        cast = Cast(people["provider"], people["buyer"], people["exchange"], people["regulator"], doors, seed, [])
        try:
            await people["exchange"].start()
            await asyncio.gather(*(people[role].start() for role in ROLES[1:]))
            yield cast
        finally:
            await asyncio.gather(*(person.stop() for person in people.values()))


async def journey(cast: Cast, folder: Path, say: Say) -> None:
    """Steps 1 to 6, and the heads anchored."""
    tables = asyncio.create_task(asyncio.to_thread(flights.write_tables, folder / "tables"))
    await story.gather_members(cast)
    cast.tables = await tables
    steps: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = (
        ("publishing", lambda: story.publish(cast)),
        ("reviewing and listing", lambda: story.list_and_find(cast)),
        ("negotiating and pulling, with a kill in the middle", lambda: story.agree_and_pull(cast)),
        ("opening", lambda: story.open_replicas(cast, folder / "opened")),
        ("settling", lambda: story.settle(cast)),
        ("anchoring", lambda: story.anchor(cast)),
    )
    for name, step in steps:
        say(name)
        await step()


async def run(*, keep: bool, seed: int | None, folder: Path | None, say: Say) -> Outcome:
    """Play the whole journey and return what it showed; with `keep` the processes stay until interrupted."""
    begun = time.monotonic()
    drawn = secrets.randbits(32) if seed is None else seed
    base = folder or Path(tempfile.mkdtemp(prefix="penstock-demo-"))
    base.mkdir(parents=True, exist_ok=True)
    try:
        async with stage(base, drawn) as cast:
            await journey(cast, base, say)
            say("auditing")
            audit = await inspection.audit(cast)
            say("forging on copies, and auditing again")
            forgeries = await forgery.drill(cast, base / "forged")
            figures = inspection.figures(cast, audit, forgeries, base, time.monotonic() - begun)
            outcome = report.judge(cast, figures, base)
            if keep:
                report.print_addresses(cast, outcome, base)
                await asyncio.Event().wait()
            return outcome
    finally:
        if folder is None and not keep:
            shutil.rmtree(base, ignore_errors=True)
