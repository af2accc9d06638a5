"""Leaving with a plan: asked for by a member, approved by the exchange, ended when the plan ends."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from catalog import leaving
from catalog.leaving import BECOMES, EXCHANGE, MEMBER, Item, Move, State, moved
from catalog.listing import TABLE as LISTING
from catalog.listing import Move as ListingMove
from connector.exchange.case import Case, Turn
from connector.exchange.kinds import KINDS
from connector.exchange.membership import MEMBERS, leaves
from connector.negotiation import on_offer
from connector.runtime import reasons
from connector.runtime.errors import Conflict
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import ChannelRow
from connector.store.rows.space import LeavingRow, MemberRow, MemberState
from connector.store.rows.vault import ReplicaRow
from contracts.canonical import sha

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.leaving import Plan
    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.exchange.finding import Finding
    from connector.exchange.members import Members
    from connector.identity.space.author import SpaceAuthor
    from connector.identity.space.exchange import ExchangeDoor
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

PLANS = Case(
    LeavingRow,
    "did",
    "no plan to leave was handed in",
    "penstock leave --plan, to see one",
    "leave.moved",
    lambda row: row.plan,
)
OVER = ("closed", "settled")


class Leaving:
    """The plans that members handed in, as the exchange has them."""

    def __init__(self, core: Core, finding: Finding, members: Members, author: SpaceAuthor) -> None:
        self._core, self._finding, self._members, self._author = core, finding, members, author

    async def ask(self, did: str, document: Any, write: Write) -> JsonObject:
        """Take in a member's plan; one that waits is replaced."""
        now = self._core.clock.now()
        plan = leaving.from_json(document, now)
        reasons.check(plan.reason, "the operator reads it")

        def act(tx: Tx) -> JsonObject:
            known = tx.get(LeavingRow, did=did)
            if known is not None and known.state in (State.APPROVED, State.LEFT):
                raise Conflict(f"your plan is {known.state}", "penstock leave --status")
            times = {"until": plan.until, "created": now, "updated": now}
            row = LeavingRow(did=did, plan=plan.json(), state=State.ASKED, reason="", **times)
            return view(PLANS.keep(tx, self._core.evidence, known, Turn(row, did, plan.reason)))

        return await write(act)

    async def stay(self, did: str, write: Write) -> JsonObject:
        """Take back a plan that was not answered yet."""
        return view(await write(lambda tx: self._move(tx, did, Move.STAY, MEMBER, did, "")))

    async def page(self) -> list[JsonObject]:
        """List the plans that are asked for or under way, those that end first."""
        await self.end_due()
        open_ = (State.ASKED, State.APPROVED)
        rows = await self._core.store.read(lambda tx: tx.find(LeavingRow, "state in (?, ?)", open_, "until"))
        return [view(row) for row in rows]

    async def approve(self, did: str) -> JsonObject:
        """Approve a plan: what the member lists is off the catalogue, and it begins nothing any more."""
        row = await self._core.store.write(lambda tx: self._approve(tx, did))
        self._finding.changed()
        return view(row)

    async def refuse(self, did: str, reason: str) -> JsonObject:
        """Refuse a plan, for a reason that the member reads."""
        reasons.check(reason, "the member reads what to change")
        by = self._core.identity.did
        return view(await self._core.store.write(lambda tx: self._move(tx, did, Move.REFUSE, EXCHANGE, by, reason)))

    async def end_due(self) -> None:
        """End the memberships whose plans are over; a chore of the monitor."""
        now = self._core.clock.now()
        if "exchange" not in self._core.identity.roles:
            return
        rows = await self._core.store.read(lambda tx: PLANS.over(tx, (State.APPROVED,), now))
        if not rows:
            return
        try:
            for row in rows:
                await self._core.store.write(partial(self._end, did=row.did))
        finally:
            await self._author.rebuild()

    # ---- one transaction's part

    def _approve(self, tx: Tx, did: str) -> LeavingRow:
        own, now = self._core.identity.did, self._core.clock.now()
        member = tx.get(MemberRow, did=did)
        if member is None or member.state != MemberState.ADMITTED:
            raise Conflict(f"`{did[:200]}` is {'no member' if member is None else member.state}")
        row = self._move(tx, did, Move.APPROVE, EXCHANGE, own, "")
        leaver = replace(member, state=MemberState.LEAVING, updated=now)
        MEMBERS.keep(tx, self._core.evidence, member, Turn(leaver, own, row.plan["reason"], digest=sha(row.plan).hex()))
        why = {"by": did, "role": "provider", "reason": "its provider leaves the space"}
        for stock, kind in KINDS.items():
            for listing in tx.find(stock, "provider = ?", (did,)):
                if (listing.state, ListingMove.WITHDRAW) in LISTING:
                    kind.move(tx, self._core.evidence, listing.id, ListingMove.WITHDRAW, **why, now=now)
        return row

    def _end(self, tx: Tx, did: str) -> None:
        """End a plan that is over, and the membership unless an operator ended it before."""
        member = tx.get(MemberRow, did=did)
        if not leaves(tx, did):
            return
        if member is not None and member.state != MemberState.REVOKED:
            self._members.turn(tx, did, "revoke", "it left as planned")
        self._move(tx, did, Move.END, EXCHANGE, self._core.identity.did, "")

    def _move(self, tx: Tx, did: str, step: Move, role: str, by: str, reason: str) -> LeavingRow:
        now = self._core.clock.now()

        def turned(row: LeavingRow) -> Turn[LeavingRow]:
            return Turn(replace(row, state=moved(row.state, step, role), reason=reason, updated=now), by, reason)

        return PLANS.move(tx, self._core.evidence, did, turned)


