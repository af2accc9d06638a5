"""Reader processes as they are started, and the one that waits for the next statement.

Law: (1) a process answers one statement and ends with it: what waits has seen nothing, and is handed to one sitting
alone. (2) At most one waits, of the kind that was asked last, and whoever keeps it ends it when nobody has asked for a
while. (3) It holds a line to us and nothing else of ours: when we are gone it ends by itself.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

REST_SECONDS: Final = 60.0
MODULE: Final = "connector.compute.reader_process"
# with pages of 2 MiB where the kernel has them: a third of reading a column is touching memory for the first time
ITS_OWN: Final = {"LC_ALL": "C.UTF-8", "PYTHONWARNINGS": "ignore", "MIMALLOC_ALLOW_LARGE_OS_PAGES": "1"}
# what it may know of where it runs
_KNOWN: Final = ("PYTHONPATH", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Started:
    """A process, our end of the line to it, and the mode that it is for."""

    process: subprocess.Popen[bytes]
    line: socket.socket
    mode: str

    def end(self) -> None:
        """End it; nothing if it has ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.line.close()


def start(mode: str) -> Started:
    """Start a process (some milliseconds); it is ready a few tenths of a second later."""
    ours, theirs = socket.socketpair()
    known = {name: os.environ[name] for name in _KNOWN if name in os.environ}
    with theirs:
        process = subprocess.Popen(  # noqa: S603  # our own module, by our own interpreter
            [sys.executable, "-B", "-m", MODULE, str(theirs.fileno()), mode],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**known, **ITS_OWN},
            start_new_session=True,
        )
    return Started(process, ours, mode)


class Waiting:
    """The one process that waits, if any; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._one: Started | None = None
        self._rest: threading.Timer | None = None

    def take(self, mode: str) -> Started:
        """Return the one that waits if it is of this mode and lives, a new one otherwise."""
        with self._lock:
            one, self._one = self._one, None
        if one is not None and one.mode == mode and one.process.poll() is None:
            return one
        if one is not None:
            one.end()
        return start(mode)

    def fill(self, mode: str) -> None:
        """Have one wait of this mode, until nobody has asked for `REST_SECONDS`."""
        with self._lock:
            if self._one is None:
                with suppress(OSError):  # what was just answered stays so; the next statement says that none starts
                    self._one = start(mode)
            if self._rest is not None:
                self._rest.cancel()
            self._rest = threading.Timer(REST_SECONDS, self.end)
            self._rest.daemon = True  # the process ends with us in any case
            self._rest.start()

    def end(self) -> None:
        """Have none wait."""
        with self._lock:
            one, self._one = self._one, None
            if self._rest is not None:
                self._rest.cancel()
        if one is not None:
            one.end()
