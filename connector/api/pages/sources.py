"""The sources of the catalogue: what an exchange harvests from others, how fresh it is, and by which way it came."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote as quoted

from catalog.dataset import TITLE_CHARACTERS_MAX
from catalog.printable import printable
from catalog.source import Move
from connector.api.pages import governed
from connector.console.leafing import leafed
from connector.exchange.federation import sources as harvested_from
from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX
from connector.store.rows.catalogue import HarvestedRow, SourceRow

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


async def sources(call: Call) -> JsonObject:
    """Return the sources in the order of their rank."""
    rows = await call.core.store.read(lambda tx: tx.find(SourceRow, order="rank"))
    return {"rows": [harvested_from.view(row) for row in rows]}


async def source(call: Call) -> JsonObject:
    """Return one source with a page of what it tells: each product, how many passed it on, when it was fetched."""
    key, first = call.path["id"], call.first(FOUND_ROWS_MAX)

    def read(tx: Tx) -> tuple[SourceRow, list[HarvestedRow]]:
        row = harvested_from.find(tx, key)
        return row, tx.find(HarvestedRow, "source = ?", (key,), "own", first + PAGE_ROWS_MAX + 1)[first:]

    row, found = await call.core.store.read(read)
    return {**harvested_from.view(row), **leafed(first, [_told(one) for one in found])}


def _told(row: HarvestedRow) -> JsonObject:
    document = row.document
    return {
        "title": printable(document["title"], TITLE_CHARACTERS_MAX),
        "provider": document["provider"],
        "id": row.product,
        "hops": len(row.path),
        "path": " → ".join(row.path),
        "fetched": row.at.isoformat(timespec="seconds"),
    }


async def turn(call: Call, fields: dict[str, str]) -> str:
    """Pause, suspend, resume, drop or harvest a source; to suspend one needs a reason."""
    name, act = call.path["id"], call.path["act"]
    body = {"reason": fields["reason"]} if act == Move.SUSPEND.value else {}
    then = "/sources" if act == Move.DROP.value else "/sources/" + quoted(name, safe="")
    return await governed.ask(call, "federation.turn", {"id": name, "act": act}, body, then)
