"""Measured time: how long what others ask for may run, in seconds of the processor, whatever gas it was given.

Law: whoever works for somebody else is watched; a program's every sixteenth step looks at the watch, and so do each
precompile and each request of a batch. What is not watched (our own acts, an archive that is checked) takes its time.
Gas says what a step is worth on chain, and little of how long it takes here: ten million of it are two seconds of a
loop of jumps, or ninety of pairings in Python.

Seconds are those of this machine's processor that the thread itself used, so neighbours cost nobody his turn, and they
are more on a slower machine: the same loop is measured once a process (`slowness`).
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from eth.vm.gas_meter import GasMeter

from ledger.embedded.errors import OverLimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from eth.abc import ComputationAPI

    Precompile = Callable[[ComputationAPI], ComputationAPI]

STEPS_UNSEEN = 16
# what the loop of `slowness` takes on the machine that the limits were chosen on
LOOP_SECONDS = 0.006
LOOP_STEPS = 200_000
# a measurement that says more was disturbed
SLOWNESS_MAX = 20.0

_watches = threading.local()


@dataclass(slots=True)
class Watch:
    """Until when (thread's processor seconds) somebody's work may run; `gone` is set when nobody waits for it."""

    until: float
    gone: threading.Event
    steps: int = 0

    def step(self) -> None:
        """Count a step of a program, and look now and then."""
        self.steps += 1
        if self.steps % STEPS_UNSEEN == 0:
            self.look()

    def left(self) -> float:
        """Return the seconds of this machine's processor that are left."""
        return self.until - time.thread_time()

    def look(self) -> None:
        """Raise `OverLimitError` when the time is over, or nobody waits any more."""
        if self.gone.is_set():
            raise OverLimitError("nobody waits for this any more")
        if time.thread_time() > self.until:
            raise OverLimitError("this runs for longer than a caller may ask for; ask for less, or in pieces")


class WatchedMeter(GasMeter):
    """A gas meter that looks at the watch of its thread."""

    def __init__(self, start_gas: int, *more: Callable[[int, int], int]) -> None:
        super().__init__(start_gas, *more)
        self.watch = current()

    def consume_gas(self, amount: int, reason: str) -> None:
        """Take gas for a step; raises `OverLimitError` when the time is over."""
        if self.watch is not None:
            self.watch.step()
        super().consume_gas(amount, reason)


@contextmanager
def watching(seconds: float, gone: threading.Event | None = None) -> Iterator[Watch]:
    """Watch what this thread does inside, for so many seconds of a machine of ordinary speed."""
    made = Watch(time.thread_time() + seconds * slowness(), gone or threading.Event())
    before, _watches.watch = current(), made
    try:
        yield made
    finally:
        _watches.watch = before


def current() -> Watch | None:
    """Return the watch of this thread, if it has one."""
    found: Watch | None = getattr(_watches, "watch", None)
    return found


def look() -> None:
    """Look at the watch of this thread, if it has one; raises `OverLimitError`."""
    if (watch := current()) is not None:
        watch.look()


def watched(run: Precompile, most_bytes: int) -> Precompile:
    """Return a precompile that looks first; nobody watched gives it more than `most_bytes` in one call.

    It is one step that nothing can end before it has ended.
    """

    def precompile(computation: ComputationAPI) -> ComputationAPI:
        if (watch := current()) is not None:
            watch.look()
            if most_bytes and len(computation.msg.data) > most_bytes:
                raise OverLimitError(f"a precompile that is slow here takes at most {most_bytes} bytes at a time")
        return run(computation)

    return precompile


@cache
def slowness() -> float:
    """Return how many times longer this machine takes than an ordinary one, at least 1; measured once a process."""
    return min(SLOWNESS_MAX, max(1.0, min(_loop() for _ in range(3)) / LOOP_SECONDS))


def _loop() -> float:
    begun, kept = time.thread_time(), {0: 0}
    for step in range(LOOP_STEPS):
        kept[0] = step
    return time.thread_time() - begun
