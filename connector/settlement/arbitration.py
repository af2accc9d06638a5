"""An arbitrator's ruling: proposed by the verifier from the bundle, executed by the channels program in one call.

Law: judged, stored with the call that executes it, then sent; recorded when the chain has it, then told to the
exchange. A step that was done is not done again, so a ruling that was interrupted is ruled again with the same words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.errors import ChainReverted, Conflict, NotPermitted
from connector.store.rows.channel import RulingRow, RulingState
from ledger.chain import acts
from ledger.dispute import filing as filings
from ledger.dispute.ruling import Ruling, read_ruling

if TYPE_CHECKING:
    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.settlement.cases import Cases
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.chain.programs import Channel, Programs


class Arbitration:
    """What this participant rules on, as the arbitrator that a channel names."""

    def __init__(
        self, core: Core, programs: Programs, transactions: Transactions, space: SpaceView, cases: Cases
    ) -> None:
        self._core, self._programs, self._transactions, self._space = core, programs, transactions, space
        self._cases = cases

    async def rule(self, key: str, award: int | None, reason: str) -> JsonObject:
        """Rule on a dispute and return its case; one that was ruled on stays as it is.

        `award`, in minor units, is what the payees keep of the disputed window where no hash decides that.
        """
        known = await self._row(key)
        if known is None or known.state == RulingState.REFUSED:
            await self._decide(await self._judge(key, award, reason))
        ruling, transaction = await self._executed(key)
        return await self._cases.tell(ruling, transaction)

    async def hold(self, key: str, seconds: int) -> JsonObject:
        """Freeze the channel of a dispute while it is judged, once and no longer than was agreed; return until when."""
        _, filing = await self._cases.read(key)
        if filing.origin:
            raise Conflict("this dispute is about a log, which has no money to hold", "penstock dispute rule")
        channel = filing.part
        await self._channel(channel)
        call = acts.freeze(self._programs.deployment, channel, seconds)
        await self._transactions.submit(f"freeze:{channel.hex()}", call)
        until = (await self._channel(channel)).frozen_until
        return {"id": key, "channelId": channel.hex(), "until": None if until is None else until.isoformat()}

    async def _channel(self, channel_id: bytes) -> Channel:
        """Return a channel on which we rule; raises NotPermitted."""
        found = await self._programs.channel(channel_id)
        if found is None or found.arbitrator != self._core.identity.keys.address:
            raise NotPermitted("the channel of this dispute names another arbitrator")
        return found

    async def _judge(self, key: str, award: int | None, reason: str) -> Ruling:
        _, filing = await self._cases.read(key)
        verdict = await self._cases.judged(filing)
        channel = None if filing.origin else await self._channel(filing.part)
        if channel is None and self._space.last().supervisor != self._core.identity.member:
            raise NotPermitted("the space's supervisor rules on what members sign for their logs")
        ruling = filings.rule(filing, verdict, channel, award, reason)
        if channel is not None and ruling.division is not None and channel.closed:
            raise Conflict("the channel is closed: nothing is left to divide", "the parties settle it between them")
        return ruling

    async def _decide(self, ruling: Ruling) -> None:
        key, now = ruling.dispute.hex(), self._core.clock.now()
        row = RulingRow(id=key, state=RulingState.DECIDED, ruling=ruling.json(), tx="", created=now)

        def act(tx: Tx) -> None:
            tx.put(row)
            if ruling.division is not None:
                to_payees = ruling.division.to_payees
                deployment = self._programs.deployment
                call = acts.divide(deployment, ruling.channel_id, to_payees, ruling.digest)
                self._transactions.enqueue(tx, _call(ruling), call)

        await self._core.store.write(act)

    async def _executed(self, key: str) -> tuple[Ruling, str]:
        """Return the ruling and the hash of the transaction that executed it, nothing if no money moves."""
        row = await self._row(key)
        assert row is not None, "a ruling is stored before it is executed"
        ruling = read_ruling(row.ruling)
        if row.state == RulingState.RULED:
            return ruling, row.tx
        transaction = ""
        if ruling.division is not None:
            try:
                transaction = (await self._transactions.mined(_call(ruling))).transaction
            except ChainReverted:
                # the channel moved meanwhile: what is unclaimed now is judged anew when asked again
                await self._core.store.write(lambda tx: tx.update(RulingRow, {"id": key}, state=RulingState.REFUSED))
                raise
        await self._core.store.write(lambda tx: self._record(tx, ruling, transaction))
        return ruling, transaction

    def _record(self, tx: Tx, ruling: Ruling, transaction: str) -> None:
        decided = {"id": ruling.dispute.hex(), "state": RulingState.DECIDED}
        if not tx.update(RulingRow, decided, state=RulingState.RULED, tx=transaction):
            return
        told = {"tx": transaction} if transaction else {}
        fields = {"bundle": ruling.dispute.hex(), "ruling": ruling.json(), **told}
        part, link = ruling.channel_id.hex(), (ruling.account_hash.hex(),)
        now = self._core.clock.now()
        self._core.evidence.record(tx, "dispute.ruled", part=part, link=link, fields=fields, now=now)

    async def _row(self, key: str) -> RulingRow | None:
        return await self._core.store.read(lambda tx: tx.get(RulingRow, id=key))


def _call(ruling: Ruling) -> str:
    """Return the name of the transaction: a ruling that is decided anew is another call."""
    return "ruling:" + ruling.digest.hex()
