"""The same client for programs without an event loop: each call waits for its end.

Law: it has the methods of `Client` and no others, each made from it; a loop of its own runs in a thread, so it works
in a notebook, whose loop is somebody else's.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

from connector.client.acts.table import named
from connector.client.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from pathlib import Path
    from types import TracebackType

    import pyarrow as pa

    from connector.client.results import Acquired, Exported, Opened, Product, Quote, Settled

T = TypeVar("T")


class WaitingClient:
    """The participant of `data`; use it as a context manager."""

    def __init__(self, data: str | Path) -> None:
        self._client = Client(data)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="penstock-client", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._wait(self._client.__aenter__())
        except BaseException:  # whom `with` does not let in it does not let out, either
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._wait(self._client.__aexit__(kind, error, trace))
        finally:
            self._stop()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Do as `Client.call`."""
        return self._wait(self._client.call(method, path, body))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Do as `Client.__getattr__`."""
        named(name)
        return lambda **given: self._wait(getattr(self._client, name)(**given))

    def find(self, words: str = "", *, where: Iterable[str] = (), first: int = 0) -> list[Product]:
        """Do as `Client.find`."""
        return self._wait(self._client.find(words, where=where, first=first))

    def quote(self, product: str) -> Quote:
        """Do as `Client.quote`."""
        return self._wait(self._client.quote(product))

    def get(
        self,
        product: str,
        *,
        max_price: int,
        purpose: str,
        max_total: int | None = None,
        id: str | None = None,  # noqa: A002  # as in `Client`
        progress: Callable[[Acquired], object] | None = None,
    ) -> Acquired:
        """Do as `Client.get`."""
        limits = {"max_price": max_price, "max_total": max_total}
        return self._wait(self._client.get(product, **limits, purpose=purpose, id=id, progress=progress))  # type: ignore[arg-type]  # a price is never None

    def quoted_get(self, product: str, *, max_total: int, purpose: str, id: str | None = None) -> Acquired:  # noqa: A002  # as in `Client`
        """Do as `Client.quoted_get`."""
        return self._wait(self._client.quoted_get(product, max_total=max_total, purpose=purpose, id=id))

    def open_files(
        self,
        acquisition: str,
        *,
        purpose: str,
        to: str | Path,
        id: str | None = None,  # noqa: A002  # as in `Client`
        overwrite: bool = False,
    ) -> Opened:
        """Do as `Client.open_files`."""
        opened = self._client.open_files(acquisition, purpose=purpose, to=to, id=id, overwrite=overwrite)
        return self._wait(opened)

    def open(self, acquisition: str, *, purpose: str) -> pa.Table:
        """Do as `Client.open`."""
        return self._wait(self._client.open(acquisition, purpose=purpose))

    def export_keys(self, acquisition: str, *, purpose: str, to: str | Path, id: str | None = None) -> Exported:  # noqa: A002  # as in `Client`
        """Do as `Client.export_keys`."""
        return self._wait(self._client.export_keys(acquisition, purpose=purpose, to=to, id=id))

    def settle(self, agreement: str | None = None) -> Settled:
        """Do as `Client.settle`."""
        return self._wait(self._client.settle(agreement))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _stop(self) -> None:
        """End the thread, and close its loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
