"""What a review opens of a data set: rows drawn after registration, opened to us alone, checked against the root.

Law: the seed is fixed after the edition is on chain and by nobody alone: it is the root of our own log at a size that
our witnesses cosigned after the registration. What is published is the seed, the rows and the bound, and what of the
description does not hold; never content.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.custody import review, tickets
from connector.exchange.hooks import Hooks
from connector.exchange.spot_checks import SpotCheck
from connector.runtime.errors import Conflict, PeerMisbehaved
from connector.store.rows.catalogue import ListingRow
from connector.store.table_row import replace
from ledger.edition.header import read_header
from ledger.edition.opening import open_piece
from ledger.edition.row import ROW_BYTES
from ledger.edition.row_table import RowTable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.chain.anchoring import Anchoring
    from connector.core.core import Core
    from connector.custody.review import DrawnRow
    from connector.identity.peers import Peers
    from connector.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs
    from ledger.edition.header import Header


PARALLEL_PIECES = 4


async def drawn(
    core: Core, space: SpaceView, programs: Programs, peers: Peers, anchoring: Anchoring, row: ListingRow
) -> JsonObject:
    """Return what was drawn and opened of a listing, and what it says against its description.

    Raises Conflict and PeerMisbehaved.
    """
    key, header = row.id, read_header(row.header)
    registered = await programs.edition(bytes.fromhex(row.edition))
    if registered is None:
        raise Conflict(f"the edition of `{key}` is not on chain yet", "ask again when it is mined")
    provider = space.last().members[row.provider]
    if registered.provider != provider.address:
        raise Conflict(f"the edition of `{key}` was registered by somebody else")
    seed = await _seed(core, anchoring, row)
    numbers = review.drawn(seed, header)
    rows, ticket = await _ask(core, peers, provider, header, seed, numbers)
    files, table = row.dataset["files"], await _table(core, provider.url, header)
    lengths = [table.plain_bytes(number, 1) for number in range(table.index_rows, len(table))]
    grade, packed = _grade(row.dataset), "packing" in row.dataset
    async with SpotCheck(files, lengths if files else (), grade, packed=packed) as check:
        hooks = Hooks(core.settings.review.hooks, core.outbound)
        show = partial(_show, check, hooks, table, shown=bool(files))
        await _open_all(core, provider.url, row.edition, rows, ticket, show)
        told = await check.told()
        doubts = [*await hooks.told({"id": key, "title": row.title, "dataset": row.dataset}), *told["doubts"]]
        return review.finding(seed, numbers) | told | {"doubts": doubts}


def _grade(dataset: JsonObject) -> int | None:
    told = dataset.get("grade")
    return int(told) if told is not None else None


async def _table(core: Core, url: str, header: Header) -> RowTable:
    """Return the rows of an edition, which anybody may read; raises PeerMisbehaved if they are not its own."""
    most = header.rows * ROW_BYTES
    answer = await core.outbound.get(f"{url}/sealed/{header.edition_id().hex()}/rows", limit_bytes=most)
    if len(answer.body) != most:
        raise PeerMisbehaved(f"the table of an edition came with {len(answer.body)} bytes, not {most}")
    table = await asyncio.to_thread(RowTable, answer.body)
    if table.digest() != header.table_digest:
        raise PeerMisbehaved("this is not the table of the edition")
    return table


async def _show(check: SpotCheck, hooks: Hooks, table: RowTable, number: int, data: bytes, *, shown: bool) -> None:
    """Hand on an opened piece: to the hooks, and to the check if it is of a file that is described."""
    if number < table.index_rows:
        return
    hooks.take(number - table.index_rows, data)
    if shown:
        await check.take(number - table.index_rows, data)


async def _seed(core: Core, anchoring: Anchoring, row: ListingRow) -> bytes:
    """Return the seed of this edition's one draw: the root of our log as anchored now, kept for a second try.

    An edition that came in while we anchored has another one: its maker may have known this root before.
    """
    if row.seed is not None:
        return row.seed
    anchored = await anchoring.anchor()
    seed = bytes.fromhex(anchored["root"])

    def act(tx: Tx) -> None:
        known = tx.get(ListingRow, id=row.id)
        if known is not None and known.edition == row.edition:
            tx.change(known, replace(known, seed=seed))

    await core.store.write(act)
    return seed


async def _ask(
    core: Core, peers: Peers, provider: Any, header: Any, seed: bytes, numbers: tuple[int, ...]
) -> tuple[list[DrawnRow], str]:
    private = core.identity.keys.delivery
    body = {"seed": seed.hex(), "reader": private.public_key().public_bytes_raw().hex()}
    url = f"{provider.url}/review/{header.edition_id().hex()}"
    document = (await core.outbound.post(url, body, headers=peers.authorization(provider.did))).json()
    if not isinstance(document, dict) or not {"rows", "ticket"} <= set(document):
        raise PeerMisbehaved(f"`{provider.did}` answered the review without `rows` and a `ticket`")
    rows = await asyncio.to_thread(review.read_answer, header, numbers, document["rows"], private)
    return rows, str(document["ticket"])


async def _open_all(
    core: Core,
    url: str,
    edition: str,
    rows: list[DrawnRow],
    ticket: str,
    opened: Callable[[int, bytes], Awaitable[None]],
) -> None:
    places = asyncio.Semaphore(PARALLEL_PIECES)

    async def one(row: DrawnRow) -> None:
        async with places:
            address = f"{url}/sealed/{edition}/pieces?first={row.number}&count=1"
            answer = await core.outbound.get(
                address,
                headers={"Authorization": tickets.SCHEME + ticket},
                limit_bytes=row.row.head.sealed_bytes,
            )
            if len(answer.body) != row.row.head.sealed_bytes:
                raise PeerMisbehaved(f"row {row.number} came with {len(answer.body)} bytes")
            await opened(row.number, await asyncio.to_thread(open_piece, row.row, row.secret, answer.body))

    await asyncio.gather(*(one(row) for row in rows))
