"""Refunds: what a provider gives back of what was paid under an agreement, by transfers that name it on the chain.

Law: (1) a refund is the provider's transfer of tokens to the buyer with the agreement's digest behind its call
(`ledger.chain.payments`); either side, and anybody else, finds it there, and no word stands for it. (2) Refunds under
an agreement are never more than was paid under it, those on their way among them. (3) One id gives back once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.chain.transactions import MinedEvent
from connector.negotiation.notices import INFORM, Notice
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import PROVIDER
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, PaymentRefused
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.chain import ActState, ChainTxRow
from connector.store.rows.channel import PaidRowsRow
from contracts import payment_reference as references
from contracts.namespace import AGREEMENT_URN
from ledger.chain import payments
from ledger.chain.client import call_data
from ledger.chain.errors import ChainUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.negotiation.notices import Notices
    from connector.settlement.movements import Movement, Movements
    from connector.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.client import Act
    from ledger.chain.programs import Programs

KEY = "repay:"  # of a transaction: the agreement and the id of the refund follow
KEY_END = "repay;"
UNDER_WAY = (ActState.WANTED, ActState.SIGNED)


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund that is on the chain: under which agreement, how much, in which transaction; `given` by us, or got."""

    agreement: str
    amount: int
    given: bool
    transaction: str
    at: datetime


