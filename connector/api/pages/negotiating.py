"""Negotiations and transfers: each as a thread of states and offers, and what an operator may do with it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote as quoted

from connector.api.pages.trading import SHOWN, micros
from connector.console import describing, disclosed
from connector.negotiation import offers_made
from connector.negotiation.engine import Engine
from connector.negotiation.overview import Wanted
from connector.negotiation.protocol.states import NEGOTIATION
from connector.runtime.errors import Absent
from connector.store.rows.protocol import NegotiationRow, TransferRow

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

OPERATIONS = ("retry", "assent", "terminate", "suspend", "resume", "complete")


async def processes(call: Call) -> JsonObject:
    """Return negotiations and transfers, what moved last first."""
    query = call.request.query
    told = {name: query.get(name, "") for name in ("kind", "state", "turn", "after")}
    page = await call.of(Engine).operating.page(Wanted(told["kind"], told["state"], told["turn"], told["after"]))
    return {"wanted": told, "rows": page["processes"], "after": page["next"]}


async def process(call: Call) -> JsonObject:
    """Return one negotiation or transfer, as a thread: when it came into which state, and what it is about."""
    key = call.path["id"]
    view = await call.of(Engine).operating.show(key)
    rows = NegotiationRow if view["kind"] == NEGOTIATION else TransferRow
    row, thread = await call.core.store.read(lambda tx: (tx.get(rows, id=key), _thread(call, tx, key)))
    assert row is not None
    talk: JsonObject
    if isinstance(row, NegotiationRow):
        told = ((name, getattr(row, name)) for name in ("own_price", "their_price", "price"))
        prices = {name: None if price is None else str(price) for name, price in told}
        talk = {"rounds": row.rounds, **prices, "agreement": row.digest, "product": row.product}
        offer = await call.core.store.read(partial(offers_made.last, row=row))
        policy: JsonObject = {
            name: offer[name] for name in ("permission", "prohibition", "obligation", "conflict") if name in offer
        }
        talk["said"] = view["rounds"]
        talk["rules"] = describing.rules(policy, row.product) if policy else {}
    else:
        talk = {"agreement": row.agreement, "format": row.format}
    return {**view, "thread": thread, "talk": talk}


def _thread(call: Call, tx: Tx, key: str) -> list[JsonObject]:
    """Return the events of a process in their order, each with what it says of a move."""
    sql = "SELECT idx, kind, at FROM log_entries WHERE part = ? ORDER BY idx LIMIT ?"
    steps = []
    for row in tx.execute(sql, key, SHOWN):
        told = disclosed.fields(call.core, tx, row["idx"])
        said = {name: str(told.get(name, "")) for name in ("from", "to", "by", "reason")}
        steps.append({"index": row["idx"], "event": row["kind"], "at": micros(row["at"]), **said})
    return steps


async def operate(call: Call, fields: dict[str, str]) -> str:
    """Do what an operator does to a negotiation or transfer."""
    act, key, operating = call.path["act"], call.path["id"], call.of(Engine).operating
    if act not in OPERATIONS:
        raise Absent(f"there is no act `{act[:40]}`", f"there are {', '.join(OPERATIONS)}")
    if act in ("terminate", "suspend"):
        await getattr(operating, act)(key, fields["reason"])
    else:
        await getattr(operating, act)(key)
    return "/negotiations/" + quoted(key, safe="")
