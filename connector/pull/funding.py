"""A channel that we pay through: what is paid into it, and its way from the mined opening to our books."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.errors import PaymentRefused
from connector.product import pricing
from contracts.split import Split
from contracts.terms import Terms
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger import acts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.engine.trader import Trader
    from connector.store.transaction import Tx
    from ledger.chain import Act

FREEZE_SECONDS = 14 * 86_400  # the longest an arbitrator may hold the channel
EXPIRY_SECONDS = 30 * 86_400  # a channel outlives its voucher margins by far; it can be extended


@dataclass(frozen=True, slots=True)
class Deposit:
    """A channel to be opened: its id, the salt that goes into the id, the act on chain that opens and fills it."""

    channel: bytes
    salt: bytes
    act: Act


async def deposit(trader: Trader, mandate: Mapping[str, Any], agreement: Mapping[str, Any]) -> Deposit:
    """Return a new channel for an agreement, with a deposit that the token's permit allows in the same transaction.

    Raises PaymentRefused when the account holds less.
    """
    terms = Terms.from_json(agreement["terms"])
    usual = pricing.usual_deposit(terms.tariff, from_json(Agreement, agreement["agreement"]).price_cap)
    value = usual if mandate["deposit"] is None else int(mandate["deposit"])
    balance = await trader.programs.balance(trader.keys.address)
    if balance < value:
        raise PaymentRefused(f"the deposit is {value}, the account holds {balance}", "credit the account first")
    deadline = int(trader.clock.now().timestamp()) + EXPIRY_SECONDS
    opening = acts.Opening(
        signer=trader.keys.address,
        split=terms.split,
        token=terms.token,
        arbitrator=terms.arbitrator,
        freeze_seconds=FREEZE_SECONDS,
        salt=secrets.token_bytes(32),
        expiry=deadline,
    )
    deployment = trader.programs.deployment
    nonce = await trader.programs.permit_nonce(trader.keys.address)
    permit = acts.sign_permit(deployment, trader.keys.agreement, value=value, nonce=nonce, deadline=deadline)
    channel = acts.channel_id(deployment, trader.keys.address, opening)
    return Deposit(channel, opening.salt, acts.open_channel(deployment, opening, value, permit))


async def opened(
    trader: Trader, row: Mapping[str, Any], transaction: str, terms: Mapping[str, Any]
) -> Callable[[Tx], None]:
    """Wait until the channel of an acquisition is on chain; return what keeps it as ours, once."""
    mined = await trader.transactions.mined(transaction)
    channel = bytes.fromhex(row["channel"])
    found = await trader.programs.channel(channel)
    assert found is not None, "a mined opening has its channel"

    def keep(tx: Tx) -> None:
        if tx.get("channels", id=row["channel"]) is not None:
            return
        accounts.begin(
            tx,
            channel_id=channel,
            role=accounts.PAYER,
            peer=row["provider"],
            agreement=row["agreement"],
            payer=found.payer,
            payee=found.payee,
            signer=found.signer,
            token=found.token,
            split=Split.from_json(terms["split"]),
            arbitrator=found.arbitrator,
            salt=bytes.fromhex(row["progress"]["salt"]),
            deposit=found.deposit,
            expiry=found.expiry,
            now=trader.clock.now(),
            open_tx=mined["hash"],
        )
        trader.record_opened(tx, channel, row["agreement"], found, mined["hash"])

    return keep
