"""What befalls the participants of a soak, drawn by its seed: killed, and begun again at once or after a while."""

from __future__ import annotations

import asyncio

from tests.soak.space import SPARED

QUIET_SECONDS = (3.0, 9.0)
AWAY_SECONDS = (0.0, 4.0)


class Trouble:
    """Strikes one participant after the other until it is told to stop; `done` counts what it did by name."""

    def __init__(self, space, chance, say):
        self._space, self._chance, self._say = space, chance, say
        self.done = {}

    async def run(self, over):
        names = sorted(set(self._space.people) - SPARED)
        while not await _within(over, self._chance.uniform(*QUIET_SECONDS)):
            name, away = self._chance.choice(names), self._chance.uniform(*AWAY_SECONDS)
            person = self._space.people[name]
            async with person.struck:
                await person.process.kill()
                await asyncio.sleep(away)
                await person.start()
            self.done["kills"] = self.done.get("kills", 0) + 1
            self._say(f"killed {name}, away {away:.1f} s, ready after {person.starts[-1]:.1f} s")


async def _within(event, seconds):
    """Say whether an event comes within so many seconds."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
