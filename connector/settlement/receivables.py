"""What is owed to us on channels that do not go on by themselves, and what is done about each without being asked.

    stopped     its other side contradicted itself: claimed at once, the proof is filed with the exchange
    closing     settling was interrupted: it is claimed and closed
    closed      at more than is known as released (a restored back-up): the buyer is asked to show what it paid for
    short       more was released than can be claimed (a restored back-up, a lapse): the buyer is asked to acknowledge

Law: a row of `channels` says which of these holds, so whatever is interrupted goes on at the next start; what the other
side refuses is left to the operator, who has the alarm or `penstock settle`.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.channel import claims
from connector.channel.equivocation import CODE as EQUIVOCATION
from connector.core.driver import Driver
from connector.runtime.errors import PeerRefused
from connector.settlement import acknowledging
from connector.store.rows.channel import BundleRow, ChannelRow, ChannelState, DisputeRow, Side
from contracts import address

if TYPE_CHECKING:
    from connector.chain.chain_watch import ChainWatch
    from connector.channel.doors import Holder
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.settlement.cases import Cases
    from connector.settlement.paying import Payments
    from connector.settlement.settlement import Settlements
    from connector.store.transaction import Tx


STOPPED = "channel-stopped"
# those that are owed something, and those on which either side has something to do
_LIVE = (
    f"SELECT id FROM channels WHERE {accounts.IS_LIVE} AND (role = ? OR state NOT IN (?, ?)) "  # noqa: S608 - constants of ours
    "ORDER BY created"
)

log = logging.getLogger(__name__)


class Receivables:
    """The channels of one participant that somebody must look after."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        watch: ChainWatch,
        holder: Holder,
        payments: Payments,
        settlements: Settlements,
        cases: Cases,
    ) -> None:
        self._core, self._space, self._watch, self._holder = core, space, watch, holder
        self._payments, self._settlements, self._cases = payments, settlements, cases
        self.driver = Driver("receivable", self._tend, self._leave)
        self._stopped: set[str] = set()
        self._recalled: set[str] = set()  # closed channels whose buyers have shown what they can

    async def recover(self) -> None:
        """Look at every channel that the chain has not closed, and at those of which a proof was kept."""
        self.driver.resume(await self._core.store.read(_open))

    def wake(self, channel: str) -> None:
        """Look at a channel: it has stopped, or windows of it came back from the other side."""
        self.driver.wake(channel)

    @property
    def _has_exchange(self) -> bool:
        """Whether there is a docket: a lone provider is its own space."""
        return self._core.identity.did != self._space.last().exchange or "exchange" in self._core.identity.roles

    def warnings(self) -> list[str]:
        """Return the word of channels that stopped, whose owner should look, as of the last look at each."""
        return [STOPPED] if self._stopped else []

    def _short(self, tx: Tx, row: ChannelRow) -> int:
        """Return what of a payee's channel was released and can be claimed by nothing."""
        if row.role != Side.PAYEE or row.state not in accounts.LIVE:
            return 0
        account = accounts.load(tx, row.channel_id, Side.PAYEE)
        return claims.shortfall(tx, self._holder, account, self._core.clock.now())

    async def _tend(self, channel: str) -> None:
        await self._watch.look()  # block time says what lapsed
        found = await self._core.store.read(lambda tx: self._look(tx, channel))
        if found is None:
            return
        row, short, proofs = found
        if row.state == ChannelState.STOPPED:
            self._stopped.add(channel)
            if row.role == Side.PAYEE:
                await self._settlements.claim(row)
        elif short:
            await acknowledging.ask(self._core, self._space, self._holder, self._payments, row)
        elif row.state == ChannelState.CLOSING:
            await self._settlements.close(row)
        elif row.state == ChannelState.CLOSED and accounts.has_forgotten(row) and channel not in self._recalled:
            await self._recall(row)
        if row.arbitrator != address.NOBODY and self._has_exchange:  # else nobody could rule on it
            for proof in proofs:
                await self._cases.file(proof)

    async def _recall(self, row: ChannelRow) -> None:
        """Let a buyer show what it was given on a closed channel: it counts in the books of the agreement.

        It compares states, which wakes us, before it says that there is nothing to acknowledge there any more. Once it
        has answered it is not asked again in this run: it may have nothing to show.
        """
        with suppress(PeerRefused):
            await acknowledging.ask(self._core, self._space, self._holder, self._payments, row)
        self._recalled.add(row.id)

    def _look(self, tx: Tx, channel: str) -> tuple[ChannelRow, int, list[Any]] | None:
        """Return a channel, its shortfall, and the proofs of its equivocations that were not filed yet."""
        row = tx.get(ChannelRow, id=channel)
        if row is None:
            return None
        kept = tx.find(BundleRow, "channel = ? and code = ?", (channel, EQUIVOCATION), order="created")
        return (
            row,
            self._short(tx, row),
            [one.bundle for one in kept if tx.get(DisputeRow, id=one.id) is None],
        )

    async def _leave(self, channel: str, fault: Exception) -> None:
        """Leave to the operator what the other side, the exchange or the chain refuses."""
        log.warning("channel `%s` needs an operator: %s; `penstock settle` tries again", channel, fault)


def _open(tx: Tx) -> list[str]:
    live = tx.column(_LIVE, *accounts.LIVE, Side.PAYEE, *accounts.MOVED)
    proven = [row.channel for row in tx.find(BundleRow, "code = ?", (EQUIVOCATION,), "created")]
    return list(dict.fromkeys((*live, *proven)))
