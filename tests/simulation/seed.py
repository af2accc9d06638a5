"""One seed: everything that is drawn anywhere while its space is played comes from it."""

from __future__ import annotations

import random
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from tests.simulation import trouble
from tests.simulation.world import World

# chores come once in so many seconds, not every twenty: what lapses here lapses in hours
ROUND_SECONDS = 120.0
RECEIPT_SECONDS = 1.0


@dataclass
class Played:
    """What came of a seed: what broke, if anything did, the digest of its trace, and figures."""

    seed: Any
    broken: str = ""
    digest: str = ""
    trace: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    fault: BaseException | None = None


def plan_of(seed, *, members=0, calm=False):
    return trouble.draw(random.Random(f"plan/{seed}"), members=members, calm=calm)


@contextmanager
def drawn(seed, loop):
    """Let everything that draws draw from the seed, and everything that measures ask the loop."""
    source, before = random.Random(f"bytes/{seed}"), random.getstate()
    random.seed(f"pauses/{seed}")
    time = SimpleNamespace(monotonic=loop.time)
    with ExitStack() as patches:
        for name, value in (
            ("os.urandom", source.randbytes),
            ("random._urandom", source.randbytes),
            ("connector.store.writer.time", time),
            ("connector.settlement.monitor.ROUND_SECONDS", ROUND_SECONDS),
            ("connector.settlement.claiming.ROUND_SECONDS", ROUND_SECONDS),
            ("connector.chain.parcel.RECEIPT_SECONDS", RECEIPT_SECONDS),
        ):
            patches.enter_context(patch(name, value))
        try:
            yield
        finally:
            random.setstate(before)


def play(seed, plan=None, *, members=0, calm=False):
    """Play the space of a seed, or another plan in it."""
    world = World(seed, plan or plan_of(seed, members=members, calm=calm))
    played = Played(seed)
    try:
        with drawn(seed, world.loop):
            world.play()
    except Exception as fault:
        played.broken, played.fault = f"{type(fault).__name__}: {fault}", fault
    played.digest, played.trace, played.figures = world.digest, world.trace, world.figures
    return played
