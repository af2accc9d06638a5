"""Processes of the program without the time that Python takes to load it: forks of one that has loaded it already.

Loading is a second and a half of a processor, of which a test of processes needs nothing. `begin`, which stands for
`asyncio.create_subprocess_exec` while tests run, forks what would run a module of the program or a script of the
tests (`python -m connector.cli.entry serve …`, also behind `env NAME=value`); other commands are begun as ever. A fork
has arguments, environment, folder and streams of its own, ends by itself or by a signal, and what it begins is forked
too.

Law: (1) the nursery never runs what it loads, and forks with one thread alone. (2) Whoever asked holds a socket on
which it is told how its process ended; the nursery ends, with all that it forked, when the tests do. (3) `EXEC` begins
a process by the book, for a test whose point is how the program is loaded.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# where the nursery listens: whom it forked asks the same one
PLACE = "PENSTOCK_TEST_NURSERY"
# what servers, the onlookers of their chains and auditors load, sooner or later: packages, and all modules of rooms
LOADED = (
    "asyncio",
    "sqlite_utils",
    "tantivy",
    "uvloop",
    "connector.app.app",
    "connector.cli.entry",
    "connector.cli.serve",
)
ROOMS = ("connector/api", "connector/store", "ledger/audit", "ledger/embedded", "ledger/log")
# numpy starts threads, and the program has no need of it: who would load it here, for pandas, finds none
NOT_LOADED = ("numpy", "pandas")
OURS, SCRIPTS = ("connector.", "ledger."), str(ROOT / "tests")
READY = b"ready\n"
STATUS = struct.Struct("!i")
EXEC = asyncio.create_subprocess_exec
PIPE, STDOUT, DEVNULL = subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL


# --- who asks


async def begin(*command, stdin=None, stdout=None, stderr=None, env=None, cwd=None, **more):
    """Fork the program where this is a command of it, or begin the command as asyncio does."""
    words, env = [str(word) for word in command], dict(os.environ if env is None else env)
    run = None if more else _run(words, env)
    if run is None:
        return await EXEC(*command, stdin=stdin, stdout=stdout, stderr=stderr, env=env, cwd=cwd, **more)
    env[PLACE] = _place()
    asked = {"run": run, "env": env, "cwd": str(Path(cwd or ".").resolve())}
    kept, given, opened = {}, [], []
    for name, told in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr)):
        if told == PIPE:
            ends = os.pipe()
            given.append(ends[name != "stdin"])
            kept[name] = os.fdopen(ends[name == "stdin"], "wb" if name == "stdin" else "rb", 0)
            opened.append(given[-1])
        elif told == DEVNULL:
            given.append(os.open(os.devnull, os.O_RDWR))
            opened.append(given[-1])
        elif told == STDOUT:
            given.append(given[1])
        else:
            given.append(len(given) if told is None else told if isinstance(told, int) else told.fileno())
    try:
        line = socket.socket(socket.AF_UNIX)
        line.connect(_address())
        said = json.dumps(asked).encode()
        socket.send_fds(line, [STATUS.pack(len(said))], given)
        line.sendall(said)
        process = Process(STATUS.unpack(line.recv(STATUS.size, socket.MSG_WAITALL))[0], line)
    finally:
        for number in opened:
            os.close(number)
    for name, file in kept.items():
        setattr(process, name, await _stream(name, file))
    return process


class Process:
    """What `asyncio.subprocess.Process` is to who asked."""

    stdin = stdout = stderr = None

    def __init__(self, pid, line):
        self.pid, self._line, self._waiting, self._status = pid, line, [], None
        self._loop = None  # that looks at the line while somebody waits
        line.setblocking(False)

    def __del__(self):
        self._line.close()

    @property
    def returncode(self):
        """How it ended, None while it runs; the negative number of the signal that ended it."""
        if self._status is None:
            with suppress(BlockingIOError):
                told = self._line.recv(STATUS.size)
                # without a word, the nursery ended, and with it all that it forked
                self._status = STATUS.unpack(told)[0] if told else -signal.SIGKILL
                self._heard()  # who waits is told, too, whoever asked
                self._line.close()
        return self._status

    async def wait(self):
        """Return how it ended, as soon as it has."""
        while self.returncode is None:
            self._loop = asyncio.get_running_loop()
            told = self._loop.create_future()
            self._waiting.append(told)
            self._loop.add_reader(self._line, self._heard)
            await told
        if self.stdin is not None:
            self.stdin.close()
        return self._status

    def _heard(self):
        if self._loop is not None:
            self._loop.remove_reader(self._line)
            self._loop = None
        for told in self._waiting:
            if not told.done():
                told.set_result(None)
        self._waiting.clear()

    async def communicate(self, given=None):
        """Say this to it, hear all that it says, and wait for its end."""
        if self.stdin is not None:
            with suppress(BrokenPipeError, ConnectionResetError):
                if given:
                    self.stdin.write(given)
                    await self.stdin.drain()
            self.stdin.close()
        heard = await asyncio.gather(*(_whole(each) for each in (self.stdout, self.stderr)))
        await self.wait()
        return tuple(heard)

    def send_signal(self, number):
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


async def _whole(stream):
    return None if stream is None else await stream.read()


async def _stream(name, file):
    loop = asyncio.get_running_loop()
    if name == "stdin":
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, file)
        return asyncio.StreamWriter(transport, protocol, None, loop)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: _Heard(reader), file)
    return reader


class _Heard(asyncio.StreamReaderProtocol):
    """Closes the pipe at its end, which some loops leave to whoever reads."""

    def connection_made(self, transport):
        self._pipe = transport
        super().connection_made(transport)

    def eof_received(self):
        super().eof_received()
        self._pipe.close()
        return False


def _run(words, env):
    """Return what a command runs, (where modules are looked for first, module, script, arguments), if it is ours.

    The environment takes what `env` is told; one that says something else to Python is for a Python of its own.
    """
    if words[0] == "env":
        words = words[1:]
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            env[name] = value
    if any(env.get(name) != os.environ.get(name) for name in {*env, *os.environ} if name.startswith("PYTHON")):
        return None
    if words.pop(0) != sys.executable:
        return None
    first = "" if words[0] != "-P" else words.pop(0)
    if words[0] == "-m" and words[1].startswith(OURS):
        return {"first": not first, "module": words[1], "words": words[2:]}
    if words[0].startswith(SCRIPTS):
        return {"first": not first, "script": words[0], "words": words[1:]}
    return None


def _place():
    """Return where the nursery listens; begun by the first who asks."""
    if PLACE not in os.environ:
        os.environ[PLACE] = f"penstock-tests-{os.getpid()}"
        waits = subprocess.Popen([sys.executable, "-m", __name__], cwd=ROOT, stdin=PIPE, stdout=PIPE)
        assert waits.stdout.readline() == READY, "the nursery did not begin"
        atexit.register(waits.communicate)
    return os.environ[PLACE]


def _address():
    return "\0" + os.environ[PLACE]  # a name of the kernel's, no file


# --- the nursery


def forks():
    """Fork whom others ask for, until the standard input ends; returns in each fork, with what it shall run."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(_address())
    listening.listen(64)
    os.write(1, READY)
    looks, lines = select.poll(), {}
    looks.register(0, select.POLLIN)
    looks.register(listening, select.POLLIN)
    while True:
        for number, _ in looks.poll():
            if number == 0:
                for pid, _ in lines.values():
                    os.kill(pid, signal.SIGKILL)
                sys.exit()
            if number in lines:
                looks.unregister(number)
                pid, line = lines.pop(number)
                os.close(number)
                _, status = os.waitpid(pid, 0)
                with suppress(OSError), line:  # who asked may be gone
                    line.sendall(STATUS.pack(os.waitstatus_to_exitcode(status)))
                continue
            line = listening.accept()[0]
            size, given, _, _ = socket.recv_fds(line, STATUS.size, 3)
            asked = json.loads(line.recv(STATUS.unpack(size)[0], socket.MSG_WAITALL))
            assert len(list(Path("/proc/self/task").iterdir())) == 1, "a fork has one thread of several"
            pid = os.fork()
            if not pid:
                for watched in lines:
                    os.close(watched)
                for each in (line, listening, *(other for _, other in lines.values())):
                    each.close()
                _become(asked, given)
                return asked["run"]
            for each in given:
                os.close(each)
            lines[watched := os.pidfd_open(pid)] = pid, line
            looks.register(watched, select.POLLIN)
            line.sendall(STATUS.pack(pid))


