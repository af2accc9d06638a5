"""`penstock doctor --orders`: what waits at this participant, why, and how it ends (docs/processes.md).

Law: the rows say it, so it is told without a server, too. A server that answers is asked what the last try of an order
met: that is in its memory alone.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connector.client.server import Server
from connector.consumer import pending as bought
from connector.negotiation import pending
from connector.runtime.errors import Absent, PenstockError
from connector.settlement import pending as paid
from connector.store.offline import look
from connector.store.tables import TABLES

if TYPE_CHECKING:
    from datetime import datetime

    from connector.cli.patient import Patient
    from connector.negotiation.pending import Pending
    from connector.store.transaction import Tx

# of a moment in ISO 8601: to the second
MOMENT_CHARACTERS = 19


def waiting(tx: Tx, now: datetime) -> list[Pending]:
    """Return what is begun here and not at its end, in the order in which a person would look at it."""
    processes = pending.processes(tx, bought.processes_of_orders(tx))
    return [*bought.orders(tx), *bought.openings(tx), *processes, *paid.channels(tx, now)]


async def listed(patient: Patient) -> list[Pending]:
    """Return what waits at a patient, with what its server says of each order if it answers."""
    now = patient.clock.now()
    try:
        found = look(patient.tables, TABLES, lambda tx: waiting(tx, now))
    except Absent:
        return []  # nothing was begun yet
    with suppress(PenstockError):
        return [await _asked(Server(patient.data, patient.outbound), one) for one in found]
    return found


async def _asked(server: Server, one: Pending) -> Pending:
    if one.kind != bought.ORDER:
        return one
    turn = (await server.call("GET", f"acquisitions/{quote(one.id, safe='')}"))["turn"]
    return one if turn is None else replace(one, whose=turn["whose"], why=turn["why"] or one.why)


def lines(found: list[dict[str, Any]]) -> list[str]:
    """Return what waits as lines for a person, in both languages."""
    told = []
    for one in found:
        since, until = (_moment(one[name]) for name in ("since", "until"))
        told.append(f"{one['kind']} {one['id']} of {one['about']}: {one['state']}")
        told.append(f"    waits for the {one['whose']} since {since}" + (f", until {until}" if until else ""))
        told += [f"    because {one['why']}"] if one["why"] else []
        told.append(f"    {one['en']} · {one['zh']}")
    return told or ["nothing waits · 没有等待中的事项"]


def _moment(at: str | None) -> str:
    return (at or "")[:MOMENT_CHARACTERS].replace("T", " ")
