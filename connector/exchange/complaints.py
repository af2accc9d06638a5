"""Complaints, as the exchange keeps them: one party of an agreement about the other, answered in time or shown as late.

Law: who may complain about whom is what the chain says of the agreement's licence. Every move is an event in the
exchange's log in the same transaction, with whether somebody was late; its fields are disclosed to owner and supervisor
alone. Nothing here moves money: whoever is ordered to give something back does so on the chain, and that it did is read
there before anybody is shown the complaint (`connector.exchange.redress`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalog.complaint import (
    CLOCKS,
    COMPLAINANT,
    EXCHANGE,
    RESPONDENT,
    WITH_AMOUNT,
    Complaint,
    Move,
    State,
    due,
    from_json,
    moved,
)
from connector.exchange.case import Case, Turn
from connector.exchange.redress import Redress, read_amount, read_share
from connector.runtime import reasons
from connector.runtime.errors import Conflict, InvalidInput
from connector.runtime.limits import MEMBER_COMPLAINTS_MAX
from connector.store.rows.catalogue import TradeRow
from connector.store.rows.space import ComplaintRow
from contracts.decimals import read_hex
from ledger.chain.errors import ChainUnreachable

if TYPE_CHECKING:
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.exchange.chain_events import ChainEvents
    from connector.exchange.redress import Account
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

LATE = "yes"
SHOWN = ("id", "agreement", "words", "complainant", "respondent", "state", "answer", "reason")
COMPLAINTS = Case(
    ComplaintRow,
    "id",
    "there is no complaint `{}`",
    "penstock complaint list",
    "complaint.moved",
    lambda row: {"id": row.id, "agreement": row.agreement, "words": row.words},
)


class Complaints:
    """The complaints of a space's members."""

    def __init__(self, core: Core, programs: Programs, space: SpaceView, chain_events: ChainEvents) -> None:
        self._core, self._programs, self._space = core, programs, space
        self._redress = Redress(core, programs, chain_events, lambda account: space.last().accounts_with(account))

    async def file(self, document: Any, member: str, write: Write) -> JsonObject:
        """Take in a complaint about the other party of an agreement; the same one again changes nothing."""
        complaint, now = from_json(document), self._core.clock.now()
        respondent = await self._other(complaint.agreement, member)
        return self.view(await write(lambda tx: self._file(tx, complaint, member, respondent, now)))

    async def page(self, member: str, *, first: int) -> list[JsonObject]:
        """Return the complaints that concern a member, those first that are due first; the exchange sees all."""
        every = member == self._core.identity.did
        where, what = ("", ()) if every else ("complainant = ? or respondent = ?", (member, member))
        rows = await COMPLAINTS.page(self._core, where, what, "waits desc, due, updated desc", first)
        # what was carried out stands: the chain is not asked for it again on a page of many
        return [self.view(*(await self._looked(row) if row.state is State.ORDERED else (row, None))) for row in rows]

    async def show(self, key: str, member: str) -> JsonObject:
        """Return a complaint to its parties and to the exchange; raises Absent."""
        row = await COMPLAINTS.read(self._core.store, key)
        self._role(row, member)
        return self.view(*await self._looked(row))

    async def move(
        self,
        key: str,
        step: Move,
        member: str,
        words: str,
        write: Write,
        amount: str | None = None,
        share: str | None = None,
    ) -> JsonObject:
        """Make a move of the member's, with its words; the exchange decides, the parties do the rest.

        An order names its `amount`, or a `share` of what was paid. Raises Conflict for one that is too much, and for a
        payment that the chain lacks.
        """
        reasons.check(words, "the other side reads it")
        if [amount, share].count(None) != (1 if step is Move.ORDER else 2):
            text = "an order says how much is to be given back, by an amount or by a share, and no other move does"
            raise InvalidInput(text, "name one of them: `12.50`, or `--share 30%`")
        row = await COMPLAINTS.read(self._core.store, key)
        role = self._role(row, member)
        if step is Move.PAY:
            return await self._pay(row, role, write)
        row, account = await self._looked(row)
        now, asked = self._core.clock.now(), 0
        if step is Move.ORDER:
            moved(row.state, step, role, late=False)
            asked, account = await self._asked(row, amount, share)

        def act(tx: Tx) -> ComplaintRow:
            if account is not None and step is Move.ORDER:
                self._redress.check(account, self._redress.named(row), asked, self._ordered(tx, row))
            return COMPLAINTS.move(tx, self._core.evidence, key, turned)

        def turned(row: ComplaintRow) -> Turn[ComplaintRow]:
            return _moved(replace(row, amount=asked or row.amount), step, role, member, words, now)

        return self.view(await write(act), account)

    async def unpaid(self, did: str) -> int:
        """Return how many orders a member let pass without carrying them out."""
        now = self._core.clock.now()
        rows = await self._core.store.read(lambda tx: overdue(tx, now, did))
        return sum([(await self._looked(row))[0].state is State.ORDERED for row in rows])

    def view(self, row: ComplaintRow, account: Account | None = None) -> JsonObject:
        """Return what the parties and the exchange see of a complaint."""
        told = {name: getattr(row, name) for name in SHOWN} | {"filed": row.created.isoformat(timespec="seconds")}
        if row.state in WITH_AMOUNT:
            told |= {"amount": str(row.amount), "currency": self._programs.deployment.currency}
            told |= {} if account is None else {"given": str(account.given(self._redress.named(row)))}
        if row.due is not None:
            told |= {"turn": row.whose, "due": row.due.isoformat(timespec="seconds")}
            told["overdue"] = _late(row, self._core.clock.now())
        return told

    # ---- one transaction's part

    def _file(self, tx: Tx, complaint: Complaint, member: str, respondent: str, now: datetime) -> ComplaintRow:
        known = COMPLAINTS.known(
            tx,
            complaint.id,
            "complaint",
            lambda row: row.complainant == member and COMPLAINTS.said(row) == complaint.json(),
        )
        if known is not None:
            return known
        waiting = tx.find(ComplaintRow, "complainant = ? and waits = 1", (member,), "", MEMBER_COMPLAINTS_MAX)
        if len(waiting) >= MEMBER_COMPLAINTS_MAX:
            raise Conflict(f"{MEMBER_COMPLAINTS_MAX} complaints of yours wait", "withdraw one, then file again")
        return COMPLAINTS.keep(tx, self._core.evidence, None, _filed(complaint, member, respondent, now))

    # ---- what the chain says

    async def _looked(self, row: ComplaintRow) -> tuple[ComplaintRow, Account | None]:
        """Return a complaint as it is when the chain was looked at, and what it says; nothing while it is away."""
        if row.state not in WITH_AMOUNT:
            return row, None
        try:
            account = await self._redress.account(row)
            block = account.carried_out(self._redress.named(row), row.amount)
            at = None if block is None else await self._redress.time(block)
        except ChainUnreachable:
            return row, None
        if at is None or row.state is not State.ORDERED:
            return row, account
        now, late = self._core.clock.now(), _late(row, at)

        def act(tx: Tx) -> ComplaintRow:
            known = COMPLAINTS.find(tx, row.id)
            if (known.state, known.amount) != (State.ORDERED, row.amount):  # it was ordered otherwise meanwhile
                return known
            return COMPLAINTS.keep(tx, self._core.evidence, known, _fulfilled(known, now, late=late))

        return await self._core.store.write(act), account

    async def _asked(self, row: ComplaintRow, amount: str | None, share: str | None) -> tuple[int, Account]:
        """Return what an order asks for in minor units, and what the chain says; raises InvalidInput and Conflict."""
        asked = 0 if amount is None else read_amount(amount)
        bps = 0 if share is None else read_share(share)
        account = await self._redress.account(row)
        await self._redress.require_seller(row, self._accounts(row.respondent))
        return asked or self._redress.share(account, bps), account

    async def _pay(self, row: ComplaintRow, role: str, write: Write) -> JsonObject:
        """Return an order that the chain shows as carried out; raises Conflict while it does not."""
        if row.state is not State.FULFILLED:
            moved(row.state, Move.PAY, role, late=False)
        row, account = await self._looked(row)
        if row.state is not State.FULFILLED:
            text = f"the chain does not show yet that what the complaint `{row.id}` orders was given back"
            raise Conflict(text, f"penstock complaint pay {row.id}")
        await write(lambda _tx: None)
        return self.view(row, account)

    def _ordered(self, tx: Tx, row: ComplaintRow) -> list[tuple[bytes, int]]:
        """Return the other orders that are carried out of the same payments, and are not yet.

        Of trades never shown, all of the two share one sum: there an order counts when it is carried out, too.
        """
        same = tx.find(ComplaintRow, "agreement = ? and state = ? and id <> ?", (row.agreement, State.ORDERED, row.id))
        if tx.get(TradeRow, agreement=row.agreement) is None:
            others = tx.find(
                ComplaintRow,
                "respondent = ? and complainant = ? and agreement <> ? and state in (?, ?)",
                (row.respondent, row.complainant, row.agreement, State.ORDERED, State.FULFILLED),
            )
            same += [one for one in others if tx.get(TradeRow, agreement=one.agreement) is None]
        return [(self._redress.named(one), one.amount) for one in same]

    def _accounts(self, did: str) -> tuple[bytes, ...]:
        member = self._space.last().members.get(did)
        if member is None:
            raise Conflict("the respondent is no member of this space any more", "uphold it without an amount")
        return member.accounts

    # ---- who

    def _role(self, row: ComplaintRow, member: str) -> str:
        """Return the role of a member in a complaint; raises Absent for whom it does not concern."""
        roles = {self._core.identity.did: EXCHANGE, row.complainant: COMPLAINANT, row.respondent: RESPONDENT}
        if member not in roles:
            raise COMPLAINTS.absent(row.id)
        return roles[member]

    async def _other(self, agreement: str, member: str) -> str:
        """Return the other party of an agreement by its licence on chain; raises Conflict."""
        licence = await self._programs.licence(read_hex(agreement, "agreement", 32))
        space = self._space.last()
        own = space.members[member].accounts
        if licence is None or not {licence.provider, licence.buyer} & set(own):
            raise Conflict(f"no licence on chain is of an agreement `{agreement}` of yours", "penstock bill list")
        other = space.by_address(licence.buyer if licence.provider in own else licence.provider)
        if other is None:
            raise Conflict("the other party is no member of this space any more")
        return other.did


