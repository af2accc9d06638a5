"""Demands for data, as the exchange keeps them: posted by members, matched both ways, moved along their table.

Law: every move is an event in the exchange's log in the same transaction; its fields are disclosed to nobody but owner
and supervisor, for what somebody looks for is their business. A demand is met only by an agreement whose licence is on
chain in the name of who posted it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog.demand import BUYER, EXCHANGE, LOOKING, Demand, Move, State, from_json, moved
from catalog.facets import DATASET
from catalog.found import is_found
from catalog.matching import LEAST, Offered, match
from connector.exchange import listings, standing
from connector.exchange.case import Case, Turn
from connector.exchange.membership import refuse_leaving
from connector.exchange.sight import grades
from connector.licence import pricing
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted
from connector.runtime.limits import MEMBER_DEMANDS_MAX, SPACE_DEMANDS_MAX
from connector.store.rows.space import DemandRow
from contracts.tariff import asked

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.use import Use
    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.exchange.finding import Finding
    from connector.identity.space.view import SpaceView
    from connector.store.rows.catalogue import ListingRow
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

DEMANDS = Case(
    DemandRow,
    "id",
    "there is no demand `{}`",
    "penstock demand list",
    "demand.moved",
    lambda row: {"demand": row.document, "product": row.product, "agreement": row.agreement},
)
# products whose words are looked at for one demand, and how many of them are shown
CANDIDATES = 200
MATCHES_SHOWN = 20
_LOOKING = tuple(state.value for state in LOOKING)
_IS_LOOKING = f"state in ({', '.join('?' * len(_LOOKING))})"


class Demands:
    """The demands of a space's members."""

    def __init__(self, core: Core, programs: Programs, space: SpaceView, finding: Finding) -> None:
        self._core, self._programs, self._space, self._finding = core, programs, space, finding

    async def post(self, document: Any, member: str, write: Write) -> JsonObject:
        """Take in a member's demand and look for what meets it; the same one again changes nothing.

        `write` runs an act in one transaction with what the caller's request uses up.
        """
        currency, now = self._programs.deployment.currency, self._core.clock.now()
        if isinstance(document, dict) and document.get("currency") == "":
            document = {**document, "currency": currency}
        demand = from_json(document)
        if demand.most is not None:
            pricing.require_currency(demand.currency, currency)
        if demand.until <= now:
            raise InvalidInput(f"`until` is {demand.until.isoformat()}, which is over", "name a later time")
        await write(lambda tx: self._post(tx, demand, member, now))
        return await self.show(demand.id, member)

    async def show(self, key: str, member: str) -> JsonObject:
        """Return a demand with the products that match it now, best first; others see it while it is looking."""
        row = await self._core.store.read(lambda tx: _seen(tx, key, member))
        told = view(row)
        if row.member != member or row.state not in LOOKING:
            return told
        matches = await self._products(from_json(row.document), member)
        if matches and row.state == State.OPEN:
            told["state"] = await self._core.store.write(lambda tx: self._matched(tx, key))
        return told | {"matches": matches}

    async def page(self, member: str, *, mine: bool, first: int) -> list[JsonObject]:
        """Return demands, newest first: of `member` alone, or all that are still looking."""
        await self._expire()
        where, what = ("member = ?", (member,)) if mine else (_IS_LOOKING, _LOOKING)
        return [view(row) for row in await DEMANDS.page(self._core, where, what, "updated desc", first)]

    async def for_product(self, product: str) -> list[JsonObject]:
        """Return the demands that a listed product meets, best first."""
        await self._expire()

        def read(tx: Tx) -> tuple[ListingRow, list[DemandRow]]:
            looking = tx.find(DemandRow, _IS_LOOKING, _LOOKING, "updated desc", SPACE_DEMANDS_MAX)
            return listings.listed(tx, product), looking

        listing, rows = await self._core.store.read(read)
        return await asyncio.to_thread(_demands_met, self._offered(listing), rows)

    async def move(self, key: str, step: Move, member: str, body: dict[str, str], write: Write) -> JsonObject:
        """Make a buyer's move, in one transaction by `write`.

        `product` of the body says what is negotiated, `agreement` (a digest in hex) what met it.
        """
        if step is Move.MEET:
            await self._check_licence(body["agreement"], member)
        now = self._core.clock.now()

        def act(tx: Tx) -> JsonObject:
            row = _seen(tx, key, member)
            if row.member != member:
                raise NotPermitted(f"the demand `{key[:200]}` is somebody else's")
            if "product" in body:
                listings.listed(tx, body["product"])
            turn = _moved(row, step, BUYER, member, now, **body)
            return view(DEMANDS.keep(tx, self._core.evidence, row, turn))

        return await write(act)

    # ---- one transaction's part

    def _post(self, tx: Tx, demand: Demand, member: str, now: datetime) -> None:
        refuse_leaving(tx, member)
        told = member, demand.json()
        if DEMANDS.known(tx, demand.id, "demand", lambda row: (row.member, row.document) == told):
            return
        looking = tx.execute(f"SELECT count(*) AS n FROM demands WHERE {_IS_LOOKING}", *_LOOKING)[0]["n"]  # noqa: S608 - marks only
        own = tx.execute(f"SELECT count(*) AS n FROM demands WHERE member = ? AND {_IS_LOOKING}", member, *_LOOKING)  # noqa: S608 - marks only
        if own[0]["n"] >= MEMBER_DEMANDS_MAX or looking >= SPACE_DEMANDS_MAX:
            most = f"{MEMBER_DEMANDS_MAX} of one member and {SPACE_DEMANDS_MAX} in all"
            raise Conflict(f"at most {most} may be open at once", "withdraw one that is old")
        row = DemandRow(
            id=demand.id,
            member=member,
            document=demand.json(),
            state=State.OPEN,
            until=demand.until,
            created=now,
            updated=now,
        )
        DEMANDS.keep(tx, self._core.evidence, None, Turn(row, member))

    def _matched(self, tx: Tx, key: str) -> str:
        row, now = DEMANDS.find(tx, key), self._core.clock.now()
        if row.state == State.OPEN:
            turn = _moved(row, Move.MATCH, EXCHANGE, self._core.identity.did, now)
            row = DEMANDS.keep(tx, self._core.evidence, row, turn)
        return row.state

    async def _expire(self) -> None:
        """Withdraw what has been looking until its time was over, before anybody is shown it."""

        def turned(row: DemandRow, now: datetime) -> Turn[DemandRow]:
            return _moved(row, Move.EXPIRE, EXCHANGE, self._core.identity.did, now, reason="its time is over")

        await DEMANDS.end(self._core, _LOOKING, turned, SPACE_DEMANDS_MAX)

    # ---- matching

    async def _products(self, demand: Demand, member: str) -> list[JsonObject]:
        role = self._space.last().members[member].role
        sees = await self._core.store.read(lambda tx: grades(tx, member, role))
        asked = replace(demand.question, facets={"kind": (DATASET,)}, ranges={}, any_word=True, sight=sees)
        found, _ = await self._finding.keys(asked, limit=CANDIDATES, first=0)
        keys = [key for key in found if not is_found(key)]  # what is sold elsewhere meets no demand here
        rows = await self._core.store.read(lambda tx: [listings.find(tx, key) for key in keys])
        listed = [listings.STOCK.own(row) for one in rows if (row := standing.shown(one)) is not None]
        # to read two hundred descriptions takes a tenth of a second
        scored = await asyncio.to_thread(lambda: {row.id: match(demand, self._offered(row)) for row in listed})
        best = sorted((key for key in scored if scored[key].score >= LEAST), key=lambda key: (-scored[key].score, key))
        about = {row.id: {"title": row.title, "provider": row.provider, "tier": row.tier} for row in rows}
        return [{"product": key, **about[key], **scored[key].json()} for key in best[:MATCHES_SHOWN]]

    def _offered(self, listing: ListingRow) -> Offered:
        offer, now = listing.offer, self._core.clock.now()

        def permits(use: Use) -> tuple[bool, str]:
            return use.permitted(offer["policy"], listing.id, listing.tier, now)

        return Offered(listings.indexed(listing), asked(offer), permits)

    async def _check_licence(self, agreement: str, member: str) -> None:
        """Raise unless the agreement has a licence on chain in the member's name."""
        try:
            digest = bytes.fromhex(agreement)
        except ValueError:
            digest = b""
        found = await self._programs.licence(digest) if len(digest) == 32 else None
        if found is None or found.buyer not in self._space.last().members[member].accounts:
            raise Conflict(f"no licence of yours on chain is of the agreement `{agreement[:80]}`", "penstock show")


