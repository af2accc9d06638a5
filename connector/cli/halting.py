"""What Ctrl-C does to a command that follows long work of the server: nothing is lost, and nobody pays unawares.

Law: the work is the server's, so a command that ends stops nothing by itself, and says so. In a terminal the first
Ctrl-C asks whether to stop paying, and the work goes on meanwhile; a second one is a yes. Where nobody can be asked,
and for SIGTERM, the command ends at once, with the same words.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import typer

from connector.cli.options import whose
from connector.cli.speak import talk, watched

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine
    from pathlib import Path

    from connector.client.server import Server

T = TypeVar("T")

INTERRUPTED = 130  # exit code of a command that was told to end
QUESTION = "stop paying? [y/N] "
YES = frozenset({"y", "yes"})
LINE_BYTES = 1024
REASON = "paused by its buyer"


class Halt:
    """Ctrl-C and SIGTERM while the acquisition `identifier` is followed; `asking` while a person is asked."""

    def __init__(self, own: Server, identifier: str, data: Path) -> None:
        self._own, self._identifier, self._data = own, identifier, data
        self.asking = False

    async def over(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` returns, or exit with 130 when it was interrupted."""
        import asyncio  # noqa: PLC0415  # a page of help needs no event loop
        import signal  # noqa: PLC0415  # as above
        import threading  # noqa: PLC0415  # as above

        if threading.current_thread() is not threading.main_thread():
            return await work  # signals are the main thread's
        told: asyncio.Queue[int] = asyncio.Queue()
        loop, task, numbers = asyncio.get_running_loop(), asyncio.ensure_future(work), (signal.SIGINT, signal.SIGTERM)
        for one in numbers:
            loop.add_signal_handler(one, told.put_nowait, one)
        try:
            while (number := await _next(task, told)) is not None:
                self._say()
                if number == signal.SIGTERM or not _is_there() or await self._stops(task, told):
                    raise typer.Exit(INTERRUPTED)
            return task.result()
        finally:
            for one in numbers:
                loop.remove_signal_handler(one)
            await asyncio.wait({task}) if task.cancel() else None

    def _say(self) -> None:
        """Say that the work goes on, and by which commands it is watched, paused and given up."""
        name, place = self._identifier, whose(self._data)
        acts = ("pause", "show", "cancel")
        lines = [f"  the server goes on with {name} within your limits; the same command with --id {name} follows it"]
        talk("\n".join(["", *lines] if watched() else lines))
        talk("\n".join(f"  penstock transfer {act} {name}{place}" for act in acts))

    async def _stops(self, task: asyncio.Future[Any], told: asyncio.Queue[int]) -> bool:
        """Ask whether to stop paying, and pause if so; what ends meanwhile needs no answer."""
        import asyncio  # noqa: PLC0415  # as above
        import signal  # noqa: PLC0415  # as above

        self.asking, answer = True, asyncio.ensure_future(_answer())
        sys.stderr.write(QUESTION)
        sys.stderr.flush()
        try:
            number = await _next(task, told, answer)
        finally:
            self.asking = False
            answer.cancel()
        if number == signal.SIGTERM:
            return True
        if number is None and (task.done() or answer.result() not in YES):
            return False
        path = f"acquisitions/{quote(self._identifier, safe='')}/pause"
        await self._own.call("POST", path, {"reason": REASON})
        talk(f"  paused: nothing more is signed or paid in until `penstock transfer resume {self._identifier}`")
        return True


def _is_there() -> bool:
    """Say whether somebody can be asked."""
    return watched() and sys.stdin.isatty()


async def _next(task: asyncio.Future[Any], told: asyncio.Queue[int], *others: asyncio.Future[Any]) -> int | None:
    """Return the signal that came first, None where something else did."""
    import asyncio  # noqa: PLC0415  # as above

    number = asyncio.ensure_future(told.get())
    await asyncio.wait({task, number, *others}, return_when=asyncio.FIRST_COMPLETED)
    if task.done() or not number.done():
        number.cancel()
        return None
    return number.result()


async def _answer() -> str:
    """Return the line that is typed next, in small letters."""
    import asyncio  # noqa: PLC0415  # as above

    loop, typed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), typed.set)
    try:
        await typed.wait()
        return os.read(sys.stdin.fileno(), LINE_BYTES).decode(errors="replace").strip().lower()
    finally:
        loop.remove_reader(sys.stdin.fileno())
