"""Projects of several parties, as a party looks at them; filed deals, and delegations to hosts, as both sides do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote as quoted

from catalog.project import PROPOSER, TABLE
from connector.client.acts.projects import percent
from connector.console.leafing import cut
from connector.identity.space.exchange import ExchangeDoor
from connector.provider.hosting.hosting import Hosting
from connector.runtime.limits import FOUND_ROWS_MAX
from connector.store.rows.hosting import DelegationState

if TYPE_CHECKING:
    from connector.api.call import Call
    from contracts.canonical import JsonObject

PATH, DEALS_PATH = "/exchange/projects", "/exchange/deals"


async def projects(call: Call) -> JsonObject:
    """Return the projects that we are a party of, newest first."""
    first = call.first(FOUND_ROWS_MAX)
    found = (await call.of(ExchangeDoor).ask("GET", f"{PATH}?first={first}"))["projects"]
    return cut(first, [row | {"ends": row["until"]} for row in found])


async def project(call: Call) -> JsonObject:
    """Return one project with the moves that are ours now."""
    told: JsonObject = await call.of(ExchangeDoor).ask("GET", f"{PATH}/{quoted(call.path['id'], safe='')}")
    own, rows = call.core.identity.did, []
    for one in told.pop("parties"):
        signed = "signed" if one["signature"] else "unsigned"
        rows.append({**one, "signed": signed, "does": one["role"], "share": f"{percent(one['bps'])} %"})
    has_signed = any(row["did"] == own and row["signature"] for row in rows)
    mine = {"party", PROPOSER} if told["proposer"] == own else {"party"}
    may = [move.value for (at, move), step in TABLE.items() if at == told["state"] and step.role in mine]
    moves = [move for move in may if not (has_signed and move in ("sign", "decline"))]
    return {**told, "moves": moves, "rows": rows}


async def deals(call: Call) -> JsonObject:
    """Return the filed deals that concern us, the last to move first."""
    first = call.first(FOUND_ROWS_MAX)
    found = (await call.of(ExchangeDoor).ask("GET", f"{DEALS_PATH}?first={first}"))["deals"]
    return cut(first, [row | {"made": row["signed"]} for row in found])


async def hosted(call: Call) -> JsonObject:
    """Return the delegations that we gave or took, newest first."""
    first = call.first(FOUND_ROWS_MAX)
    return cut(first, [_delegated(row) for row in await call.of(Hosting).page(first)])


def _delegated(row: JsonObject) -> JsonObject:
    """Return a delegation as the page shows it: what its provider revoked it has withdrawn."""
    state = "withdrawn" if row["state"] == DelegationState.REVOKED else row["state"]
    return row | {"state": state, "ends": row["until"]}
