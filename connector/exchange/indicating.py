"""What the indicators of the market are counted from: chain, space and catalogue, each read when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.dataset import dataset_from_json
from catalog.demand import State as DemandState
from catalog.errors import CatalogError
from catalog.indicators import Market, told
from catalog.listing import State
from contracts.terms import product_key

if TYPE_CHECKING:
    from connector.base import Base
    from connector.store.transaction import Tx
    from ledger.chain import Event

    Row = dict[str, Any]

PROVIDER, BUYER = "provider", "buyer"


async def indicators(participant: Base) -> dict[str, Any]:
    """Return every indicator of the space, and the block up to which the chain was read."""
    programs, space = participant.programs, await participant.space_view.current()
    block = (await programs.chain.newest()).number
    licences = await programs.events("licences", "LicenceGranted", 0, block)
    claimed = await programs.events("channels", "Claimed", 0, block)
    closed = await programs.events("channels", "Closed", 0, block)
    listed, demands = await participant.store.read(_catalogue)
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
        turnover=_turnover(claimed, closed),
        demands=len(demands),
        demands_met=demands.count(DemandState.MET.value),
    )
    return {"block": str(block), "indicators": told(market)}


def _catalogue(tx: Tx) -> tuple[list[Row], list[str]]:
    """Return listed products, and the state of every demand."""
    listed = tx.find("listings", "state = ?", (State.LISTED.value,))
    return listed, [row["state"] for row in tx.execute("SELECT state FROM demands")]


def _sizes(row: Row) -> tuple[int, int]:
    """Return the bytes of a listing's files, and of those among them that are tables."""
    try:
        files = dataset_from_json(row["dataset"]).files
    except CatalogError:
        return 0, 0
    return sum(file.size for file in files), sum(file.size for file in files if file.rows is not None)


def _turnover(claimed: list[Event], closed: list[Event]) -> int:
    """Return what was claimed in the end on each channel: a close may lie above the last claim."""
    newest: dict[bytes, int] = {}
    for events, name in ((claimed, "cumulativeAmount"), (closed, "claimed")):
        for event in events:
            channel = event.fields["channelId"]
            newest[channel] = max(newest.get(channel, 0), event.fields[name])
    return sum(newest.values())
