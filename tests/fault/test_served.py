"""F1 and F2 of the real `penstock serve`: each role, struck at the durable calls of its start and of a journey.

SIGKILL, EIO, ENOSPC, EINTR and really short writes, one of each role in a journey, all of which must end by itself:
the buyer's file is there byte for byte, paid once in both books and on the chain, every log is whole, and the audit
finds nothing. A process ends by SIGKILL or with exit code 74, or goes on, and needs nothing but to be started again.

A round that breaks is told with its points, its folder stays, and the next one has a new space. `PENSTOCK_TEST_FAULTS=
all` tries until each role has been struck 400 times.
"""

from __future__ import annotations

import itertools
import random
import sys
import traceback
from collections import Counter, deque

import pytest

from tests.fault import extent
from tests.fault.injection import permitted
from tests.fault.served import STRUCK, Served

DRAWN = 2  # rounds of a short run
# of journeys in one space; then it is audited, and the next one is new
OF_SPACE = 40

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]


def by_turns(points, chance):
    """Return the points one of each kind after the other, so that a rare call is not lost among frequent ones."""
    kinds = {}
    for point in points:
        kinds.setdefault((point.moment, point.fault, point.call), []).append(point)
    for of_kind in kinds.values():
        chance.shuffle(of_kind)
    order = sorted(kinds)
    chance.shuffle(order)
    turns = itertools.zip_longest(*(kinds[kind] for kind in order))
    return [point for turn in turns for point in turn if point is not None]


class Sweep:
    """What was struck, how it ended, and what broke."""

    def __init__(self, say):
        self.say, self.chance = say, random.Random(extent.SEED)
        self.struck, self.ends, self.broken = Counter(dict.fromkeys(STRUCK, 0)), Counter(), []
        self.rounds, self.now = None, ""

    def left(self):
        """Say whether there is more to do."""
        return self.rounds is None or (bool(self.rounds) and min(self.struck.values()) < extent.LEAST_OF_ROLE)

    async def one_space(self, folder):
        """Play rounds in one space until it had its share, or one breaks; then audit it."""
        async with Served(folder) as served:
            if self.rounds is None:
                of_role = [by_turns(points, self.chance) for points in (await served.counted()).values()]
                self.rounds = deque(itertools.islice(zip(*of_role, strict=False), None if extent.ALL else DRAWN))
                self.say(f"{[len(points) for points in of_role]} points of {STRUCK}")
            for _ in range(OF_SPACE):
                if self.left() and not await self.right(served, self.one_round(served, self.rounds.popleft())):
                    return
            await self.right(served, served.audited())

    async def one_round(self, served, points):
        self.now = ", ".join(map(str, points))
        self.say(f"{tuple(self.struck.values())} struck; {self.now}")
        for watch in await served.survived(points):
            self.struck[watch.point.role] += 1
            ended = "went on" if watch.code is None else "ended"
            self.ends[watch.point.moment, watch.point.fault, ended] += 1

    async def right(self, served, tried):
        """Say whether everything is as it must be; what breaks is told, and the rest is tried."""
        try:
            await tried
        except Exception:
            self.broken.append(f"after {self.now} in {served.folder}")
            self.say(f"broken: {self.broken[-1]}\n{traceback.format_exc()}")
            return False
        return True


async def test_a_journey_survives_what_strikes_its_processes(tmp_path, absent, capsys, record_property):
    if not permitted():
        absent("nobody may trace a process here, so F1 to F3 cannot run")

    def say(text):
        if not extent.ALL:
            sys.stdout.write(text + "\n")
            return
        with capsys.disabled():
            sys.stderr.write(text + "\n")

    say(f"PENSTOCK_TEST_SEED={extent.SEED}")
    sweep, numbers = Sweep(say), itertools.count()
    while sweep.left():
        await sweep.one_space(tmp_path / str(next(numbers)))
    say(f"struck: {dict(sweep.struck)}, {dict(sweep.ends)}")
    assert not sweep.broken, "\n".join(sweep.broken)
    assert not extent.ALL or min(sweep.struck.values()) >= extent.LEAST_OF_ROLE
    assert sweep.struck.total()
    deaths = sum(count for (_, fault, _), count in sweep.ends.items() if fault == "kill")
    record_property(extent.SERVED, sweep.struck.total())
    record_property(extent.DEATHS, deaths)
    record_property(extent.FAILURES, sweep.struck.total() - deaths)
