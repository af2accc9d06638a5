"""The wallet of one participant: what is on the chain, in channels, owed and earned, and every movement of the balance.

Law: nothing is counted here that is counted elsewhere: the balance is the chain's, what is withdrawable the channels
program's, the sums of channels those of `connector.settlement.holdings`, lapses those of claiming.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from connector.chain.transactions import MinedEvent
from connector.console.leafing import onward
from connector.runtime.errors import Conflict, PaymentRefused
from connector.runtime.limits import PAGE_ROWS_MAX
from connector.settlement import holdings
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.chain import ActState, ChainTxRow
from connector.store.rows.channel import ChannelRow, ChannelState, Side
from connector.store.rows.space import CashRow
from connector.store.table_row import TableRow
from contracts import address
from contracts import payment_reference as references
from ledger.chain import payments
from ledger.chain.client import call_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.settlement.claiming import Claiming
    from connector.settlement.movements import Movement, Movements
    from connector.settlement.purse import Purse
    from connector.settlement.refunds import Refunds
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs

DAYS = 30
PAYOUT = "payout:"  # of a transaction
CASH = "/exchange/cash"
OTHER = "transfer"

R = TypeVar("R", bound=TableRow)


class Wallet:
    """What one participant has, and how it came to that."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        purse: Purse,
        claiming: Claiming,
        movements: Movements,
        refunds: Refunds,
        transactions: Transactions,
        exchange: ExchangeDoor,
    ) -> None:
        self._core, self._space, self._programs, self._purse = core, space, programs, purse
        self._claiming, self._movements, self._refunds = claiming, movements, refunds
        self._transactions, self._exchange = transactions, exchange

    async def page(self, first: int = 0) -> JsonObject:
        """Return everything in one view; of the movements a page, the newest first, from the `first` on."""
        moved = await self._movements.all()
        own = self._core.identity.keys.address
        newest = moved[::-1][first : first + PAGE_ROWS_MAX]
        told = await self._core.store.read(_channels)
        refunds = {one.transaction: one.agreement for one in await self._refunds.among(moved)}
        rows = await self._core.store.read(lambda tx: self._told(tx, newest, refunds))
        more = len(moved) > first + PAGE_ROWS_MAX
        return {
            "currency": self._programs.deployment.currency,
            "address": address.show(own),
            "balance": str(await self._programs.balance(own)),
            "withdrawable": str(await self._purse.credit()),
            **told,
            "lapses": (await self._claiming.lapses())[:PAGE_ROWS_MAX],
            "days": _by_day(moved, self._core.clock.now().date()),
            "first": first,
            "next": onward(first + PAGE_ROWS_MAX) if more else None,
            "movements": rows,
        }

    async def collect(self) -> JsonObject:
        """Move what the channels program holds for us into the balance; nothing, where it holds nothing."""
        collected = await self._purse.withdraw()
        balance = await self._programs.balance(self._core.identity.keys.address)
        told = {"collected": str(collected), "balance": str(balance)}
        return {**told, "currency": self._programs.deployment.currency}

    async def withdraw(self, amount: str, id: str) -> JsonObject:  # noqa: A002  # the field's name
        """Give units back to the issuer under a reference and ask the exchange to pay them out; returns the request.

        The same id again changes nothing: what is on chain is told to the exchange once more. Raises PaymentRefused
        for more than there is, Conflict for another amount under the id.
        """
        value, me = int(amount), self._core.identity.did
        references.require_key(id)  # what the exchange will refuse is refused before it costs
        if me == self._space.last().exchange:
            raise Conflict("the exchange pays out what others give back", "its own balance is its owner's already")
        reference = references.reference(references.PAYOUT, me, id)
        key = PAYOUT + reference.hex()
        giving = payments.pay(self._programs.deployment, await self._programs.issuer(), value, reference)
        known = await self._core.store.read(lambda tx: tx.get(ChainTxRow, id=key))
        if known is not None and known.data != call_data(giving):
            raise Conflict(f"another amount was asked for under the id `{id[:100]}`", "give this one an id of its own")
        if known is None or known.state is ActState.REVERTED:
            await self._cover(value)
        fields = {"kind": references.PAYOUT, "to": self._space.last().exchange, "amount": amount}
        event = MinedEvent("payment.made", reference.hex(), fields)
        mined = await self._transactions.submit(key, giving, event, anew=True)
        asked = {"kind": references.PAYOUT, "id": id, "amount": amount, "tx": mined.transaction}
        told: JsonObject = await self._exchange.ask("POST", CASH, asked)
        return told

    async def _cover(self, value: int) -> None:
        """See that the balance holds an amount, with what can be collected; raises PaymentRefused if both do not."""
        own = self._core.identity.keys.address
        held, credit = await self._programs.balance(own), await self._purse.credit()
        if held + credit < value:
            money = self._programs.money
            text = f"{money(value)} is asked for, the wallet holds {money(held + credit)}"
            raise PaymentRefused(text, "ask for less, or settle first: `penstock settle`")
        if held < value:
            await self._purse.withdraw()

    def _told(self, tx: Tx, moved: Sequence[Movement], refunds: Mapping[str, str]) -> list[JsonObject]:
        """Return movements with what each was for and with whom, as far as the chain and our own rows say."""
        hashes = [one.transaction for one in moved]
        keys = {row.hash: row.id.partition(":")[0] for row in _among(tx, ChainTxRow, "hash", hashes)}
        given = {row.tx: row for row in _among(tx, CashRow, "tx", hashes)}
        opened = {row.open_tx: row for row in _among(tx, ChannelRow, "open_tx", hashes)}
        found = []
        for one in moved:
            channel, kind = opened.get(one.transaction), self._kind(one)
            agreement = channel.agreement if channel else refunds.get(one.transaction, "")
            if kind == OTHER and agreement:
                kind = "refund"
            elif kind == OTHER and (one.transaction in given or keys.get(one.transaction) == PAYOUT[:-1]):
                kind = "payout"
            found.append(self._shown(tx, one, kind, agreement, channel.peer if channel else ""))
        return found

    def _shown(self, tx: Tx, one: Movement, kind: str, agreement: str, peer: str) -> JsonObject:
        return {
            "at": one.at.isoformat(timespec="seconds"),
            "kind": kind,
            "peer": peer or self._party(one.other),
            "title": _title(tx, agreement) if agreement else "",
            "agreement": agreement,
            "in": str(max(0, one.amount)),
            "out": str(max(0, -one.amount)),
            "balance": str(one.balance),
            "block": one.block,
            "tx": one.transaction,
        }

    def _kind(self, one: Movement) -> str:
        """Return what a movement was for, as far as the other account says it."""
        if one.other == address.NOBODY:
            return "credit"
        if one.other == self._programs.deployment.addresses["channels"]:
            return "withdrawn" if one.amount > 0 else "deposit"
        return OTHER

    def _party(self, account: bytes) -> str:
        """Return whose account it is: a member's DID, the exchange's for what was issued, empty for the program's."""
        space = self._space.last()
        if account == address.NOBODY:
            return space.exchange
        if account == self._programs.deployment.addresses["channels"]:
            return ""
        member = space.by_address(account)
        return address.show(account) if member is None else member.did


