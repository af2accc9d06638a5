"""An event loop whose time is simulated: when nothing is ready it is at once the moment of the next timer.

Law: (1) nothing waits for the machine, so what happens depends on the seed alone: work for other threads is done here,
in turn. (2) Every task belongs to the process that began it, and ends with it: a process that is dead begins nothing.
"""

from __future__ import annotations

import asyncio
import selectors
from contextvars import Context, ContextVar

PRUNED_AT = 256


class StillError(Exception):
    """Nothing will ever happen again."""


class Process:
    """What one life of a participant has begun; `kill` ends it, wherever it is."""

    def __init__(self, name):
        self.name, self.dead = name, False
        self._tasks = []
        self._context = Context()
        self._context.run(CURRENT.set, self)

    def run(self, work, loop):
        """Begin a task in this process."""
        return self._context.run(loop.create_task, work)

    def do(self, act):
        """Call something as this process."""
        return self._context.copy().run(act)

    def own(self, task):
        if len(self._tasks) >= PRUNED_AT:
            self._tasks = [one for one in self._tasks if not one.done()]
        self._tasks.append(task)
        if self.dead:
            task.cancel()

    def kill(self):
        self.dead = True
        for task in self._tasks:
            task.cancel()


CURRENT: ContextVar[Process | None] = ContextVar("process", default=None)


class _Selector(selectors.SelectSelector):
    """Nothing comes from outside: to wait is to let time pass."""

    passed = staticmethod(lambda _seconds: None)

    def select(self, timeout=None):
        if timeout is None:
            raise StillError
        if timeout > 0:
            self.passed(timeout)
        return []


class Loop(asyncio.SelectorEventLoop):
    """`faults` are what tasks of living processes ended with, and nobody heard."""

    def __init__(self):
        self._turned = 0.0
        selector = _Selector()
        selector.passed = self._pass
        super().__init__(selector)
        self.faults = []
        self.set_task_factory(self._task)
        self.set_exception_handler(self._unheard)

    def time(self):
        return self._turned

    def _pass(self, seconds):
        self._turned += seconds

    def call_soon_threadsafe(self, callback, *args, context=None):
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor, func, *args):
        future = self.create_future()
        self.call_soon(_do, future, func, args)
        return future

    def _task(self, loop, work, context=None):
        task = asyncio.Task(work, loop=loop, context=context)
        process = CURRENT.get()
        if process is not None:
            process.own(task)
        return task

    def _unheard(self, _loop, told):
        fault = told.get("exception")
        process = CURRENT.get()
        if fault is not None and not (process is not None and process.dead):
            self.faults.append(fault)


class Thread:
    """An executor that has no thread: what it is given is done by the loop, `after()` seconds later."""

    def __init__(self, loop, after=lambda: 0.0):
        self._loop, self._after = loop, after

    def submit(self, func, *args):
        self._loop.call_later(self._after(), func, *args)

    def shutdown(self, **_told):
        """End."""


def _do(future, func, args):
    if future.cancelled():
        return
    try:
        found = func(*args)
    except Exception as fault:
        future.set_exception(fault)
    else:
        future.set_result(found)
