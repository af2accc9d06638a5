"""A channel that we pay through: what is paid in, and from its mined opening to our books."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.channel import account as accounts
from connector.errors import PaymentRefused
from connector.product import pricing
from contracts.split import Split
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger import acts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.engine.trader import Trader
    from connector.store.transaction import Tx
    from contracts.terms import Terms
    from ledger.chain import Act

FREEZE_SECONDS = 14 * 86_400  # the longest an arbitrator may hold the channel
EXPIRY_SECONDS = 30 * 86_400  # a channel outlives its voucher margins by far; it can be extended


class Prepared(NamedTuple):
    """A channel to be opened: its id (hex), its salt, and what opens it on chain with its deposit."""

    channel: str
    salt: bytes
    act: Act


async def prepared(trader: Trader, mandate: Mapping[str, Any], agreement: Mapping[str, Any], terms: Terms) -> Prepared:
    """Return a channel for an agreement, with the deposit of the mandate or the usual one; raises PaymentRefused.

    The token counts our permits: one is prepared and mined after the other.
    """
    cap = from_json(Agreement, agreement["agreement"]).price_cap
    wanted, us = mandate["deposit"], trader.keys.address
    deposit = pricing.usual_deposit(terms.tariff, cap) if wanted is None else int(wanted)
    balance = await trader.programs.balance(us)
    if balance < deposit:
        raise PaymentRefused(f"the deposit is {deposit}, the account holds {balance}", "credit the account first")
    expiry, deployment = int(trader.clock.now().timestamp()) + EXPIRY_SECONDS, trader.programs.deployment
    opening = acts.Opening(
        signer=us,
        split=terms.split,
        token=terms.token,
        arbitrator=terms.arbitrator,
        freeze_seconds=FREEZE_SECONDS,
        salt=secrets.token_bytes(32),
        expiry=expiry,
    )
    nonce = await trader.programs.permit_nonce(us)
    permit = acts.sign_permit(deployment, trader.keys.agreement, value=deposit, nonce=nonce, deadline=expiry)
    channel = acts.channel_id(deployment, us, opening).hex()
    return Prepared(channel, opening.salt, acts.open_channel(deployment, opening, deposit, permit))


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
