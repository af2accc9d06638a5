"""The own log: what was recorded, and for each event the proof that anybody checks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from connector.api.pages.trading import micros
from connector.console import disclosed
from connector.console.event_facts import facts
from connector.runtime.errors import Absent
from connector.runtime.limits import INDEX_DIGITS_MAX, PAGE_ROWS_MAX
from connector.store.entries import entry_at
from ledger.log import checkpoint as checkpoints
from ledger.log import events as entries
from ledger.log import note as notes

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


async def events(call: Call) -> JsonObject:
    """Return the newest events; `before` is the index below which a page begins."""
    told = call.request.query.get("before", "")
    before = int(told) if told.isascii() and told.isdecimal() and len(told) <= INDEX_DIGITS_MAX else None

    def read(tx: Tx) -> JsonObject:
        size = call.core.evidence.size(tx)
        below = size if before is None else min(before, size)
        shown = newest(tx, PAGE_ROWS_MAX, below)
        last = shown[-1]["index"] if shown else 0
        return {"size": size, "before": last or None, "rows": shown}

    return {"origin": call.core.evidence.origin, **await call.core.store.read(read)}


def newest(tx: Tx, most: int, below: int = sys.maxsize) -> list[JsonObject]:
    """Return the newest events of the own log, of those below an index."""
    sql = "SELECT idx, kind, part, at FROM log_entries WHERE idx < ? ORDER BY idx DESC LIMIT ?"
    return [
        {"index": row["idx"], "kind": row["kind"], "part": row["part"], "at": micros(row["at"])}
        for row in tx.execute(sql, below, most)
    ]


async def event(call: Call) -> JsonObject:
    """Return one event as it lies in the log, with its proof under the published checkpoint if that reaches it."""
    told = call.path["id"]
    if not (told.isascii() and told.isdecimal()) or len(told) > INDEX_DIGITS_MAX:
        raise Absent(f"`{told[:100]}` is no number of an event", "see the list of events")

    def read(tx: Tx) -> JsonObject:
        evidence, index = call.core.evidence, int(told)
        row = entry_at(tx, index)
        if row is None:
            raise Absent(f"the log has no event {index}", "see the list of events")
        entry, proof = entries.decode(row.entry), evidence.proof(tx, index)
        published = evidence.published(tx)
        head = None if published is None else checkpoints.parse_text(notes.parse(published).text)
        fields = disclosed.fields(call.core, tx, index)
        return {
            "index": index,
            "kind": entry.kind,
            "at": entry.time.isoformat(),
            "party": entry.party,
            "part": entry.part,
            "link": list(entry.link),
            "fields": disclosed.shown(fields | facts(entry.kind, fields)),
            "leaf": row.leaf.hex(),
            "entry": row.entry.decode(),
            "proof": proof,
            "size": None if head is None else head.size,
            "root": None if head is None else head.root.hex(),
        }

    return await call.core.store.read(read)
