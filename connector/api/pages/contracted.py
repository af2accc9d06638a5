"""Contracts of the national interfaces (数字合约), as a party looks at them: how they stand, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.console.leafing import cut
from connector.operation.ndi.desk import Desk
from connector.runtime.limits import FOUND_ROWS_MAX

if TYPE_CHECKING:
    from connector.api.call import Call
    from contracts.canonical import JsonObject


async def contracts(call: Call) -> JsonObject:
    """Return the contracts in which something was proposed, newest first."""
    first = call.first(FOUND_ROWS_MAX)
    return cut(first, [_line(one) for one in await call.of(Desk).page(first)])


async def contract(call: Call) -> JsonObject:
    """Return one contract with its versions, who serves in it, and by what it is delivered."""
    code, desk = call.path["id"], call.of(Desk)
    told = await desk.show(code)
    versions = [one | {"signed": _signed(one["signed"])} for one in await desk.versions(code)]
    served = [one | {"signed": _signed(one.pop("signature"))} for one in told.pop("services")]
    ends = told["state"] not in {"failed", "ended"}
    return {**_line(told), "services": served, "rows": versions, "endable": ends, "strategy": told["strategy"]}


def _line(told: JsonObject) -> JsonObject:
    """Return a contract as a row of a table: under which names columns know its members."""
    delivered = {"delivered": "pieces" if told["delivery"] else "plain"}
    return told | delivered | {"name": told["contractName"], "ends": told["until"]}


def _signed(signature: object) -> str:
    return "signed" if signature else "unsigned"
