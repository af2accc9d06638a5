"""Data services at the exchange, for members who offer them; they are found and shown where products are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.listing import REASON_CHARACTERS_MAX, Move
from catalog.roles import Doing
from connector.api.exchange import may, version_number
from connector.api.faults import as_json
from connector.exchange import handed_in, services, spaces
from connector.exchange.finding import Finding
from connector.exchange.reviewer import Reviewer
from connector.identity.space.view import SpaceView
from connector.runtime import reasons
from connector.runtime.limits import FOUND_ROWS_MAX

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call
    from connector.store.rows.catalogue import ServiceRow
    from connector.store.transaction import Tx


async def submit(call: Call) -> web.Response:
    """Take in a member's service, `service` and perhaps `space`: an operator reads it before anybody finds it."""
    may(call.of(SpaceView).last().members[call.peer], Doing.LIST)
    now, currency = call.core.clock.now(), call.of(SpaceView).last().currency
    document = handed_in.data_service(await call.document(), currency)
    handed_in.require_currency(document["service"]["tariff"], currency)

    def act(tx: Tx) -> ServiceRow:
        spaces.check(tx, document, call.peer)
        return services.submit(tx, call.core.evidence, document, call.peer, now)

    row = await call.act(act)
    call.of(Finding).changed()
    call.of(Reviewer).submitted(row.id, row.provider)
    return as_json(services.view(row), 201)


async def roll_back(call: Call) -> web.Response:
    """Put a service of the caller's back as it was: `version` (a number as text), `reason`.

    It keeps to the rules of its space as they are now; a version whose review stands is listed at once.
    """
    key = call.path["id"]
    may(call.of(SpaceView).last().members[call.peer], Doing.LIST)
    given, now = await call.texts("version", "reason"), call.core.clock.now()
    number = version_number(given["version"])
    reason = f"back to version {number}: {reasons.check(given['reason'], 'it goes into the log')}"

    def act(tx: Tx) -> ServiceRow:
        document = services.version(tx, key, number, call.peer)
        spaces.check(tx, document, call.peer)
        return services.submit(tx, call.core.evidence, document, call.peer, now, reason[:REASON_CHARACTERS_MAX])

    row = await call.act(act)
    call.of(Finding).changed()
    call.of(Reviewer).submitted(key, call.peer)
    return as_json(services.view(row))


async def own(call: Call) -> web.Response:
    """List the caller's services in every state, with why they are in it, from the `first` on."""
    first = call.first(FOUND_ROWS_MAX)
    rows = await call.act(lambda tx: services.own(tx, call.peer, first))
    return as_json({"services": rows})


async def withdraw(call: Call) -> web.Response:
    """Take a service of the caller's off the list, for a reason."""
    key = call.path["id"]
    reason, now = (await call.texts("reason"))["reason"], call.core.clock.now()

    def act(tx: Tx) -> str:
        if services.find(tx, key).provider != call.peer:
            raise services.absent(key)
        who = {"by": call.peer, "role": "provider", "reason": reason}
        return services.move(tx, call.core.evidence, key, Move.WITHDRAW, **who, now=now)

    state = await call.act(act)
    call.of(Finding).changed()
    return as_json({"id": key, "state": state})
