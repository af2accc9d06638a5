"""Faults at the n-th system call: strace attaches to a waiting process, which then takes its steps.

Its counter is per thread, so a point is (system call, n-th of a thread). Points are counted first, in a run without
faults, and a clean run ends nothing: with an error instead of a death a later point may strike after one that did not.
"""

from __future__ import annotations

import multiprocessing
import re
import shutil
import subprocess
from collections import Counter

from tests.fault import roles

STRACE = shutil.which("strace")
# what makes something durable, or makes or removes a name
DURABLE = ("pwrite64", "fdatasync", "fsync", "openat", "rename", "renameat", "unlink", "unlinkat", "ftruncate", "mkdir")
FAULTS = {"kill": "signal=KILL", "eio": "error=EIO", "enospc": "error=ENOSPC"}
# an error that the system call can have, where the program can go wrong over it
STRIKES = {
    "kill": DURABLE,
    "eio": ("pwrite64", "fdatasync", "fsync"),
    "enospc": ("pwrite64", "openat", "ftruncate"),
}
PATIENCE_SECONDS = 20
# what a store imports late is imported before the fork, or most of the points would be those of the import
PRELOADED = ("tests.fault.roles", "sqlite_utils")
INJECTED = "(INJECTED)"


def permitted():
    """Whether a process here may trace another."""
    tried = [STRACE, "-qq", "-o", "/dev/null", "true"]
    return STRACE is not None and subprocess.run(tried, capture_output=True, check=False).returncode == 0


class Died(Exception):  # noqa: N818
    """The process is gone; `code` is its exit code, negative for a signal."""

    def __init__(self, code):
        super().__init__(f"exit code {code}")
        self.code = code


class Role:
    """One process that plays a role, perhaps under strace."""

    def __init__(self, name, folder, *, inject=None, trace=None, log=None, options=("-f",), fresh=False):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        self._near, far = context.Pipe()
        self._process = context.Process(target=roles.run, args=(name, folder, far), kwargs={"fresh": fresh})
        self._process.start()
        far.close()
        self._strace = self._attach(inject, trace, log, options) if inject or trace else None
        self._near.send("go")

    def _attach(self, inject, trace, log, options):
        what = [f"inject={inject}"] if inject else []
        filters = [part for each in [f"trace={trace or inject.partition(':')[0]}", *what] for part in ("-e", each)]
        command = [STRACE, *options, "-o", str(log), "-p", str(self._process.pid), *filters]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        said = tracer.stderr.readline()
        assert "attached" in said, said
        return tracer

    def ask(self, what, body):
        """Send a message to a provider and return its answer; raises `Died`."""
        self.send((what, body))
        return self.recv()

    def send(self, message):
        try:
            self._near.send(message)
        except OSError as error:
            raise Died(self.end()) from error

    def recv(self):
        assert self._near.poll(PATIENCE_SECONDS), "the process neither answers nor dies"
        try:
            return self._near.recv()
        except (EOFError, OSError) as error:
            raise Died(self.end()) from error

    def finish(self):
        """Let a provider end; return the exit code."""
        self.send(None)
        return self.end()

    def kill(self):
        """End it at once."""
        self._process.kill()
        return self.end()

    def end(self):
        self._process.join(PATIENCE_SECONDS)
        assert self._process.exitcode is not None, "the process does not end"
        if self._strace is not None:
            self._strace.wait(PATIENCE_SECONDS)
            self._strace.stderr.close()
            self._strace = None
        self._near.close()
        return self._process.exitcode


def calls(log):
    """How often each thread made each system call: {system call: the most of one thread}."""
    of_thread = Counter()
    for line in log.read_text(errors="replace").splitlines():
        if found := re.match(r"(\d+) +(\w+)\(", line):
            of_thread[found.groups()] += 1
    most = Counter()
    for (_, name), count in of_thread.items():
        most[name] = max(most[name], count)
    return most


def points(counted):
    """Every (fault, system call, n)."""
    return [
        (fault, name, number)
        for fault, names in STRIKES.items()
        for name in names
        for number in range(1, counted[name] + 1)
    ]
