"""The docket over HTTP: parties file bundles at the exchange, the arbitrator of their channel reads and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import InvalidInput
from connector.exchange import docket
from connector.web.faults import as_json
from ledger import bundle as bundles
from ledger.ruling import read_ruling

if TYPE_CHECKING:
    from aiohttp import web

    from connector.web.call import Call

RULING = frozenset({"ruling", "tx"})


async def file(call: Call) -> web.Response:
    """Take in a party's bundle; the same one again changes nothing."""
    connector = call.connector
    bundle = bundles.parse(await call.document())
    channel = await connector.programs.channel(bundle.voucher.value.channel_id)
    found = docket.check_filing(channel, connector.space.members[call.peer])
    now = connector.clock.now()
    row = await call.act(lambda tx: docket.file(tx, connector.evidence, bundle, found, call.peer, now))
    return as_json(docket.view(row), 201)


async def page(call: Call) -> web.Response:
    """List the cases that concern the caller."""
    account = call.connector.space.members[call.peer].address
    return as_json({"disputes": await call.act(lambda tx: docket.page(tx, account))})


async def case(call: Call) -> web.Response:
    """Serve one case with its bundle."""
    account = call.connector.space.members[call.peer].address
    return as_json(await call.act(lambda tx: docket.case(tx, call.path["id"], account)))


async def rule(call: Call) -> web.Response:
    """Take note of what the arbitrator ruled: `ruling`, and the `tx` that executed it or nothing."""
    connector = call.connector
    document: Any = await call.document()
    if not isinstance(document, dict) or set(document) != RULING or not isinstance(document["tx"], str):
        raise InvalidInput("the body must have exactly `ruling` and `tx`, a text")
    ruling, account = read_ruling(document["ruling"]), connector.space.members[call.peer].address
    if ruling.dispute.hex() != call.path["id"]:
        raise InvalidInput("the ruling is on another dispute")
    now = connector.clock.now()
    return as_json(await call.act(lambda tx: docket.rule(tx, ruling, document["tx"], account, now)))