class Refunds:
    """What one participant gives back, and gets back."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        transactions: Transactions,
        movements: Movements,
        notices: Notices,
    ) -> None:
        self._core, self._space, self._programs = core, space, programs
        self._transactions, self._movements, self._notices = transactions, movements, notices
        self._called: dict[str, str] = {}  # transaction → the agreement that it names, empty for none
        self._turn = asyncio.Lock()

    async def all(self) -> list[Refund]:
        """Return every refund that moved our balance, the oldest first; raises ChainUnreachable."""
        between = [one for one in await self._movements.all() if self._space.last().by_address(one.other)]
        named = [(one, await self._agreement(one)) for one in between]
        return await self._core.store.read(
            lambda tx: [found for one, digest in named if digest and (found := self._found(tx, one, digest))]
        )

    async def known(self) -> list[Refund] | None:
        """Return the same, None while the chain is away: books that do not need it are shown without."""
        try:
            return await self.all()
        except ChainUnreachable:
            return None

    async def sums(self) -> dict[str, int]:
        """Return agreement digest → what was given back under it."""
        return summed(await self.all())

    async def give(self, agreement: str, amount: str, reason: str, id: str) -> JsonObject:  # noqa: A002  # the field's name
        """Give back an amount of what was paid under an agreement that we sold; the same id again changes nothing.

        Raises Absent, Conflict for what was not sold by us or is paid elsewhere, PaymentRefused beyond what was paid.
        """
        reasons.check(reason, "the buyer reads why")
        digest, value = agreement.removeprefix(AGREEMENT_URN), int(amount)
        row, paid = await self._core.store.read(lambda tx: self._sold(tx, digest))
        buyer = await self._space.require(row.peer)
        key, giving = f"{KEY}{digest}:{id}", self._act(buyer.address, value, digest)
        async with self._turn:
            known = await self._core.store.read(lambda tx: tx.get(ChainTxRow, id=key))
            if known is not None and known.data != call_data(giving):
                raise Conflict(
                    f"another amount was given back under the id `{id[:100]}`", "give this one an id of its own"
                )
            if known is None or known.state is ActState.REVERTED:
                await self._allow(digest, value, paid)
                fields = {"kind": references.REFUND, "to": row.peer, "amount": amount, "agreementDigest": digest}
                reference = references.reference(references.REFUND, self._core.identity.did, f"{digest}/{id}").hex()
                event = MinedEvent("payment.made", reference, {**fields, "reason": reason})
                said = f"we refund {self._programs.money(value)}: {reason}"
                await self._core.store.write(lambda tx: self._send(tx, row, key, giving, event, said))
        mined = await self._transactions.submit(key, giving, anew=True)
        refunded = (await self.sums()).get(digest, 0)
        told = {
            "agreement": digest,
            "amount": amount,
            "refunded": str(refunded),
            "paid": str(paid),
            "tx": mined.transaction,
        }
        return {**told, "peer": row.peer, "reason": reason, "currency": self._programs.deployment.currency}

    def _sold(self, tx: Tx, digest: str) -> tuple[AgreementRow, int]:
        """Return an agreement that we sold under, and what was paid under it."""
        row = tx.get(AgreementRow, digest=digest)
        if row is None or not row.terms:
            raise Absent(f"there is no agreement `{digest[:100]}` here", "penstock bill list")
        if row.role != PROVIDER:
            raise Conflict(
                "who was paid gives back, and under this agreement we pay", "complain: penstock complaint file"
            )
        if row.signed_terms["tier"] == PLAIN:
            raise Conflict("a plain copy is paid outside channels", "give it back where it was paid")
        booked = tx.get(PaidRowsRow, agreement=digest)
        return row, 0 if booked is None else booked.amount

    async def _allow(self, digest: str, value: int, paid: int) -> None:
        """Raise PaymentRefused for more than was paid and not given back yet, and for more than we have."""
        waiting = await self._core.store.read(
            lambda tx: tx.find(ChainTxRow, "id >= ? and id < ? and state in (?, ?)", (KEY, KEY_END, *UNDER_WAY))
        )
        given = (await self.sums()).get(digest, 0)
        given += sum(_amount(one) for one in waiting if one.id.startswith(f"{KEY}{digest}:"))
        money = self._programs.money
        if given + value > paid:
            left = f"{money(paid)} was paid under it" + (f", {money(given)} of it is given back" if given else "")
            raise PaymentRefused(f"{money(value)} is more than is left to give back: {left}", "give back less")
        held = await self._programs.balance(self._core.identity.keys.address)
        if held < value:
            text = f"{money(value)} is to be given back, the balance is {money(held)}"
            raise PaymentRefused(text, "settle or collect first: `penstock settle`, `penstock wallet collect`")

    def _send(self, tx: Tx, row: AgreementRow, key: str, act: Act, event: MinedEvent, said: str) -> None:
        self._transactions.enqueue(tx, key, act, event)
        self._notices.send(tx, row, Notice(INFORM, row.digest, said, self._core.clock.now()))

    def _act(self, to: bytes, amount: int, digest: str) -> Act:
        return payments.pay(self._programs.deployment, to, amount, bytes.fromhex(digest))

    async def _agreement(self, one: Movement) -> str:
        """Return the agreement that a transfer names behind its call, empty for one that names none."""
        if one.transaction not in self._called:
            data = await self._programs.chain.called(bytes.fromhex(one.transaction)) or b""
            tail = data[-references.REFERENCE_BYTES :]
            to = self._core.identity.keys.address if one.amount > 0 else one.other
            is_ours = bool(tail) and data == call_data(self._act(to, abs(one.amount), tail.hex()))
            self._called[one.transaction] = tail.hex() if is_ours else ""
        return self._called[one.transaction]

    def _found(self, tx: Tx, one: Movement, digest: str) -> Refund | None:
        """Return the refund that a transfer is: by the provider of an agreement of ours, to its buyer."""
        row, member = tx.get(AgreementRow, digest=digest), self._space.last().by_address(one.other)
        given = one.amount < 0
        if row is None or member is None or row.peer != member.did or given != (row.role == PROVIDER):
            return None
        return Refund(digest, abs(one.amount), given, one.transaction, one.at)


def summed(refunds: Iterable[Refund]) -> dict[str, int]:
    """Return agreement digest → what was given back under it."""
    found: Counter[str] = Counter()
    for one in refunds:
        found[one.agreement] += one.amount
    return found


def _amount(row: ChainTxRow) -> int:
    """Return what a transfer on its way pays: the second of its two words."""
    data = row.data or b""
    return int.from_bytes(data[4 + 32 : 4 + 64], "big")
