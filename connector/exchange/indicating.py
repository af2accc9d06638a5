"""What the indicators of the market are counted from: chain, space and catalogue, each read when it is asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

from catalog.demand import State as DemandState
from catalog.indicators import Market, told
from catalog.listing import State
from catalog.trades import cells
from connector.exchange.trades import trade
from connector.store.offline import looking
from connector.store.rows.catalogue import TradeRow
from connector.store.tables import TABLES
from contracts.terms import product_key

if TYPE_CHECKING:
    from pathlib import Path

    from connector.core.core import Core
    from connector.exchange.chain_events import ChainEvents
    from connector.identity.space.view import SpaceView
    from connector.runtime.worker import Worker
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.client import Chain


# a listing with its description has some ten kilobytes
ROWS_AT_ONCE = 500
ROWS = "SELECT id, state, dataset, standing FROM listings WHERE id > ? ORDER BY id LIMIT ?"
# more are read by the worker: a hundred thousand descriptions take seconds
HERE_ROWS_MAX = 1_000
PROVIDER, BUYER = "provider", "buyer"


class Indicators:
    """The indicators of one exchange, worked out anew whenever somebody looks."""

    def __init__(self, core: Core, space: SpaceView, chain: Chain, chain_events: ChainEvents, worker: Worker) -> None:
        self._core, self._space, self._chain = core, space, chain
        self._chain_events, self._worker = chain_events, worker

    async def look(self) -> dict[str, Any]:
        """Return every indicator of the space, and the block up to which the chain was read."""
        space = await self._space.current()
        block = (await self._chain.newest()).number
        granted = await self._chain_events.of("licences", block)
        licences = [event for event in granted if event.name == "LicenceGranted"]
        channels = await self._chain_events.channels(block)
        counts = await self._core.store.read(_counts)
        members = [member for member in space.members.values() if member.did != space.exchange]
        buyers = {account: member.did for member in members if member.role == BUYER for account in member.accounts}
        sold = frozenset(event.fields["product"] for event in licences)
        do = self._worker.do if counts.pop("kept") > HERE_ROWS_MAX else asyncio.to_thread
        listed = await do(catalogue, self._core.store.path, sold)
        market = Market(
            **listed,
            members=len(members),
            providers=sum(member.role == PROVIDER for member in members),
            buyers=len(set(buyers.values())),
            buyers_with_deal=len({buyers[one] for event in licences if (one := event.fields["buyer"]) in buyers}),
            deals=len(licences),
            turnover=sum(channel.claimed for channel in channels.channels.values()),
            **counts,
        )
        return {"block": str(block), "currency": space.currency, "indicators": told(market)}


def catalogue(place: Path | str, sold: frozenset[bytes]) -> dict[str, int]:
    """Count the listed products of a database, those of them that were sold, and their bytes; in any process."""
    counted = dict.fromkeys(("listed", "listed_with_deal", "listed_bytes", "listed_table_bytes"), 0)
    with looking(place, TABLES, snapshot=False) as tx:
        last = ""
        while rows := tx.execute(ROWS, last, ROWS_AT_ONCE):
            for row in (one for one in rows if one["state"] == State.LISTED.value or one["standing"]):
                size, table = _sizes(row)
                sums = (1, int(product_key(row["id"]) in sold), size, table)
                counted = {name: before + more for (name, before), more in zip(counted.items(), sums, strict=True)}
            last = rows[-1]["id"]
    return counted


def _counts(tx: Tx) -> dict[str, int]:
    """Return how many listings are kept, and how many demands, trades and complaints there are."""
    demands = [row["state"] for row in tx.execute("SELECT state FROM demands")]
    complaints = tx.execute("SELECT waits, late FROM complaints")
    traded = [trade(row) for row in tx.find(TradeRow, "", (), "entry")]
    return {
        "kept": int(tx.execute("SELECT count(*) AS n FROM listings")[0]["n"]),
        "demands": len(demands),
        "demands_met": demands.count(DemandState.MET.value),
        "trades": len(traded),
        "trades_priced": sum(cell.n for cell in cells(traded)[0]),
        "complaints": len(complaints),
        "complaints_closed": sum(not row["waits"] for row in complaints),
        "complaints_late": sum(row["late"] > 0 for row in complaints),
    }


def _sizes(row: JsonObject) -> tuple[int, int]:
    """Return the bytes of a listing's files, and of those among them that are tables; it was checked when it came."""
    try:
        kept = orjson.loads(row["standing"] or "null")  # what is listed while the next version is reviewed
        dataset = kept["said"]["dataset"] if kept else orjson.loads(row["dataset"])
        files = [(int(file["size"]), "rows" in file) for file in dataset["files"]]
    except (KeyError, TypeError, ValueError):  # an older program took it in
        return 0, 0
    return sum(size for size, _ in files), sum(size for size, table in files if table)
