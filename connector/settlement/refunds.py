"""Refunds: what a provider gives back of what was paid under an agreement, by transfers that name it on the chain.

Law: (1) a refund is the provider's transfer of tokens to the buyer with the agreement's digest behind its call
(`ledger.chain.payments`); either side, and anybody else, finds it there, and no word stands for it. (2) Refunds under
an agreement are never more than was paid under it, those on their way among them. (3) One id gives back once. (4) What
a complaint orders is paid by a refund that names it: so much of the order as the chain does not show yet, so the same
again, after a crash too, pays nothing twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote as quoted

from connector.chain.transactions import MinedEvent
from connector.negotiation.notices import INFORM, Notice
from connector.negotiation.protocol.offers import OUTSIDE
from connector.negotiation.protocol.states import PROVIDER
from connector.runtime import reasons
from connector.runtime.errors import Absent, Conflict, PaymentRefused, PeerRefused, VerificationFailed
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.chain import ActState, ChainTxRow
from connector.store.rows.channel import PaidRowsRow
from contracts import payment_reference as references
from contracts.namespace import AGREEMENT_URN
from ledger.chain import payments
from ledger.chain.client import call_data
from ledger.chain.errors import ChainUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.negotiation.notices import Notices
    from connector.settlement.movements import Movement, Movements
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.client import Act
    from ledger.chain.programs import Programs

KEY = "repay:"  # of a transaction: the agreement and the id of the refund follow
KEY_END = "repay;"
UNDER_WAY = (ActState.WANTED, ActState.SIGNED)
COMPLAINTS = "/exchange/complaints/"
# of a complaint, in its exchange's words
ORDERED, FULFILLED = "ordered", "fulfilled"
REASON_CHARACTERS_SAID = 500


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund that is on the chain: under which agreement, how much, in which transaction; `given` by us, or got.

    `complaint` is how it names the complaint that ordered it, in hex, empty for one that was given back by will.
    """

    agreement: str
    amount: int
    given: bool
    transaction: str
    at: datetime
    complaint: str = ""


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
        exchange: ExchangeDoor,
    ) -> None:
        self._core, self._space, self._programs = core, space, programs
        self._transactions, self._movements, self._notices = transactions, movements, notices
        self._exchange = exchange
        self._called: dict[str, tuple[str, str]] = {}  # transaction → agreement and complaint that it names, or empty
        self._turn = asyncio.Lock()

    async def all(self) -> list[Refund]:
        """Return every refund that moved our balance, the oldest first; raises ChainUnreachable."""
        return await self.among(await self._movements.all())

    async def among(self, moved: Sequence[Movement]) -> list[Refund]:
        """Return those of these movements that are refunds; raises ChainUnreachable."""
        await self._space.meet_accounts(one.other for one in moved)
        between = [one for one in moved if self._space.last().by_address(one.other)]
        named = [(one, *await self._named(one)) for one in between]
        return await self._core.store.read(
            lambda tx: [found for one, digest, by in named if digest and (found := self._found(tx, one, digest, by))]
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
        key, giving = f"{KEY}{digest}:{id}", self._act(buyer.address, value, bytes.fromhex(digest))
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

    async def redress(self, id: str) -> JsonObject:  # noqa: A002  # the field's name
        """Pay what a complaint about us orders, as far as the chain lacks it; return the complaint as it is then.

        Raises Conflict for one that orders nothing of us, VerificationFailed for one that is about another agreement
        than it says, PaymentRefused beyond what was paid or what we have.
        """
        told = await self._complaint(id)
        if told["respondent"] != self._core.identity.did:
            raise Conflict(f"the complaint `{id[:100]}` is about `{told['respondent']}`", "its respondent pays")
        if told["state"] == FULFILLED:
            return told
        if told["state"] != ORDERED:
            text = f"the complaint `{id[:100]}` is {told['state']}: no amount is ordered"
            raise Conflict(text, f"penstock complaint show {id[:100]}")
        digest, named = told["agreement"], references.complaint(self._space.last().exchange, id)
        row, paid = await self._core.store.read(lambda tx: self._sold(tx, digest))
        if row.peer != told["complainant"]:
            raise VerificationFailed("the exchange orders a refund to somebody who did not agree with us", "ask it why")
        async with self._turn:
            await self._end(digest, named.hex())
            shown, value = await self._due(digest, named.hex(), int(told["amount"]), paid)
            if value:
                await self._repay(row, named, shown, value, told)
        return await self._told(id)

    async def _complaint(self, key: str) -> JsonObject:
        told: JsonObject = await self._exchange.ask("GET", COMPLAINTS + quoted(key, safe=""))
        return told

    async def _told(self, key: str) -> JsonObject:
        """Have the exchange look at the chain; return the complaint as it says then."""
        try:
            words = {"words": "it is on the chain"}
            told: JsonObject = await self._exchange.ask("POST", f"{COMPLAINTS}{quoted(key, safe='')}/pay", words)
        except PeerRefused:  # its chain does not show it yet, and it looks again by itself
            return await self._complaint(key)
        return told

    async def _end(self, digest: str, named: str) -> None:
        """Wait for what an earlier call of ours sent for a complaint."""
        for one in await self._under_way(f"{KEY}{digest}:{named}:"):
            await self._transactions.mined(one.id)

    async def _due(self, digest: str, named: str, ordered: int, paid: int) -> tuple[int, int]:
        """Return what transfers show of an order, and what is to be paid: the rest, as far as there is left."""
        found = [one for one in await self.all() if one.agreement == digest and one.given]
        by_it = sum(one.amount for one in found if one.complaint == named)
        waiting = sum(map(_amount, await self._under_way(f"{KEY}{digest}:")))
        value = max(0, min(ordered - by_it, paid - sum(one.amount for one in found) - waiting))
        held = await self._programs.balance(self._core.identity.keys.address)
        if held < value:
            money = self._programs.money
            text = f"{money(value)} is to be given back, the balance is {money(held)}"
            raise PaymentRefused(text, "settle or collect first: `penstock settle`, `penstock wallet collect`")
        return by_it, value

    async def _repay(self, row: AgreementRow, named: bytes, shown: int, value: int, told: JsonObject) -> None:
        """Send a refund that a complaint orders, and wait for it.

        Its id says what was `shown` before: while the chain, or a node that lags, shows no more, it is the same one.
        """
        buyer = await self._space.require(row.peer)
        giving = self._act(buyer.address, value, bytes.fromhex(row.digest), named)
        key = f"{KEY}{row.digest}:{named.hex()}:{shown}"
        fields = {"kind": references.REFUND, "to": row.peer, "amount": str(value), "agreementDigest": row.digest}
        fields |= {"complaint": told["id"], "reason": told["reason"][:REASON_CHARACTERS_SAID]}
        event = MinedEvent("payment.made", named.hex(), fields)
        said = f"we refund {self._programs.money(value)}, as the complaint `{told['id']}` orders"
        await self._core.store.write(lambda tx: self._send(tx, row, key, giving, event, said))
        await self._transactions.submit(key, giving, anew=True)

    async def _under_way(self, begins: str) -> list[ChainTxRow]:
        """Return the refunds on their way whose ids begin so."""
        return await self._core.store.read(
            lambda tx: [
                one
                for one in tx.find(ChainTxRow, "id >= ? and id < ? and state in (?, ?)", (KEY, KEY_END, *UNDER_WAY))
                if one.id.startswith(begins)
            ]
        )

    def _sold(self, tx: Tx, digest: str) -> tuple[AgreementRow, int]:
        """Return an agreement that we sold under, and what was paid under it."""
        row = tx.get(AgreementRow, digest=digest)
        if row is None or not row.terms:
            raise Absent(f"there is no agreement `{digest[:100]}` here", "penstock bill list")
        if row.role != PROVIDER:
            raise Conflict(
                "who was paid gives back, and under this agreement we pay", "complain: penstock complaint file"
            )
        if row.signed_terms["tier"] in OUTSIDE:
            raise Conflict("it is paid outside channels", "give it back where it was paid")
        booked = tx.get(PaidRowsRow, agreement=digest)
        return row, 0 if booked is None else booked.amount

    async def _allow(self, digest: str, value: int, paid: int) -> None:
        """Raise PaymentRefused for more than was paid and not given back yet, and for more than we have."""
        waiting = await self._under_way(f"{KEY}{digest}:")
        given = (await self.sums()).get(digest, 0) + sum(map(_amount, waiting))
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

    def _act(self, to: bytes, amount: int, agreement: bytes, complaint: bytes = b"") -> Act:
        return payments.pay(self._programs.deployment, to, amount, agreement, complaint)

    async def _named(self, one: Movement) -> tuple[str, str]:
        """Return the agreement and the complaint that a transfer names behind its call, empty for what it does not."""
        if one.transaction not in self._called:
            data = await self._programs.chain.called(bytes.fromhex(one.transaction)) or b""
            to = self._core.identity.keys.accounts if one.amount > 0 else (one.other,)
            read = (payments.named(self._programs.deployment, each, abs(one.amount), data) for each in to)
            told = next(filter(None, read), (b"", b""))
            self._called[one.transaction] = told[0].hex(), told[1].hex()
        return self._called[one.transaction]

    def _found(self, tx: Tx, one: Movement, digest: str, complaint: str) -> Refund | None:
        """Return the refund that a transfer is: by the provider of an agreement of ours, to its buyer."""
        row, member = tx.get(AgreementRow, digest=digest), self._space.last().by_address(one.other)
        given = one.amount < 0
        if row is None or member is None or row.peer != member.did or given != (row.role == PROVIDER):
            return None
        return Refund(digest, abs(one.amount), given, one.transaction, one.at, complaint)


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
