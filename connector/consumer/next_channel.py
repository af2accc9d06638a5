"""The channel after one that is over: its payee has settled it, or it expires too soon for another window.

Law: the chain says that a channel is over, never its payee: a buyer that could be talked into leaving a channel would
pay in again and again. A voucher that was never released is void with its channel, unless its money was taken; then its
keys come from the chain.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.channel import payer, receive
from connector.negotiation import transfer
from connector.negotiation.ending import FORGOTTEN as FORGOTTEN_BY_PEER
from connector.negotiation.protocol.states import STARTED
from connector.runtime.errors import Absent, PeerUnreachable, explain_failure
from connector.runtime.limits import CLOCK_LEEWAY_SECONDS
from connector.settlement.paying import UNMET
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.channel import ChannelRow
from contracts.terms import Terms

if TYPE_CHECKING:
    from connector.channel.doors import Buyer
    from connector.core.core import Core
    from connector.negotiation.engine import Engine
    from connector.settlement.paying import Payments
    from connector.store.rows.agreement import AcquisitionRow
    from connector.store.transaction import Tx
    from ledger.chain.client import Chain
    from ledger.chain.programs import Programs


# what either side says of a channel on which nothing more can be bought
CODES = frozenset({"channel-closing", "channel-closed", "near-expiry"})
NO_TRANSFER = "unknown-transfer"
# code of a payee's refusal → what it has forgotten
FORGOTTEN = {UNMET: "channel that you paid into", "unknown-agreement": "agreement under which you paid in"}
# how long somebody who waits for an opening waits for a settlement to be mined; then it is asked for again, by its id
PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)

# a node that is further behind decides nothing (`chain.stale_max_seconds`, unless its owner says otherwise)
SEEN_WITHIN = timedelta(minutes=15)

log = logging.getLogger(__name__)


def says_over(fault: Exception) -> bool:
    """Say whether a fault is about a channel on which nothing more can be bought."""
    return explain_failure(fault).code in CODES


class NextChannels:
    """Whether a channel is over, and how it is left for the next one."""

    def __init__(
        self, core: Core, programs: Programs, buyer: Buyer, chain: Chain, payments: Payments, engine: Engine
    ) -> None:
        self._core, self._programs, self._buyer, self._chain, self._payments = core, programs, buyer, chain, payments
        self._transfers = engine.transfers

    async def is_over(self, row: AcquisitionRow) -> bool:
        """Say whether the channel of an acquisition is closed on chain, or expires too soon for a window (spec 3.5)."""
        found = await self._programs.channel(bytes.fromhex(row.its_channel))
        if found is None:
            return False
        if found.closed:
            return True
        agreement = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=row.agreement))
        assert agreement is not None, "a channel is opened under an agreement that we keep"
        terms = Terms.from_json(agreement.terms)
        latest = max(self._core.clock.now(), (await self._chain.newest()).at)
        least = timedelta(seconds=terms.claim_margin + terms.stale_max + CLOCK_LEEWAY_SECONDS)
        return latest + least >= found.expiry

    async def soon_over(self, row: AcquisitionRow) -> bool:
        """Say the same as `is_over`, having waited a little for a settlement that is under way."""
        for pause in PAUSES_SECONDS:
            if await self.is_over(row):
                return True
            await asyncio.sleep(pause)
        return await self.is_over(row)

    async def refuse_forgotten(self, row: AcquisitionRow, fault: Exception) -> None:
        """Raise what is true if a payee knows nothing of what is on chain, or signed by it; nothing for another fault.

        Raises PeerUnreachable while its node may be behind ours, afterwards Absent: it went on with a back-up. A
        transfer that it has forgotten costs nothing: it is ended, and another is asked for. Raises PeerUnreachable for
        a channel that it says is over and the chain does not: its node is ahead, or the close was taken back and comes
        again.
        """
        code = explain_failure(fault).code
        if code in CODES:
            raise PeerUnreachable("the provider says that the channel is over, the chain not yet") from fault
        if code == NO_TRANSFER:
            await self._core.store.write(lambda tx: self._end(tx, row))
            raise PeerUnreachable("the provider knows nothing of the transfer; another is asked for") from fault
        if code not in FORGOTTEN:
            return
        channel = await self._core.store.read(lambda tx: tx.get(ChannelRow, id=row.its_channel))
        if code == UNMET and channel is not None and self._core.clock.now() < channel.created + SEEN_WITHIN:
            raise PeerUnreachable("the provider does not see the channel yet that you paid into") from fault
        text = f"the provider knows nothing of the {FORGOTTEN[code]}: it went on with a back-up of before"
        hint = "buy again under another id; what you paid in and did not use comes back when the channel expires"
        raise Absent(text, hint) from fault

    def _end(self, tx: Tx, row: AcquisitionRow) -> None:
        if transfer.of(tx, row.its_transfer).state == STARTED:
            self._transfers.terminate(tx, row.its_transfer, FORGOTTEN_BY_PEER, self._core.clock.now())

    async def leave(self, row: AcquisitionRow) -> None:
        """Take from a channel that is over what its payee was paid for there, and void what it was not."""
        log.info("channel `%s` is over; `%s` goes on in another", row.channel, row.id)
        channel, buyer = bytes.fromhex(row.its_channel), self._buyer
        found = await self._programs.channel(channel)
        waiting = await self._core.store.read(lambda tx: payer.waiting(tx, channel))
        if waiting is None or found is None or not found.closed:
            return
        if await self._payments.claimed(channel, waiting) is None:
            await self._core.store.write(lambda tx: receive.lapse(tx, buyer, channel, closed=True))