def _moved(
    row: DemandRow,
    step: Move,
    role: str,
    by: str,
    now: datetime,
    *,
    reason: str = "",
    product: str | None = None,
    agreement: str | None = None,
) -> Turn[DemandRow]:
    """Return what a move makes of a demand; raises DemandError if the table or the role forbids it."""
    state = moved(State(row.state), step, role)
    named = replace(row, product=product or row.product, agreement=agreement or row.agreement)
    return Turn(replace(named, state=state, reason=reason, updated=now), by, reason)


def view(row: DemandRow) -> JsonObject:
    """Return what members see of a demand."""
    told: JsonObject = {**row.document, "member": row.member, "state": row.state}
    return told | {name: value for name in ("product", "agreement", "reason") if (value := getattr(row, name))}


def _seen(tx: Tx, key: str, member: str) -> DemandRow:
    """Return a demand that the member may see: its own, and others' while they are looking."""
    row = DEMANDS.find(tx, key)
    if row.member != member and row.state not in LOOKING:
        raise DEMANDS.absent(key)
    return row


def _demands_met(offered: Offered, rows: list[DemandRow]) -> list[JsonObject]:
    scored = [(match(from_json(row.document), offered), row) for row in rows]
    best = sorted((one for one in scored if one[0].score >= LEAST), key=lambda one: (-one[0].score, one[1].id))
    return [view(row) | found.json() for found, row in best[:MATCHES_SHOWN]]
