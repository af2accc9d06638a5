"""The exchange's public documents and the catalogue for its members."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from catalog.found import is_found
from catalog.listing import Move, State
from catalog.question import like, question
from catalog.roles import ROLES, Doing, does
from catalog.use import use
from connector.api.faults import JSON, as_json
from connector.exchange import handed_in, kinds, listings, sight, spaces, standing
from connector.exchange.attesting import Attesting
from connector.exchange.complaints import Complaints
from connector.exchange.federation import showing
from connector.exchange.finding import Finding
from connector.exchange.node.office import Office
from connector.exchange.projects import Projects
from connector.exchange.reviewer import Reviewer
from connector.identity.space.view import SpaceView
from connector.licence import hosted
from connector.runtime.errors import Absent, Conflict, InvalidInput, NotPermitted
from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX, QUERY_CHARACTERS_MAX
from ledger.chain.programs import Programs

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.question import Question
    from catalog.use import Use
    from connector.api.call import Call
    from connector.exchange.numbering import Stocked
    from connector.store.rows.catalogue import ListingRow
    from connector.store.transaction import Tx
    from ledger.space.document import Member

VERSION_DIGITS = 8
OFF_THE_LIST = (State.WITHDRAWN, State.REFUSED)
# the moves that are the operator's word alone
BY_HAND = (Move.SUSPEND.value, Move.RESUME.value, Move.REFUSE.value)


async def space(call: Call) -> web.Response:
    """Serve the space document."""
    return web.Response(body=await call.of(SpaceView).served(), content_type=JSON)


async def attestation(call: Call) -> web.Response:
    """Serve the newest attestation of the witnesses."""
    document = await call.of(Attesting).newest()
    if document is None:
        raise Absent("the witnesses have attested nothing yet", "penstock exchange attest")
    return as_json(document)


def may(member: Member, doing: Doing) -> None:
    """Raise NotPermitted unless members of this role do so at the exchange."""
    if not does(member.role, doing):
        raise NotPermitted(f"a {ROLES[member.role].en} does not {doing} anything here")


async def submit(call: Call) -> web.Response:
    """Take in a provider's product; its edition must be on chain under the provider's account."""
    member = call.of(SpaceView).last().members[call.peer]
    may(member, Doing.LIST)
    document = handed_in.listing(await call.document())
    handed_in.require_currency(document["offer"]["terms"]["tariff"], call.of(SpaceView).last().currency)
    await call.core.store.read(lambda tx: spaces.check(tx, document, call.peer))
    await call.of(Office).registrar.check(document[handed_in.CODE], document["id"], call.peer)
    registered = await call.of(Programs).edition(bytes.fromhex(document["edition"]))
    if registered is None:
        raise Conflict("the edition is not registered on chain", "register it, then submit")
    terms = document["offer"]["terms"] | {"policy": document["offer"]["policy"]}
    if registered.provider not in await hosted.require(call.of(Programs), call.of(SpaceView), terms, member):
        raise NotPermitted("the edition was registered by somebody else")
    if registered.withdrawn_at is not None:
        raise Conflict("the edition is withdrawn on chain", "hand in another one")
    now = call.core.clock.now()

    def act(tx: Tx) -> ListingRow:
        call.of(Projects).check_product(tx, document, call.peer, now)
        return listings.submit(tx, call.core.evidence, document, call.peer, now)

    row = await call.act(act)
    call.of(Finding).changed()
    call.of(Reviewer).submitted(row.id, call.peer)
    return as_json(listings.view(row), 201)


async def withdraw(call: Call) -> web.Response:
    """Take a provider's product off the list, for a reason; its edition must be withdrawn on chain."""
    key = call.path["id"]
    reason = (await call.texts("reason"))["reason"]
    row = await call.core.store.read(lambda tx: listings.find(tx, key))
    if row.provider != call.peer:
        raise listings.absent(key)
    registered = await call.of(Programs).edition(bytes.fromhex(row.edition))
    if registered is None or registered.withdrawn_at is None:
        raise Conflict("the edition is not withdrawn on chain", "withdraw it, then tell us")
    who, now = {"by": call.peer, "role": "provider"}, call.core.clock.now()
    await call.act(lambda tx: listings.move(tx, call.core.evidence, key, Move.WITHDRAW, **who, reason=reason, now=now))
    call.of(Finding).changed()
    return as_json({"id": key, "state": State.WITHDRAWN.value})


async def unlist(call: Call) -> web.Response:
    """Take a provider's product off the list, for a reason; its editions stay registered, and what was sold goes on.

    One that is off the list already is left as it is.
    """
    key = call.path["id"]
    reason, now = (await call.texts("reason"))["reason"], call.core.clock.now()

    def act(tx: Tx) -> str:
        row = listings.find(tx, key)
        if row.provider != call.peer:
            raise listings.absent(key)
        if row.state in OFF_THE_LIST:
            return row.state.value
        who = {"by": call.peer, "role": "provider", "reason": reason}
        return listings.move(tx, call.core.evidence, key, Move.WITHDRAW, **who, now=now)

    state = await call.act(act)
    call.of(Finding).changed()
    return as_json({"id": key, "state": state})


