"""What an exchange's operator does: review and list, admit and refuse, and see how the market is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote as quoted

from catalog.listing import State
from connector.api.pages import governed
from connector.api.pages.buying import shown
from connector.client.acts.listings import MONEY
from connector.console import showing
from connector.console.fitting import fitting
from connector.console.leafing import onward
from connector.console.page import ANY_ID, Shown
from connector.exchange import listings as rows_of
from connector.exchange.applications import Applications
from connector.exchange.heartbeats import Heartbeats
from connector.exchange.indicating import Indicators
from connector.exchange.members import Members
from connector.exchange.watched_uses import WatchedUses
from connector.runtime.errors import InvalidInput
from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX
from connector.settlement import docket
from connector.settlement.cases import Cases
from connector.store.rows.channel import DisputeRow
from connector.store.rows.space import ApplicationState

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.store.rows.catalogue import ListingRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

EXCHANGE = "exchange"


async def listings(call: Call) -> JsonObject:
    """Return listings of a state, those first that are in it longest."""
    state, first = call.request.query.get("state", State.SUBMITTED.value), call.first(FOUND_ROWS_MAX)
    if state not in set(State):
        raise InvalidInput(f"`{state[:40]}` is no state of a listing", f"one of {', '.join(State)}")
    found = await call.core.store.read(lambda tx: rows_of.page(tx, State(state), first))
    rows = fitting(found, ("title", "provider", "reason"))
    more = onward(first + len(rows)) if len(found) == PAGE_ROWS_MAX or len(rows) < len(found) else None
    return {"state": state, "states": list(State), "first": first, "next": more, "rows": rows}


async def listing(call: Call) -> JsonObject:
    """Return one listing as members see it, with why it is in its state."""
    key = call.path["id"]

    def look(tx: Tx) -> tuple[ListingRow, int]:
        row = rows_of.find(tx, key)
        return row, rows_of.VERSIONS.number(tx, row)

    row, version = await call.core.store.read(look)
    told = {"reason": row.reason or "", "updated": row.updated.isoformat(), "version": version, "read": None}
    return {**shown(rows_of.view(row)), **told}


async def review(call: Call, fields: dict[str, str]) -> str:
    """Open drawn rows and list the product, in the version that the page showed."""
    despite = {"despite": True} if fields.pop("despite", "") else {}
    return await governed.ask(call, "management.review", {"id": call.path["id"]}, fields | despite, _at(call))


async def read(call: Call, fields: dict[str, str]) -> Shown:
    """Read the beginning of each drawn piece; it stands on the listing's page, once."""
    body = {"rows": int(fields["rows"])} if fields["rows"].isdecimal() else {}
    found = await governed.told(call, "declared.listing_read", {"id": call.path["id"]}, body)
    return Shown(f"/listings/{ANY_ID}", await listing(call) | {"read": found})


async def move(call: Call, fields: dict[str, str]) -> str:
    """Make a move of the exchange's on a listing."""
    return await governed.ask(call, "exchange.move", {"id": call.path["id"]}, fields, _at(call))


def _at(call: Call) -> str:
    return "/listings/" + quoted(call.path["id"], safe="")


async def members(call: Call) -> JsonObject:
    """Return the members with their states."""
    return {"rows": (await call.of(Members).page())["members"]}


async def connectors(call: Call) -> JsonObject:
    """Return the members' connectors with their newest word, those not heard of longest first."""
    rows = await call.of(Heartbeats).page()
    return {"rows": [{**row, "able": ", ".join(row.get("capabilities", []))} for row in rows]}


async def uses(call: Call) -> JsonObject:
    """Return the uses that members told of, and what is stopped."""
    found = await call.of(WatchedUses).page()
    return {"rows": found["uses"], "stops": found["stops"], "watched": found["watched"]}


async def turn(call: Call, fields: dict[str, str]) -> str:
    """Suspend, resume or expel a member."""
    return await governed.ask(call, "members.turn", {"act": call.path["act"]}, fields, "/members")


async def applications(call: Call) -> JsonObject:
    """Return applications of a state, the most urgent first."""
    state = call.request.query.get("state", ApplicationState.APPLIED)
    rows = await call.of(Applications).page(state)
    return {"state": state, "states": list(ApplicationState), "rows": rows}


async def admit(call: Call, fields: dict[str, str]) -> str:
    """Admit who has applied, or whom the operator invites by its DID."""
    body = {"did": fields["did"]} | ({"invite": True} if fields["invite"] else {})
    return await governed.ask(call, "management.admit", {}, body, "/members")


async def refuse(call: Call, fields: dict[str, str]) -> str:
    """Refuse an application."""
    return await governed.ask(call, "applications.refuse", {}, fields, "/applications?state=refused")


async def disputes(call: Call) -> JsonObject:
    """Return the cases: all of them at the exchange, elsewhere those that concern us."""
    assert call.session is not None
    if EXCHANGE not in call.session.roles:
        return {"rows": (await call.of(Cases).page())["disputes"]}

    def read(tx: Tx) -> list[JsonObject]:
        return [docket.view(row) for row in tx.find(DisputeRow, order="created desc", limit=PAGE_ROWS_MAX)]

    return {"rows": await call.core.store.read(read)}


async def dispute(call: Call) -> JsonObject:
    """Return one case; where it concerns us, with what our own verifier says of it."""
    assert call.session is not None
    key = call.path["id"]
    if EXCHANGE in call.session.roles:
        row = await docket.CASES.read(call.core.store, key)
        return {**docket.view(row), "proposed": None}
    case = await call.of(Cases).show(key)
    return {name: value for name, value in case.items() if name != "bundle"}


async def indicators(call: Call) -> JsonObject:
    """Return the indicators of the market, as far as the chain was read."""
    found = await call.of(Indicators).look()
    rows = [{**row, "label": row["en"], "shown": _figure(row, found["currency"])} for row in found["indicators"]]
    return {"block": found["block"], "rows": rows}


def _figure(row: JsonObject, currency: str) -> str:
    """Return an indicator as people read it: an amount as money."""
    return showing.money(row["value"], currency) if row["key"] in MONEY else str(row["value"])
