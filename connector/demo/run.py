"""`penstock demo`: four participants, three products, one journey, and everything checked at the end."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from connector.client.server import Server
from connector.demo import flights, forgery, inspection, report, story
from connector.demo.processes import SERVE, Participant, free_ports
from connector.demo.story import Cast, Script
from connector.net.outbound import Outbound
from connector.operation.initialise import initialise
from connector.runtime import files

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence

    from connector.demo.report import Outcome

ROLES = ("exchange", "regulator", "provider", "buyer")
REGIONS = {"exchange": "US-NY", "regulator": "US-NY", "provider": "US-NY", "buyer": "US-CA"}
NAMES = {
    "exchange": "Hudson Data Exchange",
    "regulator": "Harbour Data Authority",
    "provider": "Gotham Aviation Archive",
    "buyer": "Tailwind Research",
}
Say = Callable[[str], None]
Show = Callable[["Outcome", "list[str]"], None]
# where the demo writes its data, and from where its provider's console may publish
TABLES = "tables"
DEMO = Script()


@contextlib.asynccontextmanager
async def stage(
    folder: Path,
    seed: int,
    *,
    script: Script = DEMO,
    commands: Mapping[str, Sequence[str]] | None = None,
    door: Callable[[Path, Outbound], Server] = Server,
    begin: Callable[[Participant], Awaitable[None]] = Participant.start,
) -> AsyncIterator[Cast]:
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
            folders=(str(folder / TABLES),) if role == "provider" else None,
        )
        people[role] = Participant(data, (commands or {}).get(role, SERVE))
    async with Outbound(development=True) as outbound:
        doors = {role: door(person.data, outbound) for role, person in people.items()}
        cast = Cast(people["provider"], people["buyer"], people["exchange"], people["regulator"], doors, seed, script)
        try:
            # all at once: who needs the exchange waits for it
            await asyncio.gather(*map(begin, people.values()))
            yield cast
        finally:
            await asyncio.gather(*(person.stop() for person in people.values()))


async def journey(cast: Cast, folder: Path, say: Say) -> None:
    """Play steps 1 to 6, anchor the heads, and look back."""
    tables = asyncio.create_task(asyncio.to_thread(flights.write_tables, folder / TABLES, cast.script.tables))
    await story.gather_members(cast)
    cast.tables = await tables
    steps: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = (
        ("publishing", lambda: story.publish(cast)),
        ("reviewing and listing", lambda: story.list_and_find(cast)),
        ("negotiating and pulling, with a kill in the middle", lambda: story.agree_and_pull(cast)),
        ("opening", lambda: story.open_replicas(cast, folder / "opened")),
        ("asking where the data are", lambda: story.compute(cast)),
        ("settling", lambda: story.settle(cast)),
        # before the audit: who may come in is an event, and what is audited is all that a visitor finds
        ("opening consoles", lambda: story.open_consoles(cast)),
        ("anchoring", lambda: story.anchor(cast)),
        ("looking back", lambda: story.look_back(cast)),
    )
    for name, step in steps:
        say(name)
        await step()


async def judged(cast: Cast, folder: Path, begun: float, say: Say) -> Outcome:
    """Play steps 7 and 8 and judge the whole; `begun` is when the demo began, on the monotonic clock."""
    say("auditing")
    audit = cast.notes["audit"] = await inspection.audit(cast)
    say("forging on copies, and auditing each")
    forgeries = await forgery.drill(cast, folder / "forged")
    figures = inspection.figures(cast, audit, forgeries, time.monotonic() - begun)
    return await asyncio.to_thread(report.judge, cast, figures, folder)


async def run(
    *,
    keep: bool,
    seed: int | None,
    folder: Path | None,
    say: Say,
    show: Show | None = None,
    script: Script = DEMO,
) -> Outcome:
    """Play the whole journey and return what it showed; with `keep` show it and leave everything running.

    SIGTERM ends it as an interrupt does, with every process stopped: KeyboardInterrupt.
    """
    begun = time.monotonic()
    drawn = secrets.randbits(32) if seed is None else seed
    base = folder or Path(tempfile.mkdtemp(prefix="penstock-demo-"))
    files.make_folder(base)
    try:
        with stopped_by(signal.SIGTERM):
            async with stage(base, drawn, script=script) as cast:
                await journey(cast, base, say)
                outcome = await judged(cast, base, begun, say)
                if keep:
                    say("running until interrupted")
                    if show is not None:
                        show(outcome, report.addresses(cast))
                    await asyncio.Event().wait()
                return outcome
    finally:
        if folder is None:
            shutil.rmtree(base, ignore_errors=True)


@contextlib.contextmanager
def stopped_by(number: signal.Signals) -> Iterator[None]:
    """Have a signal cancel the work inside, which then ends as if interrupted."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    told = asyncio.Event()

    def stop() -> None:
        told.set()
        task.cancel()

    loop.add_signal_handler(number, stop)
    try:
        yield
    except asyncio.CancelledError:
        if told.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        loop.remove_signal_handler(number)