def _channels(tx: Tx) -> JsonObject:
    """Return what is in channels, owed and earned, and what comes back when."""
    count, paid = holdings.open_now(tx, Side.PAYER)
    _, earned = holdings.all_time(tx, Side.PAYEE)
    free, by_us = holdings.free(tx), holdings.owed(tx, Side.PAYER)
    return {
        "deposits": {
            "channels": count,
            "held": str(max(0, paid["deposit"] - paid["claimed"])),
            "free": str(free),
        },
        "owed": {"byUs": str(by_us), "toUs": str(holdings.owed(tx, Side.PAYEE))},
        "earned": str(earned["claimed"]),
        "closing": [_closing(tx, row) for row in _open(tx)],
    }


def _open(tx: Tx) -> list[ChannelRow]:
    what = (Side.PAYER, ChannelState.CLOSED)
    return tx.find(ChannelRow, "role = ? and state <> ?", what, "expiry, id", PAGE_ROWS_MAX)


def _among(tx: Tx, kind: type[R], column: str, values: Sequence[str]) -> list[R]:
    """Return the rows of a table with one of these values, asked for at once."""
    return tx.find(kind, f"{column} in ({', '.join('?' * len(values))})", tuple(values)) if values else []


def _title(tx: Tx, digest: str) -> str:
    """Return under which title something was agreed, empty where nobody knows."""
    agreement = tx.get(AgreementRow, digest=digest)
    return str(((agreement and agreement.terms) or {}).get("title", ""))


def _closing(tx: Tx, row: ChannelRow) -> JsonObject:
    """Return what of a channel of ours comes back, and from when on we can close it without its payee."""
    return {
        "channel": row.id,
        "agreement": row.agreement,
        "title": _title(tx, row.agreement),
        "peer": row.peer,
        "deposit": str(row.deposit),
        "free": str(max(0, row.deposit - row.cumulative)),
        "at": row.expiry.isoformat(timespec="seconds"),
    }


def _by_day(moved: Sequence[Movement], today: date) -> list[JsonObject]:
    """Return the balance at the end of each of these days."""
    days, at, balance = [], 0, 0
    for number in range(DAYS - 1, -1, -1):
        day = today - timedelta(days=number)
        while at < len(moved) and moved[at].at.date() <= day:
            balance = moved[at].balance
            at += 1
        days.append({"day": day.isoformat(), "amount": str(balance)})
    return days
