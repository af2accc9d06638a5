"""What a review opens of a data set: rows drawn after registration, opened to us alone, checked against the root.

Law: the seed is fixed after the edition is on chain and by nobody alone: it is the root of our own log at a size that
our witnesses cosigned after the registration. What is published is the seed, the rows and the bound, and what of the
description does not hold; never content.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.custody import review, tickets
from connector.exchange.hooks import Hooks
from connector.exchange.spot_checks import SpotCheck
from connector.licence import hosted
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
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs
    from ledger.edition.header import Header


PARALLEL_PIECES = 4


class Drawn(NamedTuple):
    """The one draw of a listing's edition, as its provider answered it: what its pieces are opened with."""

    seed: bytes
    numbers: tuple[int, ...]
    rows: list[DrawnRow]
    ticket: str
    table: RowTable
    url: str


async def draw(
    core: Core, space: SpaceView, programs: Programs, peers: Peers, anchoring: Anchoring, row: ListingRow
) -> Drawn:
    """Ask a listing's provider for the pieces that are drawn of it.

    Raises Conflict and PeerMisbehaved.
    """
    key, header = row.id, read_header(row.header)
    registered = await programs.edition(bytes.fromhex(row.edition))
    if registered is None:
        raise Conflict(f"the edition of `{key}` is not on chain yet", "ask again when it is mined")
    provider = space.last().members[row.provider]
    terms = row.offer["terms"] | {"policy": row.offer["policy"]}
    if registered.provider not in await hosted.require(programs, space, terms, provider):
        raise Conflict(f"the edition of `{key}` was registered by somebody else")
    seed = await _seed(core, anchoring, row)
    numbers = review.drawn(seed, header)
    rows, ticket = await _ask(core, peers, provider, header, seed, numbers)
    return Drawn(seed, numbers, rows, ticket, await _table(core, provider.url, header), provider.url)


async def reviewed(core: Core, row: ListingRow, found: Drawn) -> JsonObject:
    """Open what was drawn; return what it says against the listing's description. Raises PeerMisbehaved."""
    async with _check(row, found, grade=_grade(row.dataset)) as check:
        hooks = Hooks(core.settings.review.hooks, core.outbound)
        await _open_all(core, row.edition, found, partial(_show, check, hooks, found.table))
        told = await check.told()
        doubts = [*await hooks.told({"id": row.id, "title": row.title, "dataset": row.dataset}), *told["doubts"]]
        return review.finding(found.seed, found.numbers) | told | {"doubts": doubts}


async def read(core: Core, row: ListingRow, found: Drawn, rows: int) -> JsonObject:
    """Open what was drawn; return the first `rows` of each piece, which are kept nowhere. Raises PeerMisbehaved."""
    async with _check(row, found, rows=rows) as check:
        await _open_all(core, row.edition, found, partial(_show, check, None, found.table))
        return await check.told()


def _check(row: ListingRow, found: Drawn, *, grade: int | None = None, rows: int = 0) -> SpotCheck:
    table = found.table
    lengths = [table.plain_bytes(number, 1) for number in range(table.index_rows, len(table))]
    return SpotCheck(row.dataset["files"], lengths, grade, packed="packing" in row.dataset, rows=rows)


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


async def _show(check: SpotCheck, hooks: Hooks | None, table: RowTable, number: int, data: bytes) -> None:
    """Hand on an opened piece of data to the hooks and to the check; the list of files is nobody's."""
    if number < table.index_rows:
        return
    if hooks is not None:
        hooks.take(number - table.index_rows, data)
    await check.take(number - table.index_rows, data)


async def _seed(core: Core, anchoring: Anchoring, row: ListingRow) -> bytes:
    """Return the seed of this edition's one draw: the root of our log as anchored now, kept for a second try.

    An edition that came in while we anchored has another one: its maker may have known this root before.
    """
    if row.seed is not None:
        return row.seed
    anchored = await anchoring.anchor()
    seed = bytes.fromhex(anchored["root"])

    def act(tx: Tx) -> bytes:
        known = tx.get(ListingRow, id=row.id)
        if known is None or known.edition != row.edition:
            return seed
        if known.seed is not None:  # somebody else drew meanwhile: the provider answers one seed alone
            return known.seed
        tx.change(known, replace(known, seed=seed))
        return seed

    return await core.store.write(act)


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


async def _open_all(core: Core, edition: str, found: Drawn, opened: Callable[[int, bytes], Awaitable[None]]) -> None:
    places = asyncio.Semaphore(PARALLEL_PIECES)

    async def one(row: DrawnRow) -> None:
        async with places:
            address = f"{found.url}/sealed/{edition}/pieces?first={row.number}&count=1"
            answer = await core.outbound.get(
                address,
                headers={"Authorization": tickets.SCHEME + found.ticket},
                limit_bytes=row.row.head.sealed_bytes,
            )
            if len(answer.body) != row.row.head.sealed_bytes:
                raise PeerMisbehaved(f"row {row.number} came with {len(answer.body)} bytes")
            await opened(row.number, await asyncio.to_thread(open_piece, row.row, row.secret, answer.body))

    await asyncio.gather(*(one(row) for row in found.rows))
