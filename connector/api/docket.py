"""The docket over HTTP: members file at the exchange what is to be ruled on; whom it concerns reads, one rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.identity.space.view import SpaceView
from connector.runtime.errors import InvalidInput
from connector.settlement import docket
from ledger.chain.programs import Programs
from ledger.dispute import filing as filings
from ledger.dispute.ruling import read_ruling

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def file(call: Call) -> web.Response:
    """Take in what a member files; the same one again changes nothing."""
    filing = filings.read(await call.document())
    about = await docket.concerned(
        call.of(SpaceView), call.of(Programs), filing, call.of(SpaceView).last().members[call.peer]
    )
    now = call.core.clock.now()
    row = await call.act(lambda tx: docket.file(tx, call.core.evidence, filing, about, call.peer, now))
    return as_json(docket.view(row), 201)


async def page(call: Call) -> web.Response:
    """List the cases that concern the caller."""
    member = call.of(SpaceView).last().members[call.peer]
    return as_json({"disputes": await call.act(lambda tx: docket.page(tx, member))})


async def case(call: Call) -> web.Response:
    """Serve one case with what was filed."""
    member = call.of(SpaceView).last().members[call.peer]
    return as_json(await call.act(lambda tx: docket.case(tx, call.path["id"], member)))


async def rule(call: Call) -> web.Response:
    """Take note of what the arbitrator ruled: `ruling`, and the `tx` that executed it or nothing."""
    document = await call.members({"ruling": "document", "tx": "text"})
    ruling, account = read_ruling(document["ruling"]), call.of(SpaceView).last().members[call.peer].address
    if ruling.dispute.hex() != call.path["id"]:
        raise InvalidInput("the ruling is on another dispute")
    now = call.core.clock.now()
    return as_json(await call.act(lambda tx: docket.rule(tx, ruling, document["tx"], account, now)))
