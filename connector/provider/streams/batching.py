"""Growing sources, read while they are on offer, or sold: cut into batches that are sealed and kept for a while.

Law: a batch and the position behind it are durable in one transaction, its bytes before that; then the source may
forget. A crash repeats a read, and seals the same number anew, which nobody has seen. What is older than
STREAM_DAYS_KEPT, or more than STREAM_BYTES_KEPT or STREAM_BATCHES_KEPT, is removed: who comes later is told so.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from connector.core.driver import Driver
from connector.custody import batches
from connector.custody.errors import VaultError
from connector.custody.growing import places
from connector.negotiation.agreement import why_over
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import PROVIDER
from connector.runtime import files
from connector.runtime.data_folder import STREAMS
from connector.runtime.errors import PeerUnreachable
from connector.runtime.limits import (
    BATCH_BYTES_MAX,
    BATCH_MESSAGES_MAX,
    STREAM_BATCHES_KEPT,
    STREAM_BYTES_KEPT,
    STREAM_DAYS_KEPT,
)
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.product import ProductRow, ProductState
from connector.store.rows.stream import BatchRow, StreamRow
from connector.store.table_row import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from connector.core.core import Core
    from connector.custody.batches import Batch
    from connector.custody.growing.growing import Growing, Read
    from connector.custody.secrets import Keys
    from connector.provider.publication import Publications
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

POLL_SECONDS: Final = 0.2
# what comes within it is one batch: a message is as late at most
GATHER_SECONDS: Final = 0.5
FORGOTTEN_AT_ONCE: Final = 1_000
DIGEST_DIGITS: Final = 32
# products that may be streams: of a hundred thousand others none is read
_STREAMS, _SAID = "SELECT id FROM products WHERE tier = ? AND CAST(brief AS TEXT) LIKE ?", '%"stream":%'


class Batching:
    """The growing sources of one provider."""

    def __init__(self, core: Core, secrets: Keys, publications: Publications) -> None:
        self._core, self._secrets = core, secrets
        self._folder: Path = core.data.absolute() / STREAMS
        self.driver = Driver("stream", self._collect, self._fail)
        self._come: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        publications.on_offer.append(lambda _edition: self._look_around())

    async def recover(self) -> None:
        """Go on with every stream that is on offer."""

        def look(tx: Tx) -> list[str]:
            rows = (tx.get(ProductRow, id=key) for key in tx.column(_STREAMS, PLAIN, _SAID))
            return [row.id for row in rows if row is not None and self._is_sold(tx, row)]

        for product in await self._core.store.read(look):
            self.driver.wake(product)

    async def wait(self, product: str, seconds: float) -> None:
        """Return when the stream of a product has moved, at the latest after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._come[product].wait()
        except TimeoutError:
            pass

    def path(self, product: str, number: int) -> Path:
        """Return where the sealed bytes of a batch are."""
        return self._folder / sha256(product.encode()).hexdigest()[:DIGEST_DIGITS] / f"{number:012d}"

    async def page(self) -> JsonObject:
        """Return every stream of ours: how much it has brought, what is kept of it, and what troubles it."""

        def look(tx: Tx) -> list[JsonObject]:
            return [self._told(tx, row) for row in tx.find(StreamRow, order="product")]

        return {"streams": await self._core.store.read(look)}

    async def tidy(self) -> None:
        """Remove what is older, or more, than is kept."""
        for row in await self._core.store.read(lambda tx: tx.find(StreamRow)):
            gone = await self._core.store.write(partial(self._forget, product=row.product))
            for number in gone:
                await asyncio.to_thread(files.remove, self.path(row.product, number))

    # ---- one source

    async def _collect(self, product: str) -> None:
        while (row := await self._sold(product)) is not None:
            there = await self._core.store.read(lambda tx: tx.get(StreamRow, product=product))
            place = row.brief["stream"]
            position = there.position if there is not None and there.source == place else ""
            source = places.kind_of(place).opened(place, position)
            try:
                await self._read_on(product, place, source)
            except VaultError as fault:
                raise PeerUnreachable(f"the source of the stream `{product}` cannot be read: {fault}") from fault
            finally:
                await source.close()

    async def _read_on(self, product: str, place: str, source: Growing) -> None:
        """Read until nobody may have it any more, or it comes from another place."""
        while (row := await self._sold(product)) is not None and row.brief["stream"] == place:
            read = await source.read()
            if read is None:
                await asyncio.sleep(POLL_SECONDS)
                continue
            await self._keep(product, place, read)
            await source.confirm(read.position)
            self._come.pop(product, asyncio.Event()).set()
            if sum(map(len, read.messages)) < BATCH_BYTES_MAX // 2:  # what trickles is gathered: few batches, not many
                await asyncio.sleep(GATHER_SECONDS)

    async def _sold(self, product: str) -> ProductRow | None:
        """Return the product's row while its stream is on offer, or is served to those who bought it."""

        def look(tx: Tx) -> ProductRow | None:
            row = tx.get(ProductRow, id=product)
            return row if row is not None and self._is_sold(tx, row) else None

        return await self._core.store.read(look)

    def _is_sold(self, tx: Tx, row: ProductRow) -> bool:
        if row.edition is None or (row.brief or {}).get("stream") is None or row.state == ProductState.FAILED:
            return False
        if row.state != ProductState.WITHDRAWN:
            return True
        now = self._core.clock.now()
        where, values = "product = ? and role = ? and (not_after is null or not_after > ?)", (row.id, PROVIDER, now)
        return any(not why_over(one, now) for one in tx.find(AgreementRow, where, values))

    async def _keep(self, product: str, place: str, read: Read) -> None:
        there = await self._core.store.read(lambda tx: tx.get(StreamRow, product=product))
        number, head = (0, batches.NO_BATCH) if there is None else (there.number, there.head)
        sealed = await asyncio.to_thread(self._sealed, product, number, head, read.messages)
        now = self._core.clock.now()
        messages, plain = sum(one.messages for one, _ in sealed), sum(one.plain_bytes for one, _ in sealed)

        def act(tx: Tx) -> None:
            for one, size in sealed:
                tx.insert(_row(product, one, size, now))
            after = StreamRow(
                product=product,
                source=place,
                position=read.position,
                number=sealed[-1][0].number,
                head=sealed[-1][0].head,
                messages=messages,
                updated=now,
                bytes=plain,
            )
            if there is None:
                tx.insert(after)
            else:
                tx.change(there, replace(after, messages=there.messages + messages, bytes=there.bytes + plain))

        await self._core.store.write(act)

    def _sealed(self, product: str, number: int, head: bytes, messages: Sequence[bytes]) -> list[tuple[Batch, int]]:
        """Seal messages as the batches behind `head`, their bytes durable (blocking); return each with its size."""
        found = []
        stream_key = self._secrets.streams()
        files.make_folder(self.path(product, 0).parent)
        for part in _cut(messages):
            number += 1
            batch, sealed = batches.seal(batches.key(stream_key, product, number), number, head, part)
            files.write_atomic(self.path(product, number), sealed)
            found.append((batch, len(sealed)))
            head = batch.head
        return found

    async def _fail(self, product: str, fault: Exception) -> None:
        """Leave it: what time cannot mend is in the log, and the next start tries again."""

    def _look_around(self) -> None:
        task = asyncio.get_running_loop().create_task(self.recover(), name="streams")
        self._looking = task

    def _forget(self, tx: Tx, product: str) -> list[int]:
        """Forget the oldest batches that are too old, or too many; a few each time, for others wait meanwhile."""
        row = tx.get(StreamRow, product=product)
        newest = 0 if row is None else row.number
        old = newest - STREAM_BATCHES_KEPT, self._core.clock.now() - timedelta(days=STREAM_DAYS_KEPT)
        [size] = tx.column("SELECT sum(sealed_bytes) FROM batches WHERE product = ?", product)
        gone, over = [], int(size or 0) - STREAM_BYTES_KEPT
        for one in tx.find(BatchRow, "product = ?", (product,), order="number", limit=FORGOTTEN_AT_ONCE):
            if one.number > old[0] and one.created >= old[1] and over <= 0:
                break
            tx.delete(BatchRow, product=product, number=one.number)
            gone.append(one.number)
            over -= one.sealed_bytes
        return gone

    def _told(self, tx: Tx, row: StreamRow) -> JsonObject:
        kept = tx.find(BatchRow, "product = ?", (row.product,), order="number", limit=1)
        trouble = self.driver.trouble(row.product)
        return {
            "product": row.product,
            "messages": str(row.messages),
            "bytes": str(row.bytes),
            "newest": row.number,
            "oldest": kept[0].number if kept else None,
            "updated": row.updated.isoformat(),
            "reads": self.driver.runs(row.product) and trouble is None,
            "trouble": "" if trouble is None else trouble.text,
        }


def _row(product: str, batch: Batch, size: int, now: datetime) -> BatchRow:
    return BatchRow(
        product=product,
        number=batch.number,
        previous=batch.previous,
        messages=batch.messages,
        plain_bytes=batch.plain_bytes,
        sealed_bytes=size,
        sealed_digest=batch.sealed_digest,
        created=now,
    )


def _cut(messages: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield messages in batches of a size that is sent and opened at once."""
    first = size = 0
    for at, message in enumerate(messages):
        if at > first and (size + len(message) >= BATCH_BYTES_MAX or at - first == BATCH_MESSAGES_MAX):
            yield messages[first:at]
            first, size = at, 0
        size += len(message) + 1
    yield messages[first:]
