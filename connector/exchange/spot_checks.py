"""Hold a profile against the pieces that a review opened: handed on to a process that reads them and can do no more.

Law: what a stranger wrote is never read as a table in this process; a reader that dies, or takes too long, is a doubt.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

from connector.runtime.errors import PeerMisbehaved

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from contracts.canonical import JsonObject

# -P: no module of the folder that the server happens to run in
COMMAND: Final = (sys.executable, "-P", "-m", "catalog.looking")
LOOK_SECONDS_MAX: Final = 180.0
ANSWER_BYTES_MAX: Final = 1 << 20
LENGTH_BYTES: Final = 4
CERTAIN: Final = "certain"
NAMED_MAX: Final = 3  # doubts that a refusal names
UNLOOKED: Final[JsonObject] = {
    "looked": {"files": "0", "pieces": "0", "bytes": "0", "again": []},
    "doubts": [],
    "more": "0",
}
UNREAD: Final = {
    "en": "the program that reads the pieces ended before it had an answer",
    "zh": "读取分片的程序未得出结果便已结束",
}


class SpotCheck:
    """One check: `async with SpotCheck(files, lengths) as check: await check.take(number, data)`, then `told()`.

    `files` are profiles as a dataset has them, `lengths` the bytes of its pieces in order, without the index;
    `grade` is the security grade that it is said to be of, and in a `packed` one small files are in packs.
    With `rows` what is told is an excerpt of so many rows of each piece, and nothing is held against anything.
    """

    def __init__(
        self,
        files: Sequence[JsonObject],
        lengths: Sequence[int],
        grade: int | None = None,
        *,
        packed: bool = False,
        rows: int = 0,
    ) -> None:
        said = {"files": list(files), "lengths": list(lengths), "grade": grade, "packed": packed}
        self._begin = said | ({"rows": rows} if rows else {})
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        """Begin the process that reads, where tables can be read here."""
        if importlib.util.find_spec("pyarrow") is not None:
            self._process = await asyncio.create_subprocess_exec(
                *COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=ANSWER_BYTES_MAX
            )
            await self._hand(self._begin)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process, whatever became of the review."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def take(self, number: int, data: bytes) -> None:
        """Hand a piece on; `number` counts pieces of data from 0."""
        async with self._turn:
            await self._hand({"piece": number}, data)

    async def told(self) -> JsonObject:
        """Return what was looked into and what is doubted."""
        if self._process is None:
            return UNLOOKED
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.stdout is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                said = await self._process.stdout.read(ANSWER_BYTES_MAX)
                while more := await self._process.stdout.read(ANSWER_BYTES_MAX):
                    said += more
                if await self._process.wait() == 0:
                    found: JsonObject = orjson.loads(said)
                    return found
        if "rows" in self._begin:
            raise PeerMisbehaved(UNREAD["en"], "refuse it: its pieces are not what they are said to be")
        blank = {"file": "", "column": "", "said": "", "found": ""}
        return UNLOOKED | {"doubts": [{"what": "unread", "weight": "unlikely", **blank, "words": UNREAD}]}

    async def _hand(self, document: Any, data: bytes = b"") -> None:
        if self._process is None:
            return
        assert self._process.stdin is not None
        text = orjson.dumps(document)
        # one that ended takes nothing more: `told` says so
        with suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(len(text).to_bytes(LENGTH_BYTES, "big") + text + data)
            await self._process.stdin.drain()


def require(product: str, found: JsonObject) -> None:
    """Raise PeerMisbehaved if what was found of a product certainly speaks against its description."""
    against = [one["words"]["en"] for one in found.get("doubts", ()) if one["weight"] == CERTAIN]
    if against:
        more = f", and {len(against) - NAMED_MAX} more" if len(against) > NAMED_MAX else ""
        raise PeerMisbehaved(
            f"what `{product}` says of its data does not hold: {'; '.join(against[:NAMED_MAX])}{more}",
            "refuse it with this reason; its provider describes the files anew. `--despite` lists it all the same",
        )
