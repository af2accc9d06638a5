"""The process behind which an engine runs: it brings the engine in once, and has it answer each block in a fork.

Started by `connector.compute.engine.started` as `PYTHON -I …/door.py FD`, by the engine's own Python: it imports the
standard library, its two neighbours by their paths, and what the engine brings in. It is told and tells, as
`connector.compute.frames`:

    told    {source, name, parameters, tells, seconds}     → {confined: […]}, or {refused} with the engine's own words
    told    {rows, columns}, then the doubles, column after column  → {told: [number…]}, or {told: null} where it failed

An engine is a file with one function, `run(parameters, columns, tells)`: a list of floats, a list of columns (each an
`array` of doubles, NaN where a cell is empty), and a list of (name, least, most). It returns a float for each of those.

Law: (1) nothing of the data is here before the process has left the network, and others' paths to write. (2) No block
knows of another: each is a fork of what was there before the first, and what is left of it is ended before the next.
(3) Each has the same time, and a block that takes longer has failed alone.
"""

from __future__ import annotations

import base64
import ctypes
import importlib.util
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from array import array
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    Engine = Callable[[list[float], list[array[float]], list[tuple[str, float, float]]], list[float]]

ROOM: Final = Path(__file__).resolve().parent.parent
# of the engine with what it brings in, and of each block with what it makes
MEMORY_BYTES_MAX: Final = 4 << 30
FILES_MAX: Final = 256
WORDS_MAX: Final = 300
PROCESSES: Final = "processes"
DOUBLE: Final = struct.Struct("=d")
_CLONE_NEWPID, _PR_SET_PDEATHSIG = 0x20000000, 1
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def neighbour(name: str) -> ModuleType:
    """Return a module of our room, which is no package here."""
    spec = importlib.util.spec_from_file_location(name, ROOM / f"{name}.py")
    assert spec is not None, "it lies beside us"
    assert spec.loader is not None, "it is a file"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Leave what is not needed, bring the engine in, and answer blocks until nobody asks."""
    frames, confinement = neighbour("frames"), neighbour("confinement")
    taken = confinement.leave()
    alone = _LIBC.unshare(_CLONE_NEWPID) == 0
    if child := os.fork():  # the fork is the first process of its own space, if there is one: with it all others end
        os.waitpid(child, 0)
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    line = socket.socket(fileno=int(sys.argv[1]))
    asked, _ = frames.receive(line)
    try:
        engine = _brought(asked)
        for kind, most in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_NOFILE, FILES_MAX),
            (resource.RLIMIT_DATA, MEMORY_BYTES_MAX),
        ):
            resource.setrlimit(kind, (most, most))
    except Exception as fault:  # noqa: BLE001  # whatever it is: nothing of the data is here yet
        frames.send(line, {"refused": f"{type(fault).__name__}: {fault}"[:WORDS_MAX]})
        return
    frames.send(line, {"confined": [*taken, confinement.LIMITS, *([PROCESSES] if alone else [])]})
    with suppress(EOFError):
        while True:
            about, _ = frames.receive(line)
            cells = frames.take(line, about["rows"] * about["columns"] * DOUBLE.size)
            frames.send(line, {"told": _told(engine, asked, about, cells, line)})


def _brought(asked: dict[str, Any]) -> Engine:
    """Return the engine's function; raises what it raises."""
    known: dict[str, Any] = {"__name__": "engine", "__file__": asked["name"]}
    exec(compile(base64.b64decode(asked["source"]), asked["name"], "exec"), known)  # noqa: S102  # it is what was agreed on
    engine: Engine = known["run"]
    return engine


def _told(
    engine: Engine, asked: dict[str, Any], about: dict[str, Any], cells: bytearray, line: socket.socket
) -> list[float] | None:
    """Return what a fork of ours tells of a block within its time, None where it tells something else."""
    many = len(asked["tells"])
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        line.close()  # it answers for its own block alone
        os.close(ours)
        with suppress(BaseException):
            os.setsid()
            os.write(theirs, _run(engine, asked, about, cells))
        os._exit(0)
    os.close(theirs)
    try:
        found = _read(ours, many * DOUBLE.size, asked["seconds"])
    finally:
        os.close(ours)
        _end(child)
    return None if found is None else [one for (one,) in DOUBLE.iter_unpack(found)]


def _run(engine: Engine, asked: dict[str, Any], about: dict[str, Any], cells: bytearray) -> bytes:
    """Return the doubles that an engine tells of a block."""
    every, rows = array("d"), about["rows"]
    every.frombytes(cells)
    columns = [every[at * rows : (at + 1) * rows] for at in range(about["columns"])]
    tells = [(str(name), float(least), float(most)) for name, least, most in asked["tells"]]
    return b"".join(DOUBLE.pack(float(one)) for one in engine(list(asked["parameters"]), columns, tells))


def _read(pipe: int, length: int, seconds: float) -> bytes | None:
    """Return so many bytes and no more, None where they do not come in time."""
    end, found = time.monotonic() + seconds, b""
    while (left := end - time.monotonic()) > 0:
        if not select.select([pipe], [], [], left)[0]:
            continue
        if not (more := os.read(pipe, length + 1 - len(found))):
            return found if len(found) == length else None
        found += more
        if len(found) > length:
            return None
    return None


def _end(child: int) -> None:
    """End a block, with all that it began."""
    # it may not lead its group yet; and of a space of our own it is everybody
    for end, whom in ((os.killpg, child), (os.kill, child), *([(os.kill, -1)] if os.getpid() == 1 else [])):
        with suppress(OSError):
            end(whom, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


if __name__ == "__main__":
    main()
