"""The exchange's public documents and the catalogue for its members."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from catalog.listing import Move, State
from catalog.question import question
from catalog.use import use
from connector.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.exchange import indicating, listings
from connector.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX, QUERY_CHARACTERS_MAX
from connector.web.faults import as_json

if TYPE_CHECKING:
    from datetime import datetime

    from aiohttp import web

    from catalog.use import Use
    from connector.store.transaction import Tx
    from connector.web.call import Call

# the moves that are the operator's word alone
BY_HAND = (Move.SUSPEND.value, Move.RESUME.value, Move.REFUSE.value)


async def space(call: Call) -> web.Response:
    """Serve the space document."""
    return as_json(call.connector.space.json())


async def attestation(call: Call) -> web.Response:
    """Serve the newest attestation of the witnesses."""
    document = await call.connector.attesting.newest()
    if document is None:
        raise Absent("the witnesses have attested nothing yet", "penstock exchange attest")
    return as_json(document)


async def submit(call: Call) -> web.Response:
    """Take in a provider's product; its edition must be on chain under the provider's account."""
    connector = call.connector
    document = listings.check_submission(await call.document())
    registered = await connector.programs.edition(bytes.fromhex(document["edition"]))
    if registered is None:
        raise Conflict("the edition is not registered on chain", "register it, then submit")
    if registered.provider != connector.space.members[call.peer].address:
        raise NotPermitted("the edition was registered by somebody else")
    now = connector.clock.now()
    row = await call.act(lambda tx: listings.submit(tx, connector.evidence, document, call.peer, now))
    connector.finding.changed()
    connector.reviewer.submitted(row["id"])
    return as_json(listings.view(row), 201)


async def withdraw(call: Call) -> web.Response:
    """Take a provider's product off the list, for a reason; its edition must be withdrawn on chain."""
    connector, key = call.connector, call.path["id"]
    document = await call.document()
    if not isinstance(document, dict) or set(document) != {"reason"} or not isinstance(document["reason"], str):
        raise InvalidInput("the body must be a JSON object with `reason`, a text")
    row = await connector.store.read(lambda tx: listings.find(tx, key))
    if row["provider"] != call.peer:
        raise Absent(f"there is no listing `{key[:200]}`")
    registered = await connector.programs.edition(bytes.fromhex(row["edition"]))
    if registered is None or registered.withdrawn_at is None:
        raise Conflict("the edition is not withdrawn on chain", "withdraw it, then tell us")
    who, reason, now = {"by": call.peer, "role": "provider"}, document["reason"], connector.clock.now()
    await call.act(lambda tx: listings.move(tx, connector.evidence, key, Move.WITHDRAW, **who, reason=reason, now=now))
    connector.finding.changed()
    return as_json({"id": key, "state": State.WITHDRAWN.value})


async def search(call: Call) -> web.Response:
    """Find listed products by words (`q`) and conditions (`where`, any number), a page from the `first` on.

    With `for` (a purpose) and perhaps `in` (a place) only those whose policy would permit that use: of so many as were
    `looked` at. With `counts` how many of all that were found have which value of which facet, besides.
    """
    query, finding = call.request.query, call.connector.finding
    text, first = query.get("q", ""), query.get("first", "0")
    if len(text) > QUERY_CHARACTERS_MAX:
        raise InvalidInput(f"`q` has {len(text)} characters, a search has at most {QUERY_CHARACTERS_MAX}")
    if not first.isdecimal() or int(first[:9]) > FOUND_ROWS_MAX - PAGE_ROWS_MAX:
        raise InvalidInput(
            f"`first` is no number up to {FOUND_ROWS_MAX - PAGE_ROWS_MAX}", "add a word or a condition instead"
        )
    asked = question(text, query.getall("where", []))
    intended = use(query.get("for", ""), query.get("in", ""))
    keys, total = await finding.keys(asked, limit=PAGE_ROWS_MAX, first=int(first))
    products = await call.act(lambda tx: listings.shown(tx, keys))
    told: dict[str, Any] = {"products": products, "found": total}
    if intended is not None:
        told["products"] = await asyncio.to_thread(_permitting, products, intended, call.connector.clock.now())
        told["looked"] = len(keys)
    if "counts" in query:
        told["counts"] = await finding.counts(asked)
    return as_json(told)


def _permitting(products: list[dict[str, Any]], intended: Use, now: datetime) -> list[dict[str, Any]]:
    return [one for one in products if intended.permitted(one["offer"]["policy"], one["id"], one["tier"], now)[0]]


async def product(call: Call) -> web.Response:
    """Serve one listed product."""
    return as_json(listings.view(await call.act(lambda tx: listings.listed(tx, call.path["id"]))))


# ---- what the operator asks


async def indicators(call: Call) -> web.Response:
    """Show the indicators of the market, each with its formula, its source and the national survey's value."""
    return as_json(await indicating.indicators(call.connector))


async def queue(call: Call) -> web.Response:
    """List listings of a `state`, the oldest first, from the `first` on; what is submitted waits for a review."""
    state, first = call.request.query.get("state", State.SUBMITTED.value), call.request.query.get("first", "0")
    if state not in set(State) or not first.isdecimal() or int(first[:9]) > FOUND_ROWS_MAX:
        raise InvalidInput(
            "`state` or `first` is none", f"one of {', '.join(State)}, and a number up to {FOUND_ROWS_MAX}"
        )
    found = await call.connector.store.read(lambda tx: listings.page(tx, State(state), int(first)))
    return as_json({"listings": found})


async def move(call: Call) -> web.Response:
    """Make a move of the exchange's on a listing: `move` and `reason`."""
    connector, body, key = call.connector, await call.document(), call.path["id"]
    if not isinstance(body, dict) or set(body) != {"move", "reason"} or not isinstance(body["reason"], str):
        raise InvalidInput("the body is an object of `move` and `reason`")
    if body["move"] not in BY_HAND:
        raise InvalidInput(f"an exchange moves a listing by hand by {', '.join(BY_HAND)}", "`review` lists one")
    step, by, now = Move(body["move"]), connector.did, connector.clock.now()

    def act(tx: Tx) -> str:
        return listings.move(tx, connector.evidence, key, step, by=by, role="exchange", reason=body["reason"], now=now)

    state = await connector.store.write(act)
    connector.finding.changed()
    return as_json({"id": key, "state": state})