def _become(asked, given):
    """Be the process that was asked for: its streams, environment and folder."""
    for number, each in enumerate(given):
        os.dup2(each, number)
    for each in given:
        os.close(each)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])


def main():
    gc.disable()
    sys.modules.update(dict.fromkeys(NOT_LOADED))
    rooms = [path for room in ROOMS for path in sorted((ROOT / room).glob("[!_]*.py"))]
    for name in (*LOADED, *(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in rooms)):
        importlib.import_module(name)
    importlib.import_module("tests.witnesses").trust()
    new_store = importlib.import_module("tests.new_store")
    new_store.copy()
    new_store.make()
    for name in NOT_LOADED:
        del sys.modules[name]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the tests say when it is over
    gc.freeze()
    gc.enable()
    run = forks()
    asyncio.create_subprocess_exec = begin
    sys.argv[1:] = run["words"]
    if "module" in run:
        sys.path[:1] = [str(Path.cwd())] if run["first"] else []
        sys.modules.pop(run["module"], None)  # what runs is `__main__`, and whoever imports it gets another
        runpy.run_module(run["module"], run_name="__main__", alter_sys=True)
    else:
        sys.argv[0] = run["script"]
        sys.path[0] = str(Path(run["script"]).parent)
        runpy.run_path(run["script"], run_name="__main__")


if __name__ == "__main__":
    main()