def _filed(complaint: Complaint, complainant: str, respondent: str, now: datetime) -> Turn[ComplaintRow]:
    """Return a complaint as it begins."""
    row = ComplaintRow(
        id=complaint.id,
        agreement=complaint.agreement,
        words=complaint.words,
        complainant=complainant,
        respondent=respondent,
        state=State.FILED,
        answer="",
        reason="",
        whose="",
        waits=0,
        late=0,
        created=now,
        updated=now,
    )
    return _turn(_entered(row, State.FILED, now), complainant, complaint.words, late=False)


def _moved(row: ComplaintRow, step: Move, role: str, by: str, words: str, now: datetime) -> Turn[ComplaintRow]:
    """Return what a move makes of a complaint; raises ComplaintError if table, role or clock forbids it."""
    late = _late(row, now)
    # one that is ordered otherwise counts when it is carried out, by the time that it has then
    counts = late and row.whose == RESPONDENT and row.state is not State.ORDERED
    state = moved(row.state, step, role, late=late)
    told = replace(row, answer=words) if step is Move.ANSWER else replace(row, reason=words)
    return _turn(_entered(replace(told, late=row.late + counts), state, now), by, words, late=counts)


def _fulfilled(row: ComplaintRow, now: datetime, *, late: bool) -> Turn[ComplaintRow]:
    """Return what becomes of an order that the chain shows as carried out; `late` says by the time of that payment."""
    state = moved(row.state, Move.PAY, RESPONDENT, late=late)
    return _turn(_entered(replace(row, late=row.late + late), state, now), row.respondent, "", late=late)


