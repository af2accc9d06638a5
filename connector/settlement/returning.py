"""A deposit from which nothing was ever paid comes back when its agreement is over (spec 3.4, decision 0096).

Law: (1) whoever was paid has a reason to close a channel; for one on which nothing was offered only the payer has one,
and asks for it when the agreement is over. (2) The payee closes a channel that the chain says is between the two, under
an agreement that is over by its own books, on which it offered nothing: it has nothing to lose there. (3) What came of
it is what the chain says, never the other's word.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from connector.channel import account as accounts
from connector.core.driver import Driver
from connector.negotiation.protocol.states import PROVIDER
from connector.runtime.errors import Absent, Conflict, PeerRefused, PeerUnreachable, Told, failure_from
from connector.store.rows.agreement import IS_OVER, AgreementRow
from connector.store.rows.channel import ChannelRow, Side, WindowRow
from contracts import lifecycle

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.settlement.meeting import Meetings
    from connector.settlement.settlement import Settlements
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Programs


# the payee's word that the agreement still runs: its clock may be behind, or our revocation on its way
NOT_YET_STATUS = 409
_PAID_IN = (
    "SELECT DISTINCT agreement FROM channels WHERE role = ? AND state IN (?, ?) AND agreement IN "  # noqa: S608 - constants of ours
    f"(SELECT digest FROM agreements WHERE {IS_OVER}) ORDER BY agreement"
)

log = logging.getLogger(__name__)


class Returning:
    """The untouched deposits of one participant whose agreements are over, and what others ask back from it."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        peers: Peers,
        meetings: Meetings,
        settlements: Settlements,
    ) -> None:
        self._core, self._space, self._programs, self._peers = core, space, programs, peers
        self._meetings, self._settlements = meetings, settlements
        self.driver = Driver("return", self._ask, self._leave)

    async def recover(self) -> None:
        """Go on with what an earlier run left open."""
        self.driver.resume(await self._core.store.read(_left))

    def wake(self, digest: str) -> None:
        """Take note that an agreement is over, or that a channel was opened under it."""
        self.driver.wake(digest)

    async def close(self, channel: bytes, peer: str, digest: str) -> JsonObject:
        """Close a channel as its payee, whose payer asks for it; `closed` says whether the chain has done it.

        One on which something was offered stays as it is. Raises Absent, Conflict while the agreement runs,
        `ChannelFault` for a channel that is not of it.
        """
        agreement = await self._core.store.read(lambda tx: tx.get(AgreementRow, digest=digest))
        if agreement is None or agreement.peer != peer or agreement.role != PROVIDER:
            raise Absent(f"there is no agreement `{digest[:100]}` here")
        if agreement.state not in lifecycle.OVER:
            raise Conflict(f"the agreement is `{agreement.state}`: its channel is not closed", "ask when it is over")
        await self._meetings.meet(channel, peer, bytes.fromhex(digest))
        row, offered = await self._core.store.read(
            lambda tx: (tx.get(ChannelRow, id=channel.hex()), _has_windows(tx, channel.hex()))
        )
        if row is None or (row.agreement, row.peer) != (digest, peer):
            raise Absent(f"there is no channel `{channel.hex()}` of this agreement")
        if not offered:
            await self._settlements.close(row)
        found = await self._programs.channel(channel)
        return {"channel": channel.hex(), "closed": found is not None and found.closed}

    # ---- the payer's side

    async def _ask(self, digest: str) -> None:
        """Ask for every channel of an agreement that is over, and take what came back."""
        rows = await self._core.store.read(lambda tx: _due(tx, digest))
        closed = [await self._closed(row, digest) for row in rows]
        if any(closed):
            told = await self._settlements.settle(digest)
            faults = [failure_from(row["fault"]) for row in told["channels"] if "fault" in row]
            if faults and faults[0] is not None:
                raise Told(faults[0])

    async def _closed(self, row: ChannelRow, digest: str) -> bool:
        """Ask the payee of a channel to close it; return whether it says that it did."""
        peer = row.peer
        member = self._space.last().members.get(peer)
        if member is None:
            return False
        url, headers = f"{member.url}/channel/{row.id}/close", self._peers.authorization(peer)
        try:
            answer = (await self._core.outbound.post(url, {"agreement": digest}, headers=headers)).json()
        except PeerRefused as refusal:
            if refusal.status == NOT_YET_STATUS:
                raise PeerUnreachable(f"`{peer}` does not close the channel yet: {refusal}", "ask again") from refusal
            raise
        return isinstance(answer, dict) and answer.get("closed") is True

    async def _leave(self, digest: str, fault: Exception) -> None:
        """Leave a deposit that its payee does not give back: from the expiry on it is refunded."""
        log.info("the deposit under `%s` stays until its channel expires: %s", digest, fault)


def _left(tx: Tx) -> list[str]:
    """Return the agreements that are over with a channel that we paid into and do not know to be closed."""
    return tx.column(_PAID_IN, Side.PAYER, *accounts.MOVED)


def _due(tx: Tx, digest: str) -> list[ChannelRow]:
    """Return the untouched channels of an agreement, none while it runs."""
    agreement = tx.get(AgreementRow, digest=digest)
    if agreement is None or agreement.state not in lifecycle.OVER:
        return []
    rows = tx.find(ChannelRow, "agreement = ? and role = ?", (digest, Side.PAYER))
    return [row for row in rows if row.state in accounts.MOVED and not _has_windows(tx, row.id)]


def _has_windows(tx: Tx, channel: str) -> bool:
    return bool(tx.find(WindowRow, "channel = ?", (channel,), "", 1))