async def search(call: Call) -> web.Response:
    """Find listed products by words (`q`) and conditions (`where`, any number), a page from the `first` on.

    With `like` (the id of a listed product) those that are similar to it instead of those that have every word of `q`.
    With `for` (a purpose) and perhaps `in` (a place) only those whose policy would permit that use. A page ends where
    it would be too long: it is made of so many as were `looked` at, after which the next one begins. With `counts` how
    many of all that were found have which value of which facet, besides.
    """
    query, finding = call.request.query, call.of(Finding)
    text, first = query.get("q", ""), call.first(FOUND_ROWS_MAX - PAGE_ROWS_MAX)
    if len(text) > QUERY_CHARACTERS_MAX:
        raise InvalidInput(f"`q` has {len(text)} characters, a search has at most {QUERY_CHARACTERS_MAX}")
    asked = question(text, query.getall("where", []))
    if "like" in query:
        asked = await _like(call, query["like"], asked)
    intended = use(query.get("for", ""), query.get("in", ""))
    role = call.of(SpaceView).last().members[call.peer].role
    sees = await call.core.store.read(lambda tx: sight.grades(tx, call.peer, role))
    asked = replace(asked, sight=sees)
    keys, total = await finding.keys(asked, limit=PAGE_ROWS_MAX, first=first)
    if "like" in query:
        keys, total = tuple(key for key in keys if key != query["like"]), max(total - 1, 0)
    await call.spend()
    products, looked = await call.core.store.read(lambda tx: showing.page(tx, keys))
    told: dict[str, Any] = {"products": products, "found": total, "looked": looked}
    if intended is not None:
        told["products"] = await asyncio.to_thread(_permitting, products, intended, call.core.clock.now())
    if call.truth("counts"):
        told["counts"] = await finding.counts(asked)
    return as_json(told)


async def _like(call: Call, key: str, asked: Question) -> Question:
    """Return the question for what is similar to a product that the caller may see, under the conditions asked."""
    role = call.of(SpaceView).last().members[call.peer].role

    row = await call.core.store.read(lambda tx: seen(tx, key, call.peer, role))
    similar = like(row.title, kinds.described(row).keywords)
    return replace(asked, words=similar.words, any_word=True)


def _permitting(products: list[dict[str, Any]], intended: Use, now: datetime) -> list[dict[str, Any]]:
    return [one for one in products if one["tier"] and _permits(one, intended, now)]


def _permits(one: dict[str, Any], intended: Use, now: datetime) -> bool:
    return intended.permitted(one["offer"]["policy"], one["id"], one["tier"], now)[0]


async def product(call: Call) -> web.Response:
    """Serve one listed product or service, to whom it is shown."""
    key, role = call.path["id"], call.of(SpaceView).last().members[call.peer].role

    def read(tx: Tx) -> dict[str, Any]:
        told = showing.listed(tx, key)
        if is_found(key):
            return told
        row = seen(tx, key, call.peer, role)
        if told["provider"] == call.peer:
            told |= standing.told(kinds.of(key).find(tx, key))
        return told | sight.sample(tx, row, call.peer, role) | spaces.least(tx, row)

    told = await call.act(read)
    if unpaid := await call.of(Complaints).unpaid(told["provider"]):
        told["unpaid"] = unpaid
    return as_json(told)


def seen(tx: Tx, key: str, member: str, role: str) -> Stocked:
    """Return a listed product or service that a member may see; raises Absent."""
    kind = kinds.of(key)
    row = kind.listed(tx, key)
    if not sight.sees(tx, row, member, role):
        raise kind.absent(key)
    return row


def version_number(told: str) -> int:
    """Return the number of a version; raises InvalidInput for a text that is none."""
    if not (told.isascii() and told.isdecimal() and len(told) <= VERSION_DIGITS):
        raise InvalidInput(f"`{told[:40]}` is no number of a version", "penstock version list")
    return int(told)


async def versions(call: Call) -> web.Response:
    """List the versions of a listing, each with what it changed; `from` and `to` compare two of them."""
    key, query = call.path["id"], call.request.query
    role = call.of(SpaceView).last().members[call.peer].role
    numbers = [version_number(query.get(name, "")) for name in ("from", "to")] if {"from", "to"} & set(query) else []

    def read(tx: Tx) -> dict[str, Any]:
        kind = kinds.of(key)
        row, waits = kind.find(tx, key), False
        if row.provider != call.peer:
            seen(tx, key, call.peer, role)
            waits = standing.stands(row)  # what was handed in after it may be of another space, and is not reviewed
        if numbers:
            return {"differences": kind.VERSIONS.compared(tx, key, *numbers, reviewed=waits)}
        return {"versions": kind.VERSIONS.page(tx, key, reviewed=waits)}

    return as_json(await call.act(read))


# ---- what the operator asks


async def queue(call: Call) -> web.Response:
    """List listings of a `state`, the oldest first, from the `first` on; what is submitted waits for a review.

    With `kind=service` the services instead of the products.
    """
    query, first = call.request.query, call.first(FOUND_ROWS_MAX)
    state = query.get("state", State.SUBMITTED.value)
    if state not in set(State):
        raise InvalidInput(f"`{state[:40]}` is no state of a listing", f"one of {', '.join(State)}")
    kind = kinds.named(query.get("kind", ""))
    found = await call.core.store.read(lambda tx: kind.page(tx, State(state), first))
    return as_json({"listings": found})


async def move(call: Call) -> web.Response:
    """Make a move of the exchange's on a listing: `move` and `reason`."""
    body, key = await call.texts("move", "reason"), call.path["id"]
    if body["move"] not in BY_HAND:
        raise InvalidInput(f"an exchange moves a listing by hand by {', '.join(BY_HAND)}", "`review` lists one")
    step, by, now = Move(body["move"]), call.core.identity.did, call.core.clock.now()

    def act(tx: Tx) -> str:
        if step is Move.RESUME:  # what no longer keeps to the rules is not put back
            row = kinds.of(key).find(tx, key)
            spaces.check(tx, kinds.document(row), row.provider)
        who = {"by": by, "role": "exchange", "reason": body["reason"]}
        return kinds.of(key).move(tx, call.core.evidence, key, step, **who, now=now)

    state = await call.core.store.write(act)
    call.of(Finding).changed()
    return as_json({"id": key, "state": state})
