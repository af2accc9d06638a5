"""The stage of the demo for tests: patient callers, and people who start again what died."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.client.server import Server
from connector.demo import inspection, run
from connector.demo.processes import SERVE, Participant
from connector.demo.story import Cast, Script
from connector.runtime import settings
from connector.runtime.errors import PenstockError, ServerAbsent, explain_failure
from tests import founded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

CRASHING_SERVE = Path(__file__).resolve().parents[1] / "fault" / "crashing_serve.py"
# two small tables: an edition of a handful of rows, pulled in a few windows
SMALL = Script(tables=("planes", "weather"), kill=False)
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.1
RETRY_EXIT = 7  # "peer unreachable, safe to retry"


class Patient(Server):
    """A caller who asks again while the server, or a peer it needs, is being started again."""

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await super().call(method, path, body)
            except PenstockError as error:
                mends = isinstance(error, ServerAbsent) or explain_failure(error).exit_code == RETRY_EXIT
                if not mends or time.monotonic() > until:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)


def armed(fault: str) -> tuple[str, ...]:
    """The command of a server that dies at `fault` (see crashing_serve.py)."""
    return ("env", f"PENSTOCK_TEST_FAULT={fault}", sys.executable, str(CRASHING_SERVE))


class Attendant:
    """Starts one participant again whenever it dies, armed with its next fault as long as there are any."""

    def __init__(self, person: Participant, faults: Sequence[str]) -> None:
        self._person = person
        self._left = list(faults)
        self.died: list[str] = []

    def arm(self) -> tuple[str, ...]:
        """The command of the next start."""
        return armed(self._left[0]) if self._left else SERVE

    async def attend(self) -> None:
        """Look after the participant, from its first start on; it may die while it starts."""
        while True:
            await self._person.wait()
            self.died.append(self._left.pop(0) if self._left else "unexpected")
            self._person.command = self.arm()
            # one that dies again while it starts is another fault, or the next attempt
            with contextlib.suppress(ServerAbsent):
                await self._person.start()


@contextlib.asynccontextmanager
async def theatre(
    folder: Path, seed: int, faults: Mapping[str, Sequence[str]], script: Script = SMALL
) -> AsyncIterator[tuple[Cast, dict[str, Attendant]]]:
    """The stage with participants that die at `faults` (role → faults in the order of the journey) and come back."""
    commands = {role: armed(of_role[0]) for role, of_role in faults.items() if of_role}
    attendants: dict[str, Attendant] = {}
    tasks: list[asyncio.Task[None]] = []

    async def begin(person: Participant) -> None:
        role = person.data.name
        # what is written of the chain is a place to die at
        founded.lend(person.data, settings.load(person.data, {}), chain=False)
        attendants[role] = Attendant(person, faults.get(role, ()))
        with contextlib.suppress(ServerAbsent):
            await person.start()
        tasks.append(asyncio.create_task(attendants[role].attend(), name=f"attendant of the {role}"))

    async with run.stage(folder, seed, script=script, commands=commands, door=Patient, begin=begin) as cast:
        try:
            yield cast, attendants
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def played(folder: Path, seed: int, faults: Mapping[str, Sequence[str]], script: Script = SMALL) -> Played:
    """Play a journey in which processes die at `faults`, and audit it."""
    async with theatre(folder, seed, faults, script) as (cast, attendants):
        await run.journey(cast, folder, print)
        audit = await inspection.audit(cast)
        figures = inspection.figures(cast, audit, [], 0.0)
        return Played(cast, figures, audit, {role: one.died for role, one in attendants.items()})


class Played:
    """A journey that was played to its end: cast, figures, audit, and at which faults each role died."""

    def __init__(self, cast: Cast, figures: dict[str, Any], audit: dict[str, Any], died: dict[str, list[str]]) -> None:
        self.cast, self.figures, self.audit, self.died = cast, figures, audit, died
