"""The same client for programs without an event loop: each call waits for its end.

Law: it has the methods of `Client` and no others, each made from it; a loop of its own runs in a thread, so it works
in a notebook, whose loop is somebody else's. What nobody closes is closed when nobody has it any more, or the program
ends.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from connector.client.acts.areas import named
from connector.client.client import Client
from connector.runtime.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from types import TracebackType

T = TypeVar("T")
P = ParamSpec("P")


def _waits(
    method: Callable[Concatenate[Client, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[WaitingClient, P], T]:
    """Return a method of `Client` as one that waits for its end."""

    @wraps(method)
    def call(self: WaitingClient, /, *args: P.args, **given: P.kwargs) -> T:
        return self._wait(method(self._client, *args, **given))

    return call


class WaitingClient:
    """The participant that `Client` would ask; use it as a context manager, or begin it and close it."""

    def __init__(self, data: str | Path | None = None, *, token: str = "", trust: str | Path = "") -> None:
        self._client = Client(data, token=token, trust=trust)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="penstock-client", daemon=True)
        self._end = weakref.finalize(self, _ended, self._client, self._loop, self._thread)

    def __enter__(self) -> Self:
        if self._thread.is_alive():  # `penstock.connect` began it
            return self
        self._thread.start()
        try:
            self._wait(self._client.__aenter__())
        except BaseException:  # whom `with` does not let in it does not let out, either
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ask no more; leaving `with` does it."""
        self._end()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Do as `Client.__getattr__`."""
        named(name)
        return lambda **given: self._wait(getattr(self._client, name)(**given))

    call = _waits(Client.call)
    find = _waits(Client.find)
    quote = _waits(Client.quote)
    get = _waits(Client.get)
    publish = _waits(Client.publish)
    quoted_get = _waits(Client.quoted_get)
    open_files = _waits(Client.open_files)
    open_here = _waits(Client.open_here)
    open = _waits(Client.open)
    ask = _waits(Client.ask)
    export_keys = _waits(Client.export_keys)
    settle = _waits(Client.settle)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what comes of a coroutine of the client; raises Conflict where nobody is there to run it."""
        if not self._thread.is_alive():  # a fork has the threads of its parent no more
            work.close()
            raise Conflict("this client is closed, or another process's", "connect again")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _ended(client: Client, loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    """End the client, then the thread, and close its loop."""
    if thread is threading.current_thread():  # where the last reference happened to go: it cannot wait for itself
        loop.create_task(client.close()).add_done_callback(lambda _: loop.stop())
        return
    try:
        if thread.is_alive():
            asyncio.run_coroutine_threadsafe(client.close(), loop).result()
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
        loop.close()
