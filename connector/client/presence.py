"""Whether the server of a data directory answers, is starting, or is away, and how long who asks waits for it.

Law: a server that starts says so in `DIR/starting.json` with its process, from its first second until it answers
(`DIR/server.json`) or ends; what a crash left there names a process that lives no more. Who named no time waits for one
that starts, and for no other.
"""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

from connector.client.address import OWN_ANSWER_BYTES_MAX, trusted
from connector.net.question import Question
from connector.runtime.clock import Clock
from connector.runtime.data_folder import SERVING, STARTING
from connector.runtime.errors import InvalidInput, PeerUnreachable, PenstockError
from connector.runtime.limits import SERVER_WAIT_SECONDS_MAX
from connector.runtime.living import lives

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "PENSTOCK_WAIT"
# how long a server that is seen starting is waited for where nobody said; most are there within five seconds
STARTING_SECONDS = 30.0
LOOK_SECONDS = 0.1
LISTEN_SECONDS = 1.0
# what was said on the command line, if anything was: it wins over the environment
SAID: list[float] = []


def awaited(data: Path) -> None:
    """Return when the server of `data` answers, or when it was waited for long enough (blocking)."""
    clock, most = Clock(), _said()
    begun = clock.monotonic()
    while not _answers(data):
        patience = STARTING_SECONDS if most is None and is_starting(data) else most or 0
        if clock.monotonic() - begun >= patience:
            return  # the question says what is missing
        threading.Event().wait(LOOK_SECONDS)


def is_starting(data: Path) -> bool:
    """Say whether a process is about to serve `data`."""
    told = _told(data / STARTING)
    return told is not None and _lives(told.get("pid"))


def _lives(process: Any) -> bool:
    return type(process) is int and process > 0 and lives(process)


def _said() -> float | None:
    if SAID:
        return SAID[-1]
    told = os.environ.get(VARIABLE, "")
    if not told:
        return None
    if not (told.isascii() and told.isdecimal()):
        raise InvalidInput(f"`{VARIABLE}` is `{told[:100]}`, no whole number of seconds", "say 30, for example")
    if len(told) > len(str(SERVER_WAIT_SECONDS_MAX)) or int(told) > SERVER_WAIT_SECONDS_MAX:
        raise InvalidInput(f"`{VARIABLE}` is more than {SERVER_WAIT_SECONDS_MAX} seconds", "say 30, for example")
    return float(told)


def _answers(data: Path) -> bool:
    """Say whether a server answers, as far as that is seen; what is damaged is nothing to wait for."""
    told = _told(data / SERVING)
    if told is None:
        return False
    return "url" not in told or _lives(told.get("pid", os.getpid())) or _listens(data, str(told["url"]))


def _listens(data: Path, url: str) -> bool:
    """Say whether a server answers at an address, whatever it says: its process may be in a container."""
    try:
        limits: dict[str, Any] = {"timeout_seconds": LISTEN_SECONDS, "limit_bytes": OWN_ANSWER_BYTES_MAX}
        Question(development=True, trust=trusted(data)).put("GET", url + "/health", headers={}, **limits)
    except PeerUnreachable:
        return False
    except PenstockError:
        return True
    return True


def _told(path: Path) -> dict[str, Any] | None:
    """Return what a server wrote, None where it wrote nothing; an empty object where that cannot be read."""
    try:
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
