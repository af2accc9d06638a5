"""What befalls the participants of a soak, drawn by its seed: each row of `STRIKES` is a way to strike one.

killed        SIGKILL, and begun again at once or after a while
clock moved   it runs for a while with a clock that is wrong, by less than everybody allows (`CLOCK_LEEWAY_SECONDS`) or
              more, when others refuse its tokens and its orders wait
disk filled   no byte is free in its folder: it ends with 74 or has nothing to write, and is begun again with room
database      the server of everybody's tables is killed: they end with 74, and are begun again when it is back, or when
              its standby has taken its place (once)
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from connector.demo.processes import SERVE
from tests.fault.apart import DISK_EXIT, fill_up
from tests.soak.space import SPARED

QUIET_SECONDS = (2.0, 8.0)
AWAY_SECONDS = (0.0, 4.0)
SKEWED_SECONDS = (-40, 40)
SKEWED = (sys.executable, str(Path(__file__).parents[1] / "fault" / "skewed.py"), "serve")
# so long it runs with a wrong clock, or without a byte of room
STRANGE_SECONDS = 6.0
KILLED, CLOCK, DISK = "killed", "clock moved", "disk filled"
DATABASE, FAILED_OVER = "database killed", "failed over"
# a database that is gone is met within so long
NOTICED_SECONDS = 40.0


class Trouble:
    """Strikes one participant after the other until it is told to stop; `done` counts what it did."""

    def __init__(self, space, chance, say):
        self._space, self._chance, self._say = space, chance, say
        self.done, self.wrong = Counter(), []

    async def run(self, over):
        names = sorted(set(self._space.people) - SPARED)
        while not await _within(over, self._chance.uniform(*QUIET_SECONDS)):
            name, strike = self._chance.choice(names), self._chance.choice(self._ways())
            if strike == DATABASE:
                self._say(await self._strike_database(names))
                continue
            person = self._space.people[name]
            # a wrong clock is this program's, and there is no way back from it to an older one
            if (strike == DISK and name not in self._space.small) or (strike == CLOCK and person.command != SERVE):
                strike = KILLED
            async with person.struck:
                how = await STRIKES[strike](self, name, person)
            self.done[strike] += 1
            self._say(f"{name}: {strike}, {how}; ready after {person.starts[-1]:.1f} s")

    def _ways(self):
        database = [DATABASE] * (self._space.ground.database is not None)
        return [KILLED] * 4 + [CLOCK] + [DISK] * bool(self._space.small) * 2 + database

    async def _strike_database(self, names):
        database = self._space.ground.database
        over = not database.failed_over and self.done[DATABASE] > 0
        async with AsyncExitStack() as all_of_them:
            people = [self._space.people[name] for name in names]
            # a process whose lease another has, because it was away too long, has ended by itself with 7
            before = {name: Counter(person.codes) for name, person in zip(names, people, strict=True)}
            for person in people:
                await all_of_them.enter_async_context(person.struck)
            await asyncio.to_thread(database.kill)
            for name, person in zip(names, people, strict=True):
                try:
                    await asyncio.wait_for(person.process.wait(), NOTICED_SECONDS)
                except TimeoutError:
                    self.wrong.append(f"{name} did not notice that its database was gone")
                if set(ended := Counter(person.codes) - before[name]) - {DISK_EXIT}:
                    self.wrong.append(f"{name} ended with {[*ended]}: {person.process.last_words()}")
            await asyncio.to_thread(database.fail_over if over else database.begin_again)
            await asyncio.gather(*(person.start() for person in people))
        self.done[FAILED_OVER if over else DATABASE] += 1
        how = "its standby took its place" if over else "it was begun again"
        return f"the database was killed, {how}; all ready after {max(person.starts[-1] for person in people):.1f} s"

    async def _kill(self, _name, person):
        away = self._chance.uniform(*AWAY_SECONDS)
        await person.process.kill()
        await asyncio.sleep(away)
        await person.start()
        return f"away {away:.1f} s"

    async def _move_clock(self, _name, person):
        ahead = self._chance.randint(*SKEWED_SECONDS)
        await person.process.kill()
        await person.start(SKEWED, PENSTOCK_TEST_SKEW=str(ahead))
        await asyncio.sleep(STRANGE_SECONDS)
        await person.process.kill()
        await person.start()
        return f"by {ahead} s"

    async def _fill_disk(self, name, person):
        filler = fill_up(person.data)
        with suppress(TimeoutError):
            await asyncio.wait_for(person.process.wait(), STRANGE_SECONDS)
        codes = person.codes
        if set(codes) - {DISK_EXIT}:
            self.wrong.append(f"{name} ended with {codes}: {person.process.last_words()}")
        filler.unlink()
        await person.process.kill()
        await person.start()
        return f"it ended with {codes[0]}" if codes else "it had nothing to write"


STRIKES = {KILLED: Trouble._kill, CLOCK: Trouble._move_clock, DISK: Trouble._fill_disk}


async def _within(event, seconds):
    """Say whether an event comes within so many seconds."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
