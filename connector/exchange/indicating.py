"""What the indicators of the market are counted from: chain, space and catalogue, each read when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.dataset import dataset_from_json
from catalog.demand import State as DemandState
from catalog.errors import CatalogError
from catalog.indicators import Market, told
from catalog.listing import State
from catalog.trades import cells
from connector.exchange.trades import trade
from contracts.terms import product_key

if TYPE_CHECKING:
    from connector.app import Connector
    from connector.store.transaction import Tx

    Row = dict[str, Any]

PROVIDER, BUYER = "provider", "buyer"


async def indicators(participant: Connector) -> dict[str, Any]:
    """Return every indicator of the space, and the block up to which the chain was read."""
    space = await participant.space_view.current()
    block = (await participant.chain.newest()).number
    granted = await participant.chain_events.of("licences", block)
    licences = [event for event in granted if event.name == "LicenceGranted"]
    channels = await participant.chain_events.channels(block)
    listed, counts = await participant.store.read(_catalogue)
    members = [member for member in space.members.values() if member.did != space.exchange]
    buyers = {member.address for member in members if member.role == BUYER}
    sold = {event.fields["product"] for event in licences}
    sizes = [_sizes(row) for row in listed]
    market = Market(
        listed=len(listed),
        listed_with_deal=sum(product_key(row["id"]) in sold for row in listed),
        listed_bytes=sum(size for size, _ in sizes),
        listed_table_bytes=sum(table for _, table in sizes),
        members=len(members),
        providers=sum(member.role == PROVIDER for member in members),
        buyers=len(buyers),
        buyers_with_deal=len(buyers & {event.fields["buyer"] for event in licences}),
        deals=len(licences),
        turnover=sum(channel.claimed for channel in channels.channels.values()),
        **counts,
    )
    return {"block": str(block), "indicators": told(market)}


def _catalogue(tx: Tx) -> tuple[list[Row], dict[str, int]]:
    """Return listed products, and how many demands, trades and complaints there are."""
    listed = tx.find("listings", "state = ?", (State.LISTED.value,))
    demands = [row["state"] for row in tx.execute("SELECT state FROM demands")]
    complaints = tx.execute("SELECT waits, late FROM complaints")
    traded = [trade(row) for row in tx.find("trades", "", (), "entry")]
    return listed, {
        "demands": len(demands),
        "demands_met": demands.count(DemandState.MET.value),
        "trades": len(traded),
        "trades_priced": sum(cell.n for cell in cells(traded)[0]),
        "complaints": len(complaints),
        "complaints_closed": sum(not row["waits"] for row in complaints),
        "complaints_late": sum(row["late"] > 0 for row in complaints),
    }


def _sizes(row: Row) -> tuple[int, int]:
    """Return the bytes of a listing's files, and of those among them that are tables."""
    try:
        files = dataset_from_json(row["dataset"]).files
    except CatalogError:
        return 0, 0
    return sum(file.size for file in files), sum(file.size for file in files if file.rows is not None)
