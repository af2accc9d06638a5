"""Orders: what a buyer accepted and a provider sold, each with its state from the agreement to the settlement.

Law: an order's state is read off the rows of its agreement, its channel and its transfer, and kept nowhere: the first
row of STATES that holds is it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.negotiation.protocol.offers import OUTSIDE
from connector.negotiation.protocol.states import PROVIDER
from connector.provider.billing import copies
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import ChannelRow, ChannelState, PaidRowsRow
from connector.store.rows.protocol import TransferRow
from contracts import attested, price_words
from contracts.lifecycle import OVER
from contracts.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject


DELIVERED = ("COMPLETED",)
CHANNEL = "channel"
_CHANNELS = (
    "SELECT agreement, count(*) AS channels, sum(CASE WHEN state = ? THEN 1 ELSE 0 END) AS closed"
    " FROM channels GROUP BY agreement"
)
_TRANSFERS = (
    "SELECT agreement, count(*) AS transfers, sum(CASE WHEN state = ? THEN 1 ELSE 0 END) AS delivered"
    " FROM transfers GROUP BY agreement"
)


def _has(name: str) -> Callable[[JsonObject], bool]:
    return lambda facts: bool(facts[name])


# state → what must be so, the furthest first
STATES: Mapping[str, Callable[[JsonObject], bool]] = {
    "settled": lambda facts: facts["channels"] > 0 and facts["open"] == 0,
    "ended": lambda facts: facts["agreement_state"] in OVER,
    "delivered": _has("delivered"),
    "delivering": lambda facts: facts["amount"] > 0 or facts["transfers"] > 0,
    "funded": lambda facts: facts["channels"] > 0,
    "licensed": _has("licence"),
    "agreed": lambda _facts: True,
}


def state(facts: JsonObject) -> str:
    """Return the state of an order by its facts."""
    return next(name for name, holds in STATES.items() if holds(facts))


def page(tx: Tx, first: int, rows: int) -> list[JsonObject]:
    """Return orders of either side, the newest first."""
    found = tx.find(AgreementRow, "", (), "created desc, digest", first + rows)[first:]
    return [view(tx, row) for row in found if row.terms]


def running(tx: Tx, product: str) -> list[AgreementRow]:
    """Return the agreements on a product of ours that are not over."""
    over = tuple(OVER)
    where = f"product = ? and role = ? and state not in ({', '.join('?' * len(over))})"
    return tx.find(AgreementRow, where, (product, PROVIDER, *over))


def view(tx: Tx, agreement: AgreementRow) -> JsonObject:
    """Return an order: product, the two parties, price, state, and what it came to in minor units."""
    facts, terms = _facts(tx, agreement), agreement.signed_terms
    tariff = Tariff.from_json(terms["tariff"])
    return described(agreement, facts) | {
        "tier": terms["tier"],
        "attested": attested.label(terms),
        "currency": tariff.currency,
        "quantity": str(facts["quantity"]),
        "amount": str(facts["amount"]),
        "deposit": str(facts["deposit"]),
        "claimed": str(facts["claimed"]),
        "agreed": agreement.created.isoformat(),
    }


def described(agreement: AgreementRow, facts: JsonObject) -> JsonObject:
    """Return what an order is about, and its state: of the facts only those that `STATES` looks at are needed."""
    terms = agreement.signed_terms
    tariff = Tariff.from_json(terms["tariff"])
    return {
        "agreement": agreement.digest,
        "role": agreement.role,
        "peer": agreement.peer,
        "product": agreement.product,
        "title": terms["title"],
        "price": price_words.price(tariff),
        "state": state(facts),
        "payment": "outside channels" if terms["tier"] in OUTSIDE else CHANNEL,
    }


def all_facts(tx: Tx) -> Callable[[AgreementRow, int], JsonObject]:
    """Return what tells the facts of any agreement and what it came to; each table is asked once, for all of them."""
    counted = {row["agreement"]: row for row in tx.execute(_CHANNELS, ChannelState.CLOSED)}
    moved = {row["agreement"]: row for row in tx.execute(_TRANSFERS, *DELIVERED)}
    booked = {row["agreement"]: int(row["amount"]) for row in tx.execute("SELECT agreement, amount FROM paid_rows")}
    none = {"channels": 0, "closed": 0, "transfers": 0, "delivered": 0}

    def facts(agreement: AgreementRow, outside: int) -> JsonObject:
        digest = agreement.digest
        channels, transfers = counted.get(digest, none), moved.get(digest, none)
        paid = outside if agreement.signed_terms["tier"] in OUTSIDE else booked.get(digest, 0)
        return {
            "agreement_state": agreement.state,
            "licence": agreement.licence_tx,
            "channels": channels["channels"],
            "open": channels["channels"] - channels["closed"],
            "transfers": transfers["transfers"],
            "delivered": transfers["delivered"] > 0,
            "amount": paid,
        }

    return facts


def _facts(tx: Tx, agreement: AgreementRow) -> JsonObject:
    digest = agreement.digest
    channels = tx.find(ChannelRow, "agreement = ?", (digest,))
    transfers = tx.find(TransferRow, "agreement = ?", (digest,))
    booked = tx.get(PaidRowsRow, agreement=digest)
    paid = {"quantity": 0, "amount": 0} if booked is None else {"quantity": booked.quantity, "amount": booked.amount}
    if agreement.signed_terms["tier"] in OUTSIDE:
        told = copies.receipts(tx, agreement)
        paid = {"quantity": sum(int(one["receipt"]["plainBytes"]) for one in told), "amount": copies.amount(told)}
    return {
        "agreement_state": agreement.state,
        "licence": agreement.licence_tx,
        "channels": len(channels),
        "open": sum(row.state != ChannelState.CLOSED for row in channels),
        "deposit": sum(row.deposit for row in channels),
        "claimed": sum(row.claimed or 0 for row in channels),
        "transfers": len(transfers),
        "delivered": any(transfer.state in DELIVERED for transfer in transfers),
        "quantity": paid["quantity"],
        "amount": paid["amount"],
    }
