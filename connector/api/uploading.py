"""Files that a browser sends with a form: read as they come, each piece on disk before the next one.

Law: (1) the form's token comes first, and nothing is written before it is right. (2) How long the whole is is said
first; a body without a length is refused. (3) Who sends nothing for as long as a request may take, or less than a
trickle in the long run, is refused, and what it sent is removed. (4) What is short is held in memory, no more of it
than its fields may have (`take_short`).
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from connector.provider.uploads import Uploads
from connector.runtime.errors import InvalidInput, RequestRefused
from connector.runtime.limits import TRICKLE_BYTES, TRICKLE_SECONDS_MAX, UPLOAD_FIELD_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from typing import TypeVar

    from connector.api.call import Call
    from connector.provider.uploads import Coming

    T = TypeVar("T")

MULTIPART = "multipart/form-data"
PIECE_BYTES = 256 * 1024
# what a browser writes around short files: their names, and the token of the form
FRAME_BYTES = 16 * 1024
# what would change a part's bytes on their way to the disk
CHANGED = frozenset({"Content-Encoding", "Content-Transfer-Encoding"})


async def take(call: Call, token: str, check: Callable[[str], None]) -> list[str]:
    """Take the files of a form whose first field is `token`, which `check` refuses by raising; returns their paths."""
    size = _announced(call)
    async with _framed(call, token, check) as (following, pace), call.of(Uploads).coming(size) as coming:
        while (part := await following()) is not None:
            await _take(part, coming, pace)
        return await coming.finish()


async def take_short(
    call: Call, token: str, check: Callable[[str], None], most: Mapping[str, int]
) -> dict[str, tuple[str, bytes]]:
    """Take short files by the fields that they are chosen in, each of so many bytes at the `most`, with their names.

    A field in which none was chosen is left out. Raises InvalidInput for a field that the form has not.
    """
    if _announced(call) > sum(most.values()) + FRAME_BYTES:
        raise RequestRefused("too-large", f"these files have at most {sum(most.values())} bytes")
    found: dict[str, tuple[str, bytes]] = {}
    async with _framed(call, token, check) as (following, pace):
        while (part := await following()) is not None:
            name = part.name or ""
            if name not in most or name in found:
                raise InvalidInput(f"this form has the files {', '.join(most)}, each once")
            data = await _whole(part, most[name], pace)
            if part.filename or data:
                found[name] = (part.filename or "", data)
    if not found:
        raise InvalidInput("no file was chosen", "choose one")
    return found


def _announced(call: Call) -> int:
    """Return how long an upload says that it is; raises InvalidInput, RequestRefused."""
    request = call.request
    if request.content_type != MULTIPART or "boundary" not in request.headers["Content-Type"]:
        raise InvalidInput(f"files come in a form of the type `{MULTIPART}`")
    if request.content_length is None:
        raise RequestRefused("malformed", "an upload says first how long it is")
    return request.content_length


@asynccontextmanager
async def _framed(
    call: Call, token: str, check: Callable[[str], None]
) -> AsyncIterator[tuple[Callable[[], Awaitable[BodyPartReader | None]], _Pace]]:
    """Read a form whose first field is `token`, which `check` refuses by raising; yields what reads those after it."""
    pace = _Pace(_seconds(call))
    try:
        reader = await call.request.multipart()
        first = _plain(await pace.of(reader.next()))
        check(await _said(first, pace) if first is not None and first.name == token else "")

        async def following() -> BodyPartReader | None:
            return _plain(await pace.of(reader.next()))

        yield following, pace
    except (ValueError, HttpProcessingError, web.RequestPayloadError, ConnectionError) as fault:
        raise RequestRefused("malformed", f"the upload broke off, or is not framed as a form is: {fault}") from fault


async def _whole(part: BodyPartReader, most: int, pace: _Pace) -> bytes:
    """Return a short file; raises RequestRefused for a longer one."""
    found = b""
    while data := await pace.of(part.read_chunk(PIECE_BYTES)):
        found += data
        if len(found) > most:
            raise RequestRefused("too-large", f"`{part.name}` has at most {most} bytes")
    return found


async def _said(part: BodyPartReader, pace: _Pace) -> str:
    """Return the text of a short field, nothing for a longer one."""
    told = await pace.of(part.read_chunk(UPLOAD_FIELD_BYTES_MAX))
    return "" if await pace.of(part.read_chunk(UPLOAD_FIELD_BYTES_MAX)) else told.decode(errors="replace")


async def _take(part: BodyPartReader, coming: Coming, pace: _Pace) -> None:
    """Take one file; a field in which none was chosen has neither name nor bytes."""
    data = await pace.of(part.read_chunk(PIECE_BYTES))
    if not part.filename and not data:
        return
    await coming.begin(part.filename or "")
    while data:
        await coming.write(data)
        data = await pace.of(part.read_chunk(PIECE_BYTES))


def _plain(part: object) -> BodyPartReader | None:
    if part is None:
        return None
    if not isinstance(part, BodyPartReader) or not CHANGED.isdisjoint(part.headers):
        raise InvalidInput("each part of an upload is a file as it is")
    return part


def _seconds(call: Call) -> float:
    return call.core.settings.server.request_seconds


class _Pace:
    """How slowly an upload may come: the next piece in `seconds`, and no less than a trickle in the long run."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began, self._bytes = asyncio.get_running_loop().time(), 0

    async def of(self, awaited: Awaitable[T]) -> T:
        """Wait for what comes next."""
        try:
            async with asyncio.timeout(self._seconds):
                found = await awaited
        except TimeoutError:
            raise RequestRefused("too-slow", f"nothing more came within {self._seconds:g} s") from None
        self._bytes += len(found) if isinstance(found, bytes) else 0
        allowed = self._seconds + self._bytes * TRICKLE_SECONDS_MAX / TRICKLE_BYTES
        if asyncio.get_running_loop().time() - self._began > allowed:
            raise RequestRefused("too-slow", f"less than {TRICKLE_BYTES} bytes came in {TRICKLE_SECONDS_MAX:g} s")
        return found
