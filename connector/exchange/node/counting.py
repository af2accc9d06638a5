"""What a node counts for a report: what is registered, who is there, and what went on in the logs that it collected.

Law: a period is the entries that no report has counted yet. What both parties recorded on two sides of its end counts
in both periods; within one a thing counts once, however many logs have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from catalog import connectors
from catalog.registration import CONNECTOR, PLATFORM, PRODUCT, RESOURCE
from connector.exchange.node.collection import root_of
from connector.exchange.node.copies import LogCopy
from connector.exchange.node.report import LOGS_MAX
from connector.store.rows.collected import CollectedLogRow
from connector.store.rows.linked import ReportedLogRow
from connector.store.rows.space import ConnectorRow
from contracts.canonical import sha
from ledger.log import events
from ledger.log.tiles import TILE_WIDTH_HASHES

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.store import Store
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.space.document import Space

AGREED: Final = "agreement.signed"
# with each of these begins the use of what was agreed; the first link is the transfer, or the flow
MOVED: Final = frozenset({"opening.started", "copy.served", "computation.started", "flow.started"})
KINDS: Final = {"connectors": CONNECTOR, "platforms": PLATFORM, "products": PRODUCT, "resources": RESOURCE}
# what the heads of a report take together; the rest is in its digest alone
HEADS_CHARACTERS_MAX: Final = 40_000
HEAD_CHARACTERS: Final = 120  # of a head besides its member


@dataclass(frozen=True, slots=True)
class Counted:
    """What one look at the tables found; `sizes` is member → how many entries are counted with it."""

    counts: dict[str, int]
    logs: list[JsonObject]
    digest: str
    sizes: dict[str, int]


async def counted(store: Store, space: Space, own: str, now: datetime) -> Counted:
    """Count what the node `own` has to report at this moment."""

    def read(tx: Tx) -> tuple[dict[str, int], list[CollectedLogRow], dict[str, int], int]:
        query = "SELECT count(*) AS n FROM codes WHERE kind = ?"
        totals = {name: int(tx.execute(query, kind)[0]["n"]) for name, kind in KINDS.items()}
        heard = [(now - row.seen).total_seconds() for row in tx.find(ConnectorRow) if row.did in space.members]
        live = sum(connectors.state(seconds) is connectors.State.LIVE for seconds in heard)
        logs = tx.find(CollectedLogRow, "size > 0", (), "member")
        return totals, logs, {row.member: row.size for row in tx.find(ReportedLogRow)}, live

    totals, rows, before, live = await store.read(read)
    agreed, moved = set[str](), set[str]()
    for row in rows:
        await _period(LogCopy(store, row), before.get(row.member, 0), agreed, moved)
    of_space = {"members": len(space.members) - (own in space.members), "suspended": len(space.barred)}
    period = {"instructions": len(agreed), "transfers": len(moved)}
    heads: list[JsonObject] = [{"member": row.member, "size": row.size, "root": root_of(row)} for row in rows]
    counts = totals | of_space | {"live": live} | period
    return Counted(counts, _fitting(heads), sha(heads).hex(), {row.member: row.size for row in rows})


async def _period(copy: LogCopy, first: int, agreed: set[str], moved: set[str]) -> None:
    """Add what the entries of a log say from the `first` on."""
    for number in range(first // TILE_WIDTH_HASHES, -(-copy.row.size // TILE_WIDTH_HASHES)):
        entries = await copy.entries(number)
        for raw in entries[max(0, first - number * TILE_WIDTH_HASHES) :]:
            try:
                read = events.decode(raw)
            except events.EventError:
                continue
            thing = read.link[0] if read.link else read.part
            if read.kind == AGREED:
                agreed.add(thing)
            elif read.kind in MOVED:
                moved.add(thing)


def _fitting(heads: list[JsonObject]) -> list[JsonObject]:
    """Return as many heads as a report has room for."""
    found, room = [], HEADS_CHARACTERS_MAX
    for head in heads[:LOGS_MAX]:
        room -= len(str(head["member"])) + HEAD_CHARACTERS
        if room < 0:
            break
        found.append(head)
    return found
