"""A provider's settled trades, shown to the exchange that listed them: after each settlement, once for each agreement.

Law: what is shown is already signed by both sides and paid on chain; an exchange that does not answer is shown it at
the next settlement, and one that refuses is not asked again.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.channel import windows
from connector.runtime.errors import PeerRefused, PeerUnreachable
from connector.runtime.limits import REPORTED_TRADES_MAX
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import ChannelState, Side
from connector.store.rows.product import ShownChannelRow, ShownState, ShownTradeRow
from contracts.terms import Terms
from contracts.typed_data import Agreement, Batch
from contracts.typed_json import from_json
from ledger.agreement.trade import Trade

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx


PATH = "/exchange/trades"
_UNTOLD = (
    "SELECT id, agreement FROM channels WHERE role = ? AND state = ? AND claimed <> '0' "
    "AND id NOT IN (SELECT channel FROM shown_trades) AND id NOT IN (SELECT channel FROM shown_channels) "
    "ORDER BY created LIMIT ?"
)

log = logging.getLogger(__name__)


class Reporting:
    """What this provider has shown to the exchange."""

    def __init__(self, core: Core, space: SpaceView, exchange: ExchangeDoor) -> None:
        self._core, self._space, self._exchange = core, space, exchange

    async def tell(self) -> int:
        """Show every settled trade that was not shown yet; return how many the exchange has taken now."""
        taken = 0
        if self._core.identity.did == self._space.last().exchange:
            return 0
        asked = Side.PAYEE, ChannelState.CLOSED, REPORTED_TRADES_MAX
        for row in await self._core.store.read(lambda tx: tx.execute(_UNTOLD, *asked)):
            trade = await self._core.store.read(partial(trade_of, channel=row["id"]))
            state = ShownState.NONE if trade is None else await self._show(trade)
            if state is None:
                break
            now, taken = self._core.clock.now(), taken + (state is ShownState.SHOWN)
            about = {"agreement": row["agreement"], "channel": row["id"], "state": state, "created": now}
            await self._core.store.write(partial(_note, about=about))
        return taken

    async def _show(self, trade: Trade) -> ShownState | None:
        """Return what came of showing a trade, None if the exchange did not answer."""
        try:
            await self._exchange.ask("POST", PATH, trade.json())
        except PeerUnreachable as fault:
            log.info("the exchange was not shown a trade: %s", fault)
            return None
        except PeerRefused as fault:
            log.info("the exchange does not take a trade: %s", fault)
            return ShownState.REFUSED
        return ShownState.SHOWN


def _note(tx: Tx, about: dict[str, Any]) -> None:
    """Keep that a channel was shown: the first of an agreement as its trade, any other beside it."""
    first = tx.get(ShownTradeRow, agreement=about["agreement"]) is None
    tx.put(ShownTradeRow(**about) if first else ShownChannelRow(**about))


def trade_of(tx: Tx, channel: str) -> Trade | None:
    """Return the trade of a closed channel, None where no batch was claimed, or for a product that nobody listed."""
    account = accounts.load(tx, bytes.fromhex(channel), Side.PAYEE)
    agreement = tx.get(AgreementRow, digest=account.agreement)
    assert agreement is not None, "a channel is opened under an agreement that we keep"
    terms = Terms.from_json(agreement.terms)
    if terms.blind_salt:  # the exchange would learn of it, and of its price
        return None
    last = windows.claimed(tx, account)
    if last is None:
        return None
    return Trade(
        terms,
        from_json(Agreement, agreement.agreement),
        *agreement.signatures,
        account.channel_id,
        Batch(last.prev, last.orders),
    )
