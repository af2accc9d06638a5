"""The first page: what waits, what the account has, what happened last, and the first step of who has nothing yet."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING

from catalog.complaint import COMPLAINANT, EXCHANGE, RESPONDENT
from catalog.complaint import State as Complaint
from catalog.listing import State
from catalog.roles import TRADERS
from connector.api.pages.evidence import newest
from connector.api.pages.money import DAYS, days
from connector.console.accounts import Accounts
from connector.consumer.steps import FINAL
from connector.exchange.complaints import overdue
from connector.identity.space.exchange import ExchangeDoor
from connector.runtime.errors import PenstockError
from connector.settlement.claiming import Claiming
from connector.store.rows.channel import DisputeState, Side
from connector.store.rows.space import ApplicationState
from ledger.chain.errors import ChainUnreachable
from ledger.chain.programs import Programs

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

# what is counted, for which role: table, condition, where the figure leads
FIGURES: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("buyer", "acquisitions", "/acquisitions", "", ()),
    ("buyer", "replicas", "/replicas", "", ()),
    ("provider", "products", "/products", "", ()),
    ("exchange", "listings", "/listings?state=listed", "state = ?", (State.LISTED.value,)),
    ("exchange", "members", "/members", "", ()),
)
# what waits for a person: role, words, table, condition, where it is done
WAITING: tuple[tuple[str, str, str, str, tuple[str, ...], str], ...] = (
    ("exchange", "wait.listings", "listings", "state = ?", (State.SUBMITTED.value,), "/listings"),
    ("exchange", "wait.applications", "applications", "state = ?", (ApplicationState.APPLIED.value,), "/applications"),
    ("exchange", "wait.complaints", "complaints", "whose = ?", (EXCHANGE,), "/complaints"),
    ("exchange", "wait.disputes", "disputes", "state = ?", (DisputeState.FILED.value,), "/disputes"),
    ("buyer", "wait.acquisitions", "acquisitions", "state <> ? and state <> ?", FINAL, "/acquisitions"),
    ("provider", "wait.products", "products", "state = ?", ("failed",), "/products"),
)
# what is drawn by day, for which role: words, where all of it is, on which side of channels it stands
FLOWS: tuple[tuple[str, str, str, Side], ...] = (
    ("buyer", "spending", "/spending", Side.PAYER),
    ("provider", "earnings", "/earnings", Side.PAYEE),
)
# whose turn a complaint may be, as its row names them, too
SIDES = (COMPLAINANT, RESPONDENT)
# a page does not wait longer for what the exchange says of complaints
COMPLAINTS_SECONDS = 2.0
DAY_CHARACTERS = len("2026-11-23")
# of the own log's newest events, so many are looked at, and so many lines made of them
ACTIVITY_READ, ACTIVITY_SHOWN = 200, 8
# where a role begins while it has nothing: role, table that is empty, words, where
BEGINNINGS: tuple[tuple[str, str, str, str], ...] = (
    ("buyer", "acquisitions", "begin.buyer", "/search"),
    ("provider", "products", "begin.provider", "/products"),
    ("exchange", "members", "begin.exchange", "/applications"),
    ("regulator", "audits", "begin.regulator", "/findings"),
    ("node", "collected_logs", "begin.node", "/acts"),
)


async def overview(call: Call) -> JsonObject:
    """Return who this is, its figures, what waits, and where to begin."""
    assert call.session is not None
    roles = call.session.roles

    flows = [(name, link, side) for role, name, link, side in FLOWS if role in roles]
    today = call.core.clock.now().date()

    def _flow(tx: Tx, side: Side) -> list[JsonObject]:
        return days(tx, side, today - timedelta(days=DAYS - 1), today)

    def read(tx: Tx) -> JsonObject:
        counted = _counter(tx)
        figures = [
            {"role": role, "name": table, "count": counted(table, where, values), "link": link}
            for role, table, link, where, values in FIGURES
            if role in roles
        ]
        if roles & TRADERS:
            figures.append(
                {"role": "", "name": "agreements", "count": counted("agreements", "", ()), "link": "/agreements"}
            )
        figures.append({"role": "", "name": "events", "count": call.core.evidence.size(tx), "link": "/evidence"})
        waiting = [
            {"words": words, "count": count, "link": link}
            for role, words, table, where, values, link in WAITING
            if role in roles and (count := counted(table, where, values))
        ]
        beginnings = [
            {"words": words, "link": link}
            for role, table, words, link in BEGINNINGS
            if role in roles and not counted(table, "", ())
        ]
        return {
            "figures": figures,
            "waiting": waiting,
            "beginnings": beginnings,
            "activity": _activity(tx),
            "flows": [{"name": name, "link": link, "days": _flow(tx, side)} for name, link, side in flows],
        }

    told = await call.core.store.read(read)
    told["balance"] = await _balance(call) if roles & TRADERS else None
    if "provider" in roles and (lapses := await call.of(Claiming).lapses()):
        told["waiting"].append({"words": "wait.lapses", "count": len(lapses), "link": "/earnings"})
    told["waiting"] += await _complaints(call, roles)
    participant = call.core.settings.participant
    who = {
        "did": call.core.identity.did,
        "name": participant.name,
        "roles": sorted(roles),
        "region": participant.region,
    }
    return {**who, "development": call.core.settings.server.development, **told}


async def _complaints(call: Call, roles: frozenset[str]) -> list[JsonObject]:
    """Return what waits of complaints: at the exchange what was not paid in time, for a party what is its turn."""
    if EXCHANGE in roles:
        late = await call.core.store.read(lambda tx: overdue(tx, call.core.clock.now()))
        return [{"words": "wait.unpaid", "count": len(late), "link": "/complaints"}] if late else []
    if not roles & TRADERS:
        return []
    try:
        async with asyncio.timeout(COMPLAINTS_SECONDS):
            found = await call.of(ExchangeDoor).ask("GET", "/exchange/complaints?first=0")
    except (PenstockError, TimeoutError):  # the page is there without it
        return []
    me = call.core.identity.did
    mine = [row for row in found["complaints"] if row.get("turn") in SIDES and row[row["turn"]] == me]
    orders = [row for row in mine if row["state"] == Complaint.ORDERED]
    told = [{"words": "wait.complaints", "count": len(mine) - len(orders), "link": "/complaints"}]
    until = min((row["due"] for row in orders), default="")[:DAY_CHARACTERS]
    told.append({"words": "wait.orders", "count": len(orders), "until": until, "link": "/complaints"})
    return [one for one in told if one["count"]]


async def _balance(call: Call) -> str | None:
    """Return what the account has, None while the chain does not answer: the page is there without it."""
    with suppress(ChainUnreachable):
        return str(await call.of(Programs).balance(call.core.identity.keys.address))
    return None


def _activity(tx: Tx) -> list[JsonObject]:
    """Return what happened last: the newest events, those of one kind in a row as one line with their number."""
    runs = (list(run) for _, run in groupby(newest(tx, ACTIVITY_READ), key=itemgetter("kind")))
    return [{**run[0], "times": len(run)} for run in islice(runs, ACTIVITY_SHOWN)]


def _counter(tx: Tx) -> Callable[[str, str, tuple[str, ...]], int]:
    def count(table: str, where: str, values: tuple[str, ...]) -> int:
        condition = f" WHERE {where}" if where else ""
        return int(tx.execute(f'SELECT count(*) AS n FROM "{table}"{condition}', *values)[0]["n"])  # noqa: S608  # rows of the tables above

    return count


async def account(call: Call) -> JsonObject:
    """Return whose account this is."""
    assert call.session is not None
    return {"name": call.session.name, "roles": sorted(call.session.roles), "operator": call.session.operator}


async def change_password(call: Call, fields: dict[str, str]) -> str:
    """Change the own password; every session of the account ends, this one too."""
    assert call.session is not None
    await call.of(Accounts).change_password(call.session.name, fields["old"], fields["new"])
    return "/sign-in"
