"""What a complaint that is upheld may cost its respondent, and what of it the chain shows as given back.

Law: (1) no more is ordered than the chain says was paid under the agreement, less what was given back and what other
orders still ask for. (2) An order is carried out when the provider's transfers that name its complaint reach it, or
nothing is left of what was paid; the chain alone says so. (3) What was paid is what the channels of the recorded trade
paid; of a trade that its provider never showed, what the two settled in channels that are of no other recorded trade,
which all such trades of theirs share. (4) A share is of what was paid, whatever is given back of it, rounded down to a
minor unit, and is money from the order on; of a trade
that was never shown nobody knows what that was, and it is refused.
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.runtime.errors import Conflict, InvalidInput
from connector.runtime.limits import PAIRS_KEPT_MAX
from connector.store.rows.catalogue import TradeChannelRow, TradeRow
from contracts import payment_reference as references
from contracts.decimals import read_decimal
from contracts.split import WHOLE_BPS
from contracts.tariff import MAX_MINOR
from ledger.chain import payments
from ledger.chain.several import SETTLED_BLOCKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.chain_events import ChainEvents
    from connector.store.rows.space import ComplaintRow
    from connector.store.transaction import Tx
    from ledger.audit.facts import ChannelFacts
    from ledger.chain.client import Block
    from ledger.chain.payment import Payment
    from ledger.chain.programs import Programs

# a share as a person writes it: `30%`, `12.5%`, `0.01%`
_SHARE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%", re.ASCII)


@dataclass(frozen=True, slots=True)
class Account:
    """What the chain says of an agreement: what was `paid` under it, and each payment that gave something back.

    What is later than the block `last` may yet be taken back by a reorganisation: it counts, and carries out nothing.
    """

    paid: int
    back: tuple[Payment, ...]
    last: int = sys.maxsize
    is_shown: bool = True  # whether the agreement's trade is: else `paid` may be of other agreements of the two, too

    def given(self, complaint: bytes | None = None) -> int:
        """Return what was given back, or what of it names a complaint."""
        return sum(one.amount for one in self.back if complaint is None or one.complaint == complaint)

    def carried_out(self, complaint: bytes, amount: int) -> int | None:
        """Return the block in which an order was carried out, None while it is not.

        A trade that is shown after the order may say that less was paid: the order stays what it was.
        """
        by_it, by_all = 0, 0
        for one in self.back:
            if one.block > self.last:
                return None
            by_all += one.amount
            by_it += one.amount if one.complaint == complaint else 0
            if by_it >= amount or by_all >= max(self.paid, amount):
                return one.block
        return None

    def most(self, complaint: bytes, others: Iterable[tuple[bytes, int]]) -> int:
        """Return the most that a complaint may order in all, beside `others`: orders that are not carried out."""
        asked = sum(max(0, amount - self.given(one)) for one, amount in others)
        return max(0, self.paid - (self.given() - self.given(complaint)) - asked)


class Redress:
    """What one exchange orders, held against the chain."""

    def __init__(
        self,
        core: Core,
        programs: Programs,
        chain_events: ChainEvents,
        accounts_with: Callable[[bytes], tuple[bytes, ...]],
    ) -> None:
        self._core, self._programs, self._chain_events = core, programs, chain_events
        # every account of whose one it is: what was agreed under one may be paid and given back under the next
        self._accounts_with = accounts_with
        self._kept: dict[tuple[bytes, bytes], tuple[Block, list[Payment]]] = {}
        self._turn = asyncio.Lock()

    def named(self, row: ComplaintRow) -> bytes:
        """Return how a refund names a complaint of ours."""
        return references.complaint(self._core.identity.did, row.id)

    async def account(self, row: ComplaintRow) -> Account:
        """Return what the chain says of the agreement of a complaint; raises ChainUnreachable."""
        digest = bytes.fromhex(row.agreement)
        licence = await self._programs.licence(digest)
        if licence is None:
            return Account(0, ())
        sellers, buyers = self._accounts_with(licence.provider), self._accounts_with(licence.buyer)
        told = [one for seller in sellers for buyer in buyers for one in await self._between(seller, buyer)]
        back = sorted(told, key=lambda one: one.block)
        newest = (await self._programs.chain.newest()).number
        channels = (await self._chain_events.channels(newest)).channels
        own, others = await self._core.store.read(lambda tx: _recorded(tx, row))
        paid = _paid(channels, (buyers, sellers), own, others)
        last = newest - self._core.settings.chain.confirmations
        return Account(paid, tuple(one for one in back if one.reference == digest), last, bool(own))

    async def require_seller(self, row: ComplaintRow, respondent: tuple[bytes, ...]) -> None:
        """Raise Conflict unless the respondent, by one of its accounts, is who was paid."""
        licence = await self._programs.licence(bytes.fromhex(row.agreement))
        if licence is None or licence.provider not in respondent:
            raise Conflict("who was paid gives back, and the respondent is who paid", "uphold it without an amount")

    async def time(self, block: int) -> datetime | None:
        """Return when a block was made."""
        found = await self._programs.chain.block(block)
        return None if found is None else found.at

    def check(self, account: Account, complaint: bytes, amount: int, others: Iterable[tuple[bytes, int]]) -> None:
        """Raise Conflict for an order of more than there is to give back."""
        most, money = account.most(complaint, others), self._programs.money
        if not account.paid:
            text = "the chain shows no payment under this agreement: nothing can be given back of it"
            raise Conflict(text, "ask again when its provider has settled, or uphold it without an amount")
        if amount > most:
            said = f"{money(amount)} is more than can be ordered: {money(account.paid)} was paid under this agreement"
            given = account.given() - account.given(complaint)
            said += f", {money(given)} of it is given back" if given else ""
            raise Conflict(said, f"order at most {money(most)}" if most else "uphold it without an amount")

    def share(self, account: Account, bps: int) -> int:
        """Return a share of what was paid in minor units, rounded down; raises Conflict."""
        if account.paid and not account.is_shown:
            text = "the trade of this agreement was never shown, so nobody knows of what sum this is a share"
            raise Conflict(text, "order an amount")
        amount = account.paid * bps // WHOLE_BPS
        if account.paid and not amount:
            raise Conflict(f"that share of {self._programs.money(account.paid)} is less than the least amount there is")
        return amount

    async def _between(self, sender: bytes, to: bytes) -> list[Payment]:
        """Return what one account paid another under references; blocks that last are read once."""
        async with self._turn:
            last, known = self._kept.get((sender, to), (None, []))
            if last is not None and await self._programs.chain.block(last.number) != last:
                last, known = None, []
            newest = (await self._programs.chain.newest()).number
            first, lasting = 0 if last is None else last.number + 1, newest - SETTLED_BLOCKS
            # asked for before the events: should the chain change in between, this block is not its own next time
            block = await self._programs.chain.block(lasting) if lasting >= first else None
            found = [*known, *await payments.between(self._programs, sender, to, first, newest)]
            if block is not None:
                if len(self._kept) >= PAIRS_KEPT_MAX:
                    self._kept.clear()
                self._kept[sender, to] = block, [one for one in found if one.block <= block.number]
            return found


def read_amount(told: str) -> int:
    """Return an amount that is ordered, in minor units; raises InvalidInput."""
    amount = read_decimal(told, "amount")
    if not 0 < amount <= MAX_MINOR:
        raise InvalidInput("an order is for more than nothing", "name an amount, or uphold without one")
    return amount


def read_share(told: str) -> int:
    """Return the basis points of a share as a person writes it, `30%` or `12.5%`; raises InvalidInput."""
    found = _SHARE.fullmatch(told.strip())
    bps = int(found[1] + (found[2] or "").ljust(2, "0")) if found else 0
    if not 0 < bps <= WHOLE_BPS:
        text = f"`{told[:40]}` is no share above nothing and up to 100%"
        raise InvalidInput(text, "write it as `30%` or `12.5%`, with two places at most")
    return bps


def _recorded(tx: Tx, row: ComplaintRow) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Return the channels of the recorded trade of a complaint's agreement; else those of the others of the two."""
    own = tx.get(TradeRow, agreement=row.agreement)
    if own is not None:
        more = [one.channel for one in tx.find(TradeChannelRow, "agreement = ?", (row.agreement,))]
        return frozenset(map(bytes.fromhex, (own.channel, *more))), frozenset()
    two = "provider = ? and buyer = ?", (row.respondent, row.complainant)
    others = [one.channel for one in tx.find(TradeRow, *two)] + [one.channel for one in tx.find(TradeChannelRow, *two)]
    return frozenset(), frozenset(map(bytes.fromhex, others))


def _paid(
    channels: dict[bytes, ChannelFacts],
    sides: tuple[tuple[bytes, ...], tuple[bytes, ...]],
    own: frozenset[bytes],
    others: frozenset[bytes],
) -> int:
    """Return what was paid under an agreement, in minor units."""
    if own:
        return sum(channels[one].claimed for one in own if one in channels)
    buyers, sellers = sides
    return sum(
        one.claimed
        for key, one in channels.items()
        if one.opened["payer"] in buyers and one.opened["payee"] in sellers and key not in others
    )