class Departing:
    """Our own leaving: the plan, from our own rows, and what we do when it is approved."""

    def __init__(self, core: Core, exchange: ExchangeDoor) -> None:
        self._core, self._exchange = core, exchange

    async def plan(self, reason: str, until: datetime | None) -> Plan:
        """Return the plan by which we could leave; raises CatalogError for an end that is too early."""
        now = self._core.clock.now()
        things = await self._core.store.read(lambda tx: tuple(_things(tx, now)))
        return leaving.planned(reason, until, things, now)

    async def ask(self, reason: str, until: datetime | None) -> JsonObject:
        """Hand our plan in."""
        reasons.check(reason, "the operator reads it")
        document = (await self.plan(reason, until)).json()
        asked: JsonObject = await self._exchange.ask("POST", "/exchange/leaving", document)
        return asked

    async def status(self) -> JsonObject:
        """Return what became of our plan; when it is approved we offer nothing any more."""
        told: JsonObject = await self._exchange.ask("GET", "/exchange/leaving")
        if told["state"] in (State.APPROVED, State.LEFT):
            await self.take_off()
        return told

    async def take_off(self) -> None:
        """Offer nothing any more; what was sold goes on."""
        now = self._core.clock.now()
        await self._core.store.write(lambda tx: on_offer.take_off(tx, self._core.evidence, now))


def view(row: LeavingRow) -> JsonObject:
    """Return what member and operator see of a plan, each thing with what becomes of it."""
    plan = row.plan
    things = [one | dict(zip(("en", "zh"), BECOMES[one["kind"]], strict=True)) for one in plan["items"]]
    about = {"did": row.did, "state": row.state, "answer": row.reason}
    return about | {"reason": plan["reason"], "until": plan["until"], "items": things}


def _things(tx: Tx, now: datetime) -> list[Item]:
    """Return everything of ours that binds us to others."""
    # what the exchange never listed it is not told of now
    things = [Item("product", key, None) for key in on_offer.listed(tx)]
    ends = {}
    for row in tx.find(AgreementRow, "not_after > ?", (now,), "not_after"):
        ends[row.digest] = row.not_after
        things.append(Item("sold" if row.role == "provider" else "bought", row.digest, row.not_after))
    kept = [row for row in tx.find(ReplicaRow, order="id") if row.agreement in ends]
    things += [Item("replica", row.id, ends[row.agreement]) for row in kept]
    unsettled = [row for row in tx.find(ChannelRow) if row.state not in OVER]
    return things + [Item("channel", row.id, ends.get(row.agreement)) for row in unsettled]
