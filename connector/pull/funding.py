"""A channel that we pay through, from its mined opening to our books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from contracts.split import Split

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.engine.trader import Trader
    from connector.store.transaction import Tx


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
