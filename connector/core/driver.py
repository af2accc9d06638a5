"""One kind of long work, driven step by step from its stored row.

Law: (1) everything a step needs is in the row, so a restart is only another wake; (2) one task works on one id at a
time, and a wake during that work means one more look; (3) a fault that time can mend (`mended`) is retried with
growing pauses, any other is final and is written to the row by `fail`. There is no polling: a step that waits for
somebody returns, and whoever commits the cause calls `wake`.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connector.runtime import traceparent
from connector.runtime.cancellation import cancel
from connector.runtime.errors import explain_failure
from connector.runtime.fault_table import UNEXPECTED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from connector.runtime.errors import Failure

RETRY_FIRST_SECONDS = 0.2  # a restarted peer is back within a second or two
RETRY_MOST_SECONDS = 15.0  # a dead peer costs one attempt in fifteen seconds
LONG_SECONDS = 3_600.0  # who is away so long is no restart: then it costs one in five minutes
RETRY_LONG_SECONDS = 300.0
# exit codes that say "ask again": the peer or the chain did not answer (connector.runtime.errors.EXIT_CODES)
RETRYABLE_EXITS = frozenset({7, 9})
JITTER_FRACTION = 0.3  # so that many waiters do not return in step
RESUMED_AT_ONCE = 64  # of what a start finds; a start with ten thousand more is ready as soon as one without them
RESUMING_SECONDS = 0.002  # between two of those: what one look takes, so that the rest of a start has its half

log = logging.getLogger(__name__)


class Driver:
    """Runs `advance(id)` for each woken id; `fail(id, error)` records what time cannot mend."""

    def __init__(
        self,
        name: str,
        advance: Callable[[str], Awaitable[None]],
        fail: Callable[[str, Exception], Awaitable[None]],
        mended: frozenset[int] = RETRYABLE_EXITS,
    ) -> None:
        self.name = name
        self._advance = advance
        self._fail = fail
        self._mended = mended
        self._again: dict[str, bool] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._early: dict[str, asyncio.Event] = {}
        self._left: dict[str, None] = {}  # of what a start found, in whatever order
        self._trouble: dict[str, Failure] = {}
        self.resting = False  # the work is another process's, which finds it in its rows
        self.elsewhere: Callable[[str], object] | None = None  # tells that process what is woken here meanwhile

    def wake(self, key: str) -> None:
        """Look at `key` now, or once more when the running look ends."""
        if self.resting:
            if self.elsewhere is not None:
                self.elsewhere(key)
            return
        if key in self._again:
            self._again[key] = True
            if early := self._early.get(key):
                early.set()
            return
        self._again[key] = False
        self._keep(self._run(key), f"{self.name}:{key}")

    def resume(self, keys: Iterable[str]) -> None:
        """Look at all that a start finds: the first at once, where there are very many the others one by one."""
        found = list(keys)
        for key in found[:RESUMED_AT_ONCE]:
            self.wake(key)
        waits = bool(self._left)
        self._left |= dict.fromkeys(found[RESUMED_AT_ONCE:])
        if self._left and not waits:
            self._keep(self._resume(), f"{self.name}: what is left")

    def hurry(self, key: str) -> None:
        """Look at `key` now, and take what the last look met as mended: whoever asks again has seen to it."""
        self._trouble.pop(key, None)
        self.wake(key)

    def runs(self, key: str) -> bool:
        """Say whether a look at `key` is under way, or its end is being written."""
        return key in self._again

    def trouble(self, key: str) -> Failure | None:
        """Return what the last look at `key` met that time can mend, None when it went well."""
        return self._trouble.get(key)

    def troubled(self) -> int:
        """Return how many looks wait because their last try met something that time can mend."""
        return len(self._trouble)

    async def close(self) -> None:
        """Stop every look; rows stay as they are and go on at the next start."""
        await cancel(*self._tasks)

    def _keep(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _resume(self) -> None:
        while self._left and not self.resting:
            self.wake(self._left.popitem()[0])
            await asyncio.sleep(RESUMING_SECONDS)
        self._left.clear()

    async def _run(self, key: str) -> None:
        pause, waited = RETRY_FIRST_SECONDS, 0.0
        traceparent.CURRENT.set(traceparent.of(key))  # of this task alone
        try:
            while True:
                self._again[key] = False
                try:
                    await self._advance(key)
                    pause, waited = RETRY_FIRST_SECONDS, 0.0
                    self._trouble.pop(key, None)
                except Exception as fault:
                    failure = explain_failure(fault)
                    if failure.exit_code not in self._mended:
                        raise
                    self._trouble[key] = failure
                    log.info("%s %s: %s; trying again", self.name, key, fault)
                    await self._rest(key, pause)
                    waited += pause
                    pause = min(pause * 2, RETRY_MOST_SECONDS if waited < LONG_SECONDS else RETRY_LONG_SECONDS)
                    continue
                if not self._again[key]:
                    return
        except asyncio.CancelledError:
            raise
        except Exception as fault:
            # a refusal, or a full disk, has words of its own; a trace is for what should not happen
            unexpected = explain_failure(fault).exit_code == UNEXPECTED.exit_code
            log.warning("%s %s failed: %s", self.name, key, fault, exc_info=unexpected)
            await self._fail(key, fault)
        finally:
            self._again.pop(key, None)
            self._trouble.pop(key, None)

    async def _rest(self, key: str, pause: float) -> None:
        early = self._early[key] = asyncio.Event()
        jittered = pause * (1 + random.uniform(-JITTER_FRACTION, JITTER_FRACTION))  # noqa: S311  # a pause, no secret
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(jittered):  # `wait_for` may swallow a cancellation, and `close` waits on
                    await early.wait()
        finally:
            self._early.pop(key, None)
