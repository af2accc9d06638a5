"""Money that comes into the space and leaves it: what members ask the exchange, which holds it outside the chain.

    add        asked → credited (by `exchange credit --reference`) or refused
    withdraw   returned (the units are back at the issuer) → paid

Law: (1) units are issued for a request once, to who asked and for its amount. (2) A payout is kept when the chain shows
the member's transfer to the issuer under its reference, and never by a word alone. (3) Each move is an event of the
exchange's log in the same transaction; it is the business of the member and the exchange.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.exchange.case import Case, Turn
from connector.exchange.membership import refuse_leaving
from connector.runtime import reasons
from connector.runtime.errors import Conflict, InvalidInput, VerificationFailed
from connector.runtime.limits import MEMBER_REQUESTS_MAX
from connector.store.rows.chain import ActState, ChainTxRow
from connector.store.rows.space import CashRow, CashState
from contracts import payment_reference as references
from contracts.decimals import read_decimal, read_hex
from contracts.tariff import MAX_MINOR
from ledger.chain import payments

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

HASH_BYTES = 32
CREDIT = "credit:"  # of a transaction
SHOWN = ("reference", "id", "member", "kind", "state", "tx", "reason")
CASH = Case(
    CashRow,
    "reference",
    "there is no request `{}`",
    "penstock exchange request list",
    "cash.moved",
    lambda row: {"reference": row.reference, "member": row.member, "kind": row.kind, "amount": str(row.amount)},
)
# state and what is done → the next state
MOVES: Mapping[tuple[CashState, str], CashState] = {
    (CashState.ASKED, "credit"): CashState.CREDITED,
    (CashState.ASKED, "refuse"): CashState.REFUSED,
    (CashState.RETURNED, "pay"): CashState.PAID,
}
WAITING = (CashState.ASKED, CashState.RETURNED)
FIRST = {references.ADD: CashState.ASKED, references.PAYOUT: CashState.RETURNED}


class Cash:
    """What members bring in and take home."""

    def __init__(self, core: Core, space: SpaceView, programs: Programs) -> None:
        self._core, self._space, self._programs = core, space, programs

    async def take(self, document: JsonObject, member: str, write: Write) -> JsonObject:
        """Take in a member's request; the same one again changes nothing. Raises VerificationFailed for no transfer."""
        kind, key, amount = document["kind"], document["id"], read_decimal(document["amount"], "amount")
        if kind not in FIRST:
            raise InvalidInput(f"`{kind[:40]}` is no request", f"one of {', '.join(FIRST)}")
        references.require_key(key)
        if not 0 < amount <= MAX_MINOR:
            raise InvalidInput("a request is for more than nothing", "name an amount")
        told, tx_hash = references.reference(kind, member, key), document.get("tx", "")
        if kind == references.PAYOUT:
            await self._require_returned(member, read_hex(tx_hash, "tx", HASH_BYTES), amount, told)
        now = self._core.clock.now()
        row = CashRow(
            reference=references.said(told),
            id=key,
            member=member,
            kind=kind,
            amount=amount,
            state=FIRST[kind],
            tx=tx_hash if kind == references.PAYOUT else "",
            reason="",
            created=now,
            updated=now,
        )
        return self.view(await write(lambda tx: self._take(tx, row)))

    async def page(self, member: str, *, first: int) -> list[JsonObject]:
        """Return a member's requests, the newest first; the exchange sees all."""
        every = member == self._core.identity.did
        where, what = ("", ()) if every else ("member = ?", (member,))
        rows = await CASH.page(self._core, where, what, "created desc, reference", first)
        return [self.view(row) for row in rows]

    async def waiting(self, *, first: int, every: bool = False) -> JsonObject:
        """Return what waits for the exchange, the oldest first, or with `every` what ever was asked."""
        where, what = ("", ()) if every else ("state in (?, ?)", WAITING)
        rows = await CASH.page(self._core, where, what, "created, reference", first)
        return {"requests": [self.view(row) for row in rows]}

    async def require(self, reference: str, member: str, amount: int) -> None:
        """Raise Conflict unless a member asked for just this amount under a reference, and was not refused."""
        row = await self._core.store.read(lambda tx: CASH.find(tx, reference))
        if (row.kind, row.member) != (references.ADD, member):
            raise Conflict(f"the request `{reference}` is not one of `{member}` for a credit")
        if row.amount != amount:
            shown = self._money(row.amount)
            raise Conflict(f"the request `{reference}` is for {shown}, not {self._money(amount)}", "credit that amount")
        if row.state not in (CashState.ASKED, CashState.CREDITED):
            raise Conflict(f"the request `{reference}` is {row.state}")

    async def credited(self, reference: str, transaction: str) -> None:
        """Note that a request was credited, once."""
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            row = CASH.find(tx, reference)
            if row.state is not CashState.CREDITED:
                self._move(tx, row, "credit", self._core.identity.did, "", now, transaction)

        await self._core.store.write(act)

    async def pay(self, reference: str, who: str) -> JsonObject:
        """Note that the money of a payout has left; the same again changes nothing."""
        return await self._moved(reference, "pay", who, "")

    async def refuse(self, reference: str, reason: str, who: str) -> JsonObject:
        """Refuse to credit what was asked for, with a reason that the member reads."""
        reasons.check(reason, "the member reads why")
        issued = await self._core.store.read(lambda tx: tx.get(ChainTxRow, id=CREDIT + reference))
        if issued is not None and issued.state is not ActState.REVERTED:  # by a credit that was cut short, or is on
            row = await self._core.store.read(lambda tx: CASH.find(tx, reference))
            if row.state is CashState.ASKED:
                hint = "credit it once more: nothing is issued twice"
                raise Conflict(f"units are issued for the request `{reference}` already", hint)
        return await self._moved(reference, "refuse", who, reason)

    def view(self, row: CashRow) -> JsonObject:
        """Return what member and exchange see of a request."""
        told = {name: str(getattr(row, name)) for name in SHOWN}
        times = {name: getattr(row, name).isoformat(timespec="seconds") for name in ("created", "updated")}
        return {**told, "amount": str(row.amount), "currency": self._programs.deployment.currency, **times}

    # ---- one transaction's part

    def _take(self, tx: Tx, row: CashRow) -> CashRow:
        same = CASH.known(tx, row.reference, "request", lambda known: CASH.said(known) == CASH.said(row))
        if same is not None:
            return same
        if row.kind == references.ADD:
            refuse_leaving(tx, row.member)
        waiting = tx.find(CashRow, "member = ? and state in (?, ?)", (row.member, *WAITING), "", MEMBER_REQUESTS_MAX)
        if row.kind == references.ADD and len(waiting) >= MEMBER_REQUESTS_MAX:
            raise Conflict(f"{MEMBER_REQUESTS_MAX} requests of yours wait", "have one answered, then ask again")
        return CASH.keep(tx, self._core.evidence, None, Turn(row, row.member, more={"tx": row.tx} if row.tx else {}))

    async def _moved(self, reference: str, step: str, who: str, reason: str) -> JsonObject:
        now = self._core.clock.now()

        def act(tx: Tx) -> CashRow:
            row = CASH.find(tx, reference)
            if row.state in {after for (_, done), after in MOVES.items() if done == step}:
                return row
            return self._move(tx, row, step, who, reason, now)

        return self.view(await self._core.store.write(act))

    def _move(
        self, tx: Tx, row: CashRow, step: str, who: str, reason: str, now: datetime, transaction: str = ""
    ) -> CashRow:
        after = MOVES.get((row.state, step))
        if after is None:
            may = ", ".join(done for state, done in MOVES if state == row.state) or "nothing"
            raise Conflict(f"a request that is `{row.state}` cannot be moved by `{step}`", f"there is: {may}")
        moved = replace(row, state=after, reason=reason, tx=transaction or row.tx, updated=now)
        more = {"tx": transaction} if transaction else {}
        return CASH.keep(tx, self._core.evidence, row, Turn(moved, who, reason, more=more))

    # ---- what the chain says

    async def _require_returned(self, member: str, transaction: bytes, amount: int, reference: bytes) -> None:
        """Raise VerificationFailed unless a member's transfer to the issuer is on chain under this reference."""
        senders, issuer = self._space.last().members[member].accounts, await self._programs.issuer()
        holds = partial(payments.holds, self._programs, transaction, to=issuer, amount=amount, reference=reference)
        if not any([await holds(sender=one) for one in senders]):
            raise VerificationFailed(
                f"the chain has no transfer of {self._money(amount)} from you under this reference",
                "nothing was changed; `penstock wallet withdraw` makes the transfer and names it",
            )

    def _money(self, amount: int) -> str:
        return self._programs.money(amount)


def checked(document: Any) -> JsonObject:
    """Return a request whose members are texts; raises InvalidInput."""
    known = {"kind", "id", "amount"}
    if not isinstance(document, dict) or not known <= set(document) <= known | {"tx"}:
        raise InvalidInput(f"a request has exactly the members {', '.join(sorted(known))}, perhaps tx")
    if not all(isinstance(value, str) for value in document.values()):
        raise InvalidInput("the members of a request are texts")
    return document
