"""An engine that was started behind its door, seen from the connector: it has come up, or says why it did not.

door = start(installed, source, attached, seconds)     the process runs, and has what it is; nothing of the data
door.come()                                            (blocking) raises InvalidInput with the engine's own words
door.line                                              is lent to the reader process, which says the blocks
"""

from __future__ import annotations

import base64
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.compute import frames
from connector.compute.engine.attached import Attached
from connector.compute.program import Tells, digest_of
from connector.compute.waiting import ITS_OWN
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from connector.compute.engine.installed import Installed

# libraries of an engine may take some seconds to come in
COMING_SECONDS: Final = 60
DOOR: Final = Path(__file__).with_name("door.py")
_HINT: Final = "its provider mends it; docs/compute.md says what an engine is"


@dataclass(frozen=True, slots=True)
class Door:
    """The process of an engine, and our end of the line to it."""

    name: str
    process: subprocess.Popen[bytes]
    line: socket.socket

    def come(self) -> tuple[str, ...]:
        """Wait until the engine is there (blocking); returns what holds it. Raises InvalidInput."""
        try:
            self.line.settimeout(COMING_SECONDS)
            told, _ = frames.receive(self.line)
        except (EOFError, OSError, ValueError) as fault:
            raise InvalidInput(f"the engine `{self.name}` does not come up", _HINT) from fault
        if "refused" in told:
            text = f"the engine `{self.name}` does not come up: {told['refused']!s:.300}"
            raise InvalidInput(text, _HINT)
        return tuple(f"engine-{one}" for one in told["confined"])

    def end(self) -> None:
        """End it, and all that it began; again changes nothing."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.line.close()


def require(installed: Installed) -> None:
    """Have an engine come up once (blocking), and end it; raises InvalidInput with its own words."""
    source = installed.source()
    door = start(installed, source, Attached("", (Tells("one", 0, 1),), engine=digest_of(source)), 1.0)
    try:
        door.come()
    finally:
        door.end()


def start(installed: Installed, source: bytes, attached: Attached, seconds: float) -> Door:
    """Start an engine that has so many seconds for each block; raises InvalidInput where its Python is not there."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(  # noqa: S603  # our own module, by the Python that our settings name
                [installed.python, "-I", "-B", str(DOOR), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(ITS_OWN),
                cwd=DOOR.parent,
                start_new_session=True,
            )
        except OSError as fault:
            ours.close()
            raise InvalidInput(f"the Python of the engine `{installed.name}` is not started", _HINT) from fault
    told = {
        "source": base64.b64encode(source).decode(),
        "name": installed.file.name,
        "seconds": seconds,
        **attached.about(),
    }
    with suppress(OSError):  # it has ended already, and `come` says so
        frames.send(ours, told)
    return Door(installed.name, process, ours)
