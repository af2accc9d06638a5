"""Watching other parties' logs: every message brings the sender's newest checkpoint, and it must fit the one before.

A proof that joins what we hold is checked inside the transaction of the message's act. One that does not join costs
a look at the peer's own tiles first; a fork is kept as evidence and the message is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connector.errors import VerificationFailed
from connector.store.peer_heads import ForkFound, NeedsTiles, accept_peer, keep_fork
from ledger import note as notes
from ledger import reader

if TYPE_CHECKING:
    from connector.clock import Clock
    from connector.exchange.space import Member
    from connector.exchange.space_view import SpaceView
    from connector.outbound import Outbound
    from connector.store.sqlite import Store
    from connector.store.transaction import Tx

TILE_BYTES_MAX = 1 << 20


class PeerLogs:
    """What we saw of members' logs, and the demand that they stay one history each."""

    def __init__(self, store: Store, outbound: Outbound, space: SpaceView, clock: Clock) -> None:
        self._store = store
        self._outbound = outbound
        self._space = space
        self._clock = clock

    async def observe(self, did: str, piggyback: Any) -> None:
        """Check and keep the checkpoint that came with a message of `did`; a non-member brings none we could check.

        Raises VerificationFailed for a checkpoint that is unsigned, or does not extend what this peer showed before.
        """
        member = await self._space.member(did)
        if member is None or piggyback is None:
            return
        if not isinstance(piggyback, Mapping):
            raise VerificationFailed(f"the checkpoint of `{did}` is no object")
        try:
            found = await self._accept(member, piggyback)
            if isinstance(found, NeedsTiles):
                proof = await reader.consistency(self._fetcher(member), found.old, found.size)
                joined = {**piggyback, "from": str(found.old), "proof": [notes.b64(one) for one in proof]}
                await self._accept(member, joined)
        except ForkFound as fork:
            evidence, now = fork, self._clock.now()
            await self._store.write(lambda tx: keep_fork(tx, evidence, now))
            raise VerificationFailed(str(fork), "show it to the regulator; nothing goes on with this peer") from fork
        except ValueError as fault:
            raise VerificationFailed(f"the checkpoint of `{did}` does not verify: {fault}") from fault

    async def _accept(self, member: Member, piggyback: Mapping[str, Any]) -> Any:
        now = self._clock.now()

        def act(tx: Tx) -> Any:
            return accept_peer(tx, member.log_vkey, piggyback, now)

        return await self._store.write(act)

    def _fetcher(self, member: Member) -> Any:
        async def fetch(path: str) -> bytes:
            answer = await self._outbound.get(f"{member.url}/log/{path}", limit_bytes=TILE_BYTES_MAX)
            return answer.body

        return fetch
