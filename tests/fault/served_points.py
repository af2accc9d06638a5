"""Where a fault strikes a running `penstock serve`: strace attaches to it, counts its durable calls, or spoils one.

Strace counts per thread, so a point is (fault, system call, n-th of a thread), counted in a journey without faults. A
write that is really short is made by the kernel: a limit on the size of files (`RLIMIT_FSIZE`) lets a write that
crosses it do a part, and refuses the next one; its point is the size.
"""

from __future__ import annotations

import re
import resource
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.fault.injection import INJECTED, STRACE, calls

# what makes something durable, or makes or removes a name
DURABLE = (
    *("pwrite64", "pwritev", "fdatasync", "fsync", "openat", "ftruncate", "fallocate", "mkdir", "mkdirat"),
    *("rename", "renameat", "link", "linkat", "unlink", "unlinkat"),
)
# a death strikes there, too; an error would be one of a socket or of a pipe, as often as one of a disk
WRITTEN = "write"
NAMES = ("rename", "renameat", "mkdir", "mkdirat", "link", "linkat")
SHORT = "short"
MOMENTS = (START, JOURNEY) = ("start", "journey")
INJECTIONS = {"kill": "signal=KILL", "eio": "error=EIO", "enospc": "error=ENOSPC", "eintr": "error=EINTR"}
# an error that the system call can have
STRIKES = {
    "kill": (*DURABLE, WRITTEN),
    "eio": ("pwrite64", "pwritev", "fdatasync", "fsync", "ftruncate", *NAMES, "unlink", "unlinkat"),
    "enospc": ("pwrite64", "pwritev", "fdatasync", "fsync", "openat", "ftruncate", "fallocate", *NAMES),
    "eintr": ("pwrite64", "pwritev", "fdatasync", "fsync", "openat", "ftruncate", "fallocate"),
}
# what a start opens is nearly always read, and has no need of room
READ = (START, "enospc", "openat")
# files grow by so much in a journey; a size of a file that is no multiple of a page cuts a write in two
GROWN_BYTES, SIZES, ODD_BYTES = 600_000, 60, 1_777
ATTACHED_SECONDS, LOOK_SECONDS, LEFT_SECONDS = 20, 0.005, 2


class Point(NamedTuple):
    """One fault of one role, at its start or in a journey; of a short write `number` is the size files may have."""

    role: str
    moment: str
    fault: str
    call: str
    number: int

    def __str__(self):
        return " ".join(map(str, self))


class Tracer:
    """Strace on a running process, from `__init__` on until the process ends or `leave`."""

    def __init__(self, process, log, *, names, inject=None):
        self._log, told = log, log.with_name(log.name + ": strace itself")
        filters = ["-e", f"trace={','.join(names)}", *(["-e", f"inject={inject}"] if inject else [])]
        command = [STRACE, "-f", "-o", str(log), *filters, "-p", str(process)]
        with told.open("wb") as output:  # it tells of every thread; a pipe that nobody reads would hold up all of them
            self._strace = subprocess.Popen(command, stderr=output)
        until = time.monotonic() + ATTACHED_SECONDS
        while b"attached" not in told.read_bytes():
            assert self._strace.poll() is None, told.read_text()
            assert time.monotonic() < until, told.read_text()
            time.sleep(LOOK_SECONDS)

    def leave(self):
        """Let go of the process, if it lives; again does nothing."""
        self._strace.terminate()
        try:
            self._strace.wait(LEFT_SECONDS)
        except subprocess.TimeoutExpired:  # it sleeps beside a process that has ended, whose parent so hears nothing
            self._strace.kill()
            self._strace.wait()

    def text(self):
        return self._log.read_text(errors="replace")


def counting(process, log):
    """Attach and count."""
    return Tracer(process, log, names=(*DURABLE, WRITTEN))


def armed(process, point, log):
    """Attach, and strike at a point."""
    if point.fault == SHORT:
        tracer = Tracer(process, log, names=(point.call,))
        resource.prlimit(process, resource.RLIMIT_FSIZE, (point.number, resource.RLIM_INFINITY))
        return tracer
    return Tracer(
        process, log, names=(point.call,), inject=f"{point.call}:{INJECTIONS[point.fault]}:when={point.number}"
    )


def has_ended(process):
    """Say whether a process has ended, whoever has heard of it."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def mend(process, point, tracer):
    """Let nothing fail any more."""
    tracer.leave()
    if point.fault == SHORT:
        with suppress(ProcessLookupError):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def struck(point, text):
    """Say whether a log tells of the fault."""
    if point.fault == "kill":
        return "killed by SIGKILL" in text
    return "EFBIG" in text if point.fault == SHORT else INJECTED in text


def shortened(text):
    """Return how many writes of a log did only a part of what they were asked for."""
    done = re.findall(r"pwrite64\(.*, (\d+), \d+\) += (\d+)", text)
    return sum(int(asked) > int(written) for asked, written in done)


def points(role, moment, log):
    """Return every point of a role, by what one start or one journey without faults has called."""
    counted = calls(log)
    injected = [
        Point(role, moment, fault, name, number)
        for fault, names in STRIKES.items()
        for name in names
        if (moment, fault, name) != READ
        for number in range(1, counted[name] + 1)
    ]
    sizes = range(ODD_BYTES, GROWN_BYTES, GROWN_BYTES // SIZES)
    return [*injected, *(Point(role, moment, SHORT, "pwrite64", size) for size in sizes)]
