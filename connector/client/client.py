"""The asynchronous client; every fault is a `PenstockError` with a hint, as the commands would say it.

    async with Client("penstock-data") as penstock:
        [product, *_] = await penstock.find("weather")
        got = await penstock.get(product.id, max_price=420, purpose="Research")
        table = await penstock.open(got.id, purpose="Research")

Law: the client adds nothing to what the server does: it asks by the management API, with the token of the data
directory, through the door that the commands use (`connector.client.server`). An id makes a call repeatable: the same
again goes on.
"""

from __future__ import annotations

import asyncio
import tempfile
import uuid
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from connector.client import tables
from connector.client.acts.acquisitions import FINAL
from connector.client.acts.act import JSON
from connector.client.acts.money import money
from connector.client.acts.request import request
from connector.client.acts.table import named
from connector.client.results import Acquired, Exported, Opened, Product, Quote, Settled
from connector.client.server import Server, server
from connector.runtime.errors import PaymentRefused, from_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from types import TracebackType

    import pyarrow as pa

    from connector.client.acts.act import Act

# one look waits so long for the next step
WAIT_SECONDS = 20


class Client:
    """The participant of `data`, whose server runs; use it as an asynchronous context manager."""

    def __init__(self, data: str | Path) -> None:
        self._data = Path(data)
        self._stack = AsyncExitStack()
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await self._stack.enter_async_context(server(self._data))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask `/management/{path}` for what has no method here."""
        assert self._server is not None, "use it in `async with`"
        return await self._server.call(method, path, body)

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Return the method of a declared act (docs/reference.md): `await penstock.source_pause(name="river")`."""
        return partial(self._do, named(name))

    async def _do(self, act: Act, /, *, dry_run: bool = False, **given: Any) -> Any:
        """Do an act with these fields, or with `dry_run` say what it would do; raises InvalidInput for other fields."""
        path, body = request(act, given)
        if dry_run:
            return await self.call("POST", "rehearsals", {"path": path, "body": body})
        return await (self.call(act.method, path, body) if act.media == JSON else self._whole(path))

    async def _whole(self, path: str) -> bytes:
        assert self._server is not None, "use it in `async with`"
        async with self._server.stream(path) as body:
            return b"".join([bytes(chunk) async for chunk in body.chunks()])

    async def find(self, words: str = "", *, where: Iterable[str] = (), first: int = 0) -> list[Product]:
        """Return a page of listed products with these words that meet every `where` (as `penstock find --where`)."""
        found = await self.product_find(q=words, first=first, where=list(where))
        return [Product.read(row) for row in found["products"]]

    async def quote(self, product: str) -> Quote:
        """Return what a product costs; nothing is agreed."""
        return Quote.read(await self.quote_show(product=product))

    async def get(
        self,
        product: str,
        *,
        max_price: int,
        purpose: str,
        max_total: int | None = None,
        id: str | None = None,  # noqa: A002  # the word that every row uses
        progress: Callable[[Acquired], object] | None = None,
    ) -> Acquired:
        """Negotiate within the limits, sign, deposit, pull, and return when all is here; the same `id` goes on.

        `max_price` is per unit, `max_total` for all, in minor units; `progress` is told each step. Raises
        PaymentRefused over a limit, and whatever fault the purchase ended with.
        """
        key = id or str(uuid.uuid4())
        limits = {"limit": str(max_price), "cap": None if max_total is None else str(max_total)}
        await self.acquisition_begin(id=key, product=product, mandate={**limits, "purpose": purpose})
        mark = ""
        while True:
            view = await self.acquisition_show(id=key, wait=WAIT_SECONDS, after=mark)
            mark = view["mark"]
            if progress is not None:
                progress(Acquired.read(view))
            if view["state"] in FINAL:
                break
        if view["state"] == "failed":
            raise from_reason(view["reason"])
        return Acquired.read(view)

    async def quoted_get(self, product: str, *, max_total: int, purpose: str, id: str | None = None) -> Acquired:  # noqa: A002  # as above
        """Quote first and buy all of it at the asked price, if that is within `max_total`; raises PaymentRefused."""
        told = await self.quote(product)
        if told.amount > max_total:
            raise PaymentRefused(f"`{product}` costs {told.words}, more than {money(max_total, told.currency)}")
        return await self.get(product, max_price=told.asked, max_total=max_total, purpose=purpose, id=id)

    async def open_files(
        self,
        acquisition: str,
        *,
        purpose: str,
        to: str | Path,
        id: str | None = None,  # noqa: A002  # as above
        overwrite: bool = False,
    ) -> Opened:
        """Open what was got into the directory `to`: a decision, a count and evidence each time.

        Raises Conflict, before anything is counted or paid for, where a file is in the way and `overwrite` is not said.
        """
        where = str(Path(to).resolve())
        key = id or str(uuid.uuid4())
        asked = {"acquisition": acquisition, "purpose": purpose, "to": where, "overwrite": overwrite}
        return Opened.read(await self.replica_open(id=key, **asked))

    async def open(self, acquisition: str, *, purpose: str) -> pa.Table:
        """Open what was got as one Arrow table (extra `tables`); its plain files are gone when it is read.

        Raises InvalidInput for files that are no table, or not of one schema; what was counted stays counted.
        """
        tables.require()
        with tempfile.TemporaryDirectory(prefix="penstock-open-") as folder:
            await self.open_files(acquisition, purpose=purpose, to=Path(folder) / "opened")
            return await asyncio.to_thread(tables.read, Path(folder) / "opened")

    async def export_keys(self, acquisition: str, *, purpose: str, to: str | Path, id: str | None = None) -> Exported:  # noqa: A002  # as above
        """Hand out a kept replica's keys into the new file `to`, as an opening; nobody counts what is made of them."""
        body = {"acquisition": acquisition, "purpose": purpose, "to": str(Path(to).resolve())}
        return Exported.read(await self.vault_export_keys(id=id, **body))

    async def settle(self, agreement: str | None = None) -> Settled:
        """Settle as the payee and withdraw what is ours."""
        return Settled.read(await self.settlement_make(agreement=agreement))
