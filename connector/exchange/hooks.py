"""What an exchange looks at besides, by programs of its own: each is handed the drawn pieces, and may refuse.

A hook is a program (a whole path) or an address (http, https), by the setting `review.hooks`. A program is given the
path of a folder with `product.json` (the description) and a file for each piece; an address is sent both as JSON, with
the pieces in Base64. Either answers `{"verdict": "pass" | "doubt" | "refuse", "reasons": ["…"]}`.

Law: (1) nothing of the pieces is kept: the folder goes when the hook has answered. (2) A program is begun without a
shell, without our environment and in a session of its own that ends with it. (3) A hook that fails, takes too long or
answers something else lists nothing and refuses nothing: the review is not done, and may be asked for again.
"""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from connector.exchange.spot_checks import CERTAIN
from connector.runtime import files
from connector.runtime.errors import PeerMisbehaved, PeerRefused, PeerUnreachable
from connector.runtime.limits import HOOK_ANSWER_BYTES_MAX, HOOK_PIECES_BYTES_MAX, HOOK_SECONDS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.net.outbound import Outbound
    from contracts.canonical import JsonObject

PASS, DOUBT, REFUSE = "pass", "doubt", "refuse"
UNLIKELY: Final = "unlikely"
WEIGHTS: Final = {DOUBT: UNLIKELY, REFUSE: CERTAIN}
REASONS_MAX: Final = 8
REASON_CHARACTERS_MAX: Final = 500
PRODUCT: Final = "product.json"
# what a program finds of the world: where others are, and how text is written
ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


class Hooks:
    """The hooks of one review; `take` each piece, then `told`."""

    def __init__(self, places: Sequence[str], outbound: Outbound) -> None:
        self._places, self._outbound = tuple(places), outbound
        self._pieces: dict[int, bytes] = {}
        self._bytes = 0

    def take(self, number: int, data: bytes) -> None:
        """Keep a piece for the hooks, while there is room: the first that come are what they see."""
        if self._places and self._bytes + len(data) <= HOOK_PIECES_BYTES_MAX:
            self._pieces[number] = bytes(data)
            self._bytes += len(data)

    async def told(self, product: JsonObject) -> list[JsonObject]:
        """Return what the hooks doubt, as `SpotCheck.told` has its doubts; raises PeerUnreachable where one fails."""
        found = [await self._asked(place, product) for place in self._places]
        return [doubt for one in found for doubt in one]

    async def _asked(self, place: str, product: JsonObject) -> list[JsonObject]:
        name = _name(place)
        try:
            told = await (self._sent(place, product) if "://" in place else self._run(place, product))
            verdict, reasons = _read(told)
        except (OSError, TimeoutError, ValueError, PeerUnreachable, PeerRefused, PeerMisbehaved) as fault:
            text = f"the hook `{name}` of this exchange's review gave no answer ({type(fault).__name__})"
            raise PeerUnreachable(f"{text}: the product waits", "mend the hook, then review again") from fault
        if verdict == PASS:
            return []
        said = "; ".join(reasons)
        words = {"en": f"the hook `{name}` says: {said}", "zh": f"检查程序“{name}”: {said}"}
        blank = {"file": "", "column": "", "said": "", "found": ""}
        return [{"what": "hook", "weight": WEIGHTS[verdict], **blank, "words": words}]

    async def _sent(self, url: str, product: JsonObject) -> bytes:
        pieces = [{"piece": at, "data": base64.b64encode(data).decode()} for at, data in sorted(self._pieces.items())]
        body = {"product": product, "pieces": pieces}
        answer = await self._outbound.post(
            url, body, timeout_seconds=HOOK_SECONDS_MAX, limit_bytes=HOOK_ANSWER_BYTES_MAX
        )
        return answer.body

    async def _run(self, program: str, product: JsonObject) -> bytes:
        with tempfile.TemporaryDirectory(prefix="penstock-hook-") as folder:
            await asyncio.to_thread(_written, Path(folder), product, self._pieces)
            process = await asyncio.create_subprocess_exec(
                program, folder, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL,
                env=ENVIRONMENT, cwd=folder, start_new_session=True, limit=HOOK_ANSWER_BYTES_MAX,
            )  # fmt: skip
            assert process.stdout is not None
            try:
                async with asyncio.timeout(HOOK_SECONDS_MAX):
                    said = b""
                    while more := await process.stdout.read(HOOK_ANSWER_BYTES_MAX):
                        said += more
                        if len(said) > HOOK_ANSWER_BYTES_MAX:
                            raise ValueError("it answers too much")
                    if await process.wait():
                        raise ValueError(f"it ended with {process.returncode}")
                    return said
            finally:  # and whatever it began
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def _written(folder: Path, product: JsonObject, pieces: dict[int, bytes]) -> None:
    files.write_atomic(folder / PRODUCT, orjson.dumps(product))
    for number, data in pieces.items():
        files.write_atomic(folder / f"piece-{number:08}", data)


def _read(told: bytes) -> tuple[str, list[str]]:
    """Return verdict and reasons of an answer; raises ValueError for what is none."""
    document: Any = orjson.loads(told)
    if not isinstance(document, dict) or set(document) - {"verdict", "reasons"}:
        raise ValueError("an answer has `verdict` and `reasons`")
    verdict, reasons = document.get("verdict"), document.get("reasons", [])
    if verdict not in (PASS, *WEIGHTS) or not isinstance(reasons, list) or (verdict != PASS and not reasons):
        raise ValueError("a verdict is pass, doubt or refuse, the last two with reasons")
    if not all(isinstance(one, str) and one.isprintable() for one in reasons):
        raise ValueError("a reason is a text of one line")
    return str(verdict), [one[:REASON_CHARACTERS_MAX] for one in reasons[:REASONS_MAX]]


def _name(place: str) -> str:
    """Return what a hook is called where others read it: neither its folder nor its path."""
    return (urlsplit(place).hostname or place)[:100] if "://" in place else Path(place).name
