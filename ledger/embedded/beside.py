"""The host's handle on an onlooker: a process begun by the first question at the latest, and again if it ends.

Law: one question at a time is under way of those that look something up, and one of those that run programs; a turn is
over when its answer is there. An onlooker that owes an answer for too long is killed: everybody is told to ask again.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson

from ledger.embedded.errors import OverLimitError
from ledger.embedded.onlooker import SIZES, frame
from ledger.embedded.rpc import Allowance, Kind
from ledger.embedded.turns import BUSY, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ledger.embedded.caller import Caller

log = logging.getLogger(__name__)

# what is measured ends by itself; what does not has met something that nothing else ends
OWING_SECONDS_MAX = 120.0
CLOSING_SECONDS = 5.0
MODULE = "ledger.embedded.onlooker"


class Beside:
    """One onlooker; `close` it. `clock` gives posix seconds."""

    def __init__(self, path: Path, niceness: int, clock: Callable[[], int]) -> None:
        self._command = (sys.executable, "-P", "-m", MODULE, str(path.absolute()), str(niceness))
        self._clock = clock
        self._turns = {Kind.LOOK: Turns(), Kind.TRY: Turns()}
        self._turns[Kind.SEND] = self._turns[Kind.TRY]
        self._numbers = itertools.count(1)
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()
        self._owed: dict[int, asyncio.Future[tuple[dict[str, Any], bytes]]] = {}

    async def ask(self, caller: Caller, kind: Kind, requests: Sequence[Any], allowance: Allowance) -> list[bytes]:
        """Return the answer to each request when it is the caller's turn; raises `OverLimitError`.

        What they used is taken from `allowance`. To the request of a `SEND` it is who signed it, see `onlooker`.
        """
        number = next(self._numbers)
        body = orjson.dumps(requests)

        async def work() -> list[bytes]:
            head = {"number": number, "kind": kind, "now": self._clock(), "allowance": asdict(allowance)}
            told, answers = await self._answer(number, frame(head, body))
            for name, left in told["allowance"].items():
                setattr(allowance, name, left)
            ends = list(itertools.accumulate(told["sizes"], initial=0))
            return [answers[first:last] for first, last in itertools.pairwise(ends)]

        return await self._turns[kind].take(caller, work, lambda: self._drop(number))

    async def begin(self) -> None:
        """Begin it, if it is not there: it takes in its modules before the first question comes."""
        await self._begun()

    async def close(self) -> None:
        """End it, and what it has to do."""
        process, listening = self._process, self._listening
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), CLOSING_SECONDS)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if listening is not None:  # of one that has ended by itself, too
            await listening

    async def _answer(self, number: int, asked: bytes) -> tuple[dict[str, Any], bytes]:
        process = await self._begun()
        assert process.stdin is not None, "it was begun with a pipe"
        owed = self._owed[number] = asyncio.get_running_loop().create_future()
        try:
            process.stdin.write(asked)
            async with asyncio.timeout(OWING_SECONDS_MAX):
                await process.stdin.drain()
                answered: tuple[dict[str, Any], bytes] = await owed
                return answered
        except TimeoutError:
            log.warning("what looks at the hosted chain owes an answer for %g s and is begun anew", OWING_SECONDS_MAX)
            with suppress(ProcessLookupError):
                process.kill()
            raise OverLimitError("this ran for longer than a caller may ask for; ask for less") from None
        except OSError:
            raise OverLimitError(BUSY) from None
        finally:
            del self._owed[number]

    def _drop(self, number: int) -> None:
        process = self._process
        if number in self._owed and process is not None and process.stdin is not None:
            with suppress(OSError):
                process.stdin.write(frame({"drop": number}))

    async def _begun(self) -> asyncio.subprocess.Process:
        async with self._beginning:
            if self._process is None:
                pipe = asyncio.subprocess.PIPE
                self._process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe)
                self._listening = asyncio.create_task(self._listen(self._process), name="chain-onlooker")
            return self._process

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None, "it was begun with a pipe"
        with suppress(asyncio.IncompleteReadError):
            while True:
                head_bytes, body_bytes = SIZES.unpack(await process.stdout.readexactly(SIZES.size))
                head = orjson.loads(await process.stdout.readexactly(head_bytes))
                body = await process.stdout.readexactly(body_bytes)
                owed = self._owed.get(head["number"])
                if owed is not None and not owed.done():
                    owed.set_result((head, body))
        self._process = None
        if process.stdin is not None:
            process.stdin.close()
        for owed in self._owed.values():
            if not owed.done():
                owed.set_exception(OverLimitError(BUSY))
        await process.wait()
