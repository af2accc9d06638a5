"""The register of contracts over HTTP: filed as TC609-6-2025-14 has it, and read by whom a contract concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api import certified
from connector.api.faults import as_json
from connector.exchange.filings import Filings
from connector.exchange.signed_filings import SignedFilings, is_signed
from ledger.agreement.filing import instruction

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call

FIRST_MAX = 100_000
# of `status`, which is text in the interface
OK = "0"


async def register(call: Call) -> web.Response:
    """Take in a contract of the caller's: `/contractRegistrate`."""
    await certified.require(call)
    document = await call.document()
    filings = call.of(SignedFilings) if is_signed(document) else call.of(Filings)
    row = await filings.register(document, call.peer, call.act)
    number = instruction(bytes.fromhex(row.agreement))
    return as_json({"status": OK, "contractHash": row.digest, "ctrlInstructiontId": number})


async def page(call: Call) -> web.Response:
    """List what the caller may read of the register, newest first, from the `first` on."""
    found = await call.of(Filings).page(call.peer, call.first(FIRST_MAX))
    await call.spend()
    return as_json({"filings": found})


async def show(call: Call) -> web.Response:
    """Show a filed contract to who may read it."""
    found = await call.of(Filings).show(call.path["id"], call.peer)
    await call.spend()
    return as_json(found)