def overdue(tx: Tx, now: datetime, did: str = "") -> list[ComplaintRow]:
    """Return the orders that are not carried out in time, of all members or of one, those first that wait longest."""
    where, what = ("state = ? and due < ?", (State.ORDERED, now)) if not did else (
        "state = ? and due < ? and respondent = ?", (State.ORDERED, now, did)
    )  # fmt: skip
    return tx.find(ComplaintRow, where, what, "due")


def _turn(row: ComplaintRow, by: str, words: str, *, late: bool) -> Turn[ComplaintRow]:
    about = {"agreementDigest": row.agreement, "complainant": row.complainant, "respondent": row.respondent}
    if row.state in WITH_AMOUNT:
        about["amount"] = str(row.amount)
    if row.state is State.ORDERED and row.due is not None:
        about["due"] = row.due.isoformat(timespec="seconds")
    return Turn(row, by, words, more=about | {"late": LATE if late else ""})


def _entered(row: ComplaintRow, state: State, now: datetime) -> ComplaintRow:
    """Return a complaint that comes into a state now: whose turn it is, and until when."""
    until = due(state, now)
    whose = CLOCKS[state].whose if until else ""
    return replace(row, state=state, whose=whose, due=until, waits=int(until is not None), updated=now)


def _late(row: ComplaintRow, now: datetime) -> bool:
    return row.due is not None and row.due < now
