"""The asynchronous client; every fault is a `PenstockError` with a hint, as the commands would say it.

    async with Client("penstock-data") as penstock:
        [product, *_] = await penstock.find("weather")
        got = await penstock.get(product.id, max_price=420, purpose="Research")
        frame = (await penstock.open(got, purpose="Research")).to_pandas()

Law: the client adds nothing to what the server does: it asks by the management API, with the token of the data
directory, through the door that the commands use (`connector.client.server`). An id makes a call repeatable: the same
again goes on. What the server explains is raised as its class (`connector.client.faults`), but from `call`, which gives
it as it comes.
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
from connector.client.acts.areas import named
from connector.client.acts.money import money
from connector.client.acts.request import request
from connector.client.address import Address
from connector.client.faults import as_met, met
from connector.client.opened_table import OpenedTable
from connector.client.results import Acquired, Asked, Exported, Json, Opened, Product, Published, Quote, Settled
from connector.client.server import Server, server
from connector.runtime.errors import Conflict, InvalidInput, PaymentRefused, from_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping
    from datetime import datetime
    from types import TracebackType

    from connector.client.acts.act import Act

# one look waits so long for the next step
WAIT_SECONDS = 20
# where the command line has a participant, too
DEFAULT_DATA = "penstock-data"


class Client:
    """The participant of a data directory, or of an address and its token, whose server runs.

    `data` is the directory, or the address with `token`; `trust` then names a PEM file of authorities to believe. Use
    it as an asynchronous context manager.
    """

    def __init__(self, data: str | Path | None = None, *, token: str = "", trust: str | Path = "") -> None:
        self._address = _address(data, token, str(trust))
        self._stack = AsyncExitStack()
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._address.base()  # who never started a server is told now
        self._server = await self._stack.enter_async_context(server(self._address))
        return self

    async def close(self) -> None:
        """Ask no more; leaving `async with` does it."""
        await self._stack.aclose()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

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
        with as_met():
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
        /,
        product: str,
        *,
        max_price: int,
        purpose: str,
        max_total: int | None = None,
        id: str | None = None,  # noqa: A002  # the word that every row uses
        progress: Callable[[Acquired], object] | None = None,
        **more: Any,
    ) -> Acquired:
        """Negotiate within the limits, sign, deposit, pull, and return when all is here; the same `id` goes on.

        `max_price` is per unit, `max_total` for all, in minor units; `progress` is told each step; `more` is what a
        mandate has besides: `bid`, `deposit`, `provider`, …. Raises PaymentRefused over a limit, and whatever fault
        the purchase ended with.
        """
        key = id or str(uuid.uuid4())
        limits = {"limit": str(max_price), "cap": None if max_total is None else str(max_total)}
        said = {name: str(one) if type(one) is int else one for name, one in more.items()}
        await self.acquisition_begin(id=key, product=product, mandate={**limits, "purpose": purpose, **said})
        mark = ""
        while True:
            view = await self.acquisition_show(id=key, wait=WAIT_SECONDS, after=mark)
            mark = view["mark"]
            if progress is not None:
                progress(Acquired.read(view))
            if view["state"] in FINAL:
                break
        if view["state"] == "failed":
            raise met(from_reason(view["reason"]))
        return Acquired.read(view)

    async def publish(
        self,
        /,
        files: str | Path | Iterable[str | Path],
        *,
        title: str,
        price: int,
        purpose: str,
        until: str | datetime,
        progress: Callable[[Json], object] | None = None,
        **more: Any,
    ) -> Published:
        """Publish files as a product and return when it is submitted; `more` is what `product_publish` has besides.

        `price` is in minor units, `until` with a time zone; `progress` is told each view of the work. The same `id`
        goes on.
        """
        places = [self._place(each) for each in ([files] if isinstance(files, str | Path) else files)]
        if absent := [each for each in places if self._address.here and "://" not in each and not Path(each).exists()]:
            raise InvalidInput(f"there is no `{absent[0]}`", "name files or folders of this machine, or addresses")
        brief = {
            "files": places,
            "title": title,
            "price": str(price),
            "floor": str(more.pop("floor", price)),
            "purpose": purpose,
            "until": until if isinstance(until, str) else until.isoformat(),
            **more,
        }
        begun = await self.publication_begin(**brief)
        while "progress" in (view := await self.publication_show(id=begun["id"], wait=WAIT_SECONDS)):
            if progress is not None:
                progress(view)
        return Published.read(view)

    async def quoted_get(self, product: str, *, max_total: int, purpose: str, id: str | None = None) -> Acquired:  # noqa: A002  # as above
        """Quote first and buy all of it at the asked price, if that is within `max_total`; raises PaymentRefused."""
        told = await self.quote(product)
        if told.amount > max_total:
            raise PaymentRefused(f"`{product}` costs {told.words}, more than {money(max_total, told.currency)}")
        return await self.get(product, max_price=told.asked, max_total=max_total, purpose=purpose, id=id)

    async def open_files(
        self,
        acquisition: str | Acquired,
        *,
        purpose: str,
        to: str | Path,
        id: str | None = None,  # noqa: A002  # as above
        overwrite: bool = False,
        packed: bool = False,
        said: Mapping[str, str] | None = None,
    ) -> Opened:
        """Open what was got into the directory `to` where the server is: a decision, a count and evidence each time.

        An acquisition is named by its id, or by the agreement that it led to. Raises Conflict, before anything is
        counted or paid for, where a file is in the way and `overwrite` is not said. `packed` leaves small files in the
        archives that they came in. `said` is what else a policy asks of the use, such as its `application`.
        """
        where = self._place(to)
        key = id or str(uuid.uuid4())
        asked = {"acquisition": _named(acquisition), "purpose": purpose, "to": where, "overwrite": overwrite}
        asked |= ({"packed": True} if packed else {}) | ({"said": dict(said)} if said else {})
        return Opened.read(await self.replica_open(id=key, **asked))

    async def open_here(
        self, acquisition: str | Acquired, *, purpose: str, to: str | Path, said: Mapping[str, str] | None = None
    ) -> Opened:
        """Open as `open_files` does, into a directory of this machine; raises Conflict where the server has another."""
        if not self._address.here:
            hint = "`open_files` writes into a folder of the server's machine; run this there, or share that folder"
            raise Conflict("the server opens files on another machine", hint)
        return await self.open_files(acquisition, purpose=purpose, to=to, said=said)

    async def open(
        self, acquisition: str | Acquired, *, purpose: str, said: Mapping[str, str] | None = None
    ) -> OpenedTable:
        """Open what was got as one table (extra `tables`); its plain files are gone when it is read.

        Raises InvalidInput for files that are no table, or not of one schema; what was counted stays counted. Raises
        Conflict, before anything is counted, where the server's files are not this machine's.
        """
        tables.require()
        with tempfile.TemporaryDirectory(prefix="penstock-open-") as folder:
            opened = await self.open_here(acquisition, purpose=purpose, to=Path(folder) / "opened", said=said)
            return OpenedTable(opened, await asyncio.to_thread(tables.read, Path(folder) / "opened"))

    async def ask(
        self,
        acquisition: str | Acquired,
        statement: str,
        *,
        purpose: str,
        to: str | Path | None = None,
        within: int | None = None,
        said: Mapping[str, str] | None = None,
        joined: Mapping[str, str | Acquired] | None = None,
    ) -> Asked:
        """Ask one SELECT of what was got, as an opening; its rows are told, or written to the new file `to`.

        `joined` is what else the statement is about, under names of its own: an opening of each, of all or of none.
        A confined process of the server's reads it, at most `within` seconds. Raises InvalidInput for what cannot be
        answered, uncounted where that is known before it runs, and NotPermitted.
        """
        body: dict[str, Any] = {"acquisition": _named(acquisition), "purpose": purpose, "query": statement}
        body |= {} if to is None else {"to": self._place(to)}
        body |= ({} if within is None else {"within": within}) | ({"said": dict(said)} if said else {})
        body |= {"joined": {name: _named(one) for name, one in joined.items()}} if joined else {}
        return Asked.read(await self.replica_open(id=str(uuid.uuid4()), **body))

    async def export_keys(
        self,
        acquisition: str | Acquired,
        *,
        purpose: str,
        to: str | Path,
        id: str | None = None,  # noqa: A002  # as above
        said: Mapping[str, str] | None = None,
    ) -> Exported:
        """Hand out a kept replica's keys into the new file `to`, as an opening; nobody counts what is made of them."""
        body: dict[str, Any] = {"acquisition": _named(acquisition), "purpose": purpose, "to": self._place(to)}
        body |= {"said": dict(said)} if said else {}
        return Exported.read(await self.vault_export_keys(id=id, **body))

    async def settle(self, agreement: str | None = None) -> Settled:
        """Settle as the payee and withdraw what is ours."""
        return Settled.read(await self.settlement_make(agreement=agreement))

    def _place(self, path: str | Path) -> str:
        """Return an address, and a path of another machine, as it is; a path of this one in full."""
        text = str(path)
        if "://" in text:
            return text
        return str(Path(text).resolve()) if self._address.here else text


def _named(acquisition: str | Acquired) -> str:
    return acquisition.id if isinstance(acquisition, Acquired) else acquisition


def _address(data: str | Path | None, token: str, trust: str) -> Address:
    """Return whom to ask: the owner of a data directory, or who shows a token at an address."""
    where = DEFAULT_DATA if data is None else data
    if "://" in str(where):
        return Address.named(str(where), token, trust)
    if token or trust:
        raise InvalidInput(f"`{where}` is a data directory, which has its token", "name an address, or no token")
    return Address(Path(where))
