"""The four participants as operating-system processes: started, watched, killed, started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from connector.demo.patience import Patience
from connector.runtime.errors import ServerAbsent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STOP_SECONDS = 5.0
LAST_CHARACTERS = 400
# whoever was started here, as long as somebody keeps it
STARTED: WeakSet[Participant] = WeakSet()
SERVE = (sys.executable, "-m", "connector.cli.entry", "serve")


def free_ports(count: int) -> list[int]:
    """Return `count` loopback ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def at_work() -> list[int]:
    """Return the processes of all participants that were started here and live."""
    return [each.pid for each in STARTED if each.running]


class Participant:
    """One `penstock serve` on its own data directory; its output goes to `serve.log` there.

    With `apart` it is in a session of its own, where a terminal's Ctrl-C does not reach it.
    """

    def __init__(self, data: Path, command: Sequence[str] = SERVE, *, apart: bool = False) -> None:
        self.data = data
        self.command = tuple(command)
        # a process that is begun as ever is told nothing besides: what stands for that call in tests takes no more
        self._more: dict[str, Any] = {"start_new_session": True} if apart else {}
        self.starts = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Its process, 0 before the first start."""
        return 0 if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.returncode is None

    async def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Start the process, with `environment` over ours, and return when it answers."""
        ready = self.data / "server.json"
        ready.unlink(missing_ok=True)
        with (self.data / "serve.log").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                "--data",
                str(self.data),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                **self._more,
            )
        self.starts += 1
        STARTED.add(self)

        def is_ready() -> bool:
            if not ready.exists() and not self.running:
                raise ServerAbsent(f"the server of `{self.data}` ended at once: {self.last_words()}")
            return ready.exists()

        # who waits for another one does nothing itself
        what = f"the start of the server of `{self.data}`"
        await Patience(at_work).until(is_ready, what, self.last_words)

    def last_words(self) -> str:
        """Return the end of what it wrote."""
        said = (self.data / "serve.log").read_text(errors="replace").strip()
        return said[-LAST_CHARACTERS:] or "it said nothing"

    def tell(self) -> None:
        """SIGTERM, without waiting: whoever is told ends by itself, even if nobody is left who waits for that."""
        if self.running and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    async def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when that is not heard."""
        try:
            await asyncio.wait_for(self._end(signal.SIGTERM), STOP_SECONDS)
        except TimeoutError:
            await self.kill()

    async def wait(self) -> None:
        """Return when the process has ended, for whatever reason."""
        if self._process is not None:
            await self._process.wait()

    async def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        await self._process.wait()
