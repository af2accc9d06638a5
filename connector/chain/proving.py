"""Our key for joint signatures as the chain knows it: proven, and in the place of a former one wherever that counts.

Law: (1) a key is proven once, when somebody first asks for a share: who never witnesses by shares pays for no proof.
(2) The chain takes the keys of a log's witnesses as somebody last brought them together, so a key that was replaced
would count until the log's owner brings them anew. Whoever replaces its own brings them itself, for each log that it
has cosigned; what is unproven of another witness is left to that one.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from connector.runtime.errors import ChainReverted
from connector.store.rows.evidence import WitnessedRow
from contracts.canonical import sha
from ledger.chain import acts
from ledger.chain.programs import takes_aggregates
from ledger.log.checkpoint import origin_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from ledger.chain.client import Act
    from ledger.chain.programs import Programs

UNPROVEN: Final = bytes(32)

log = logging.getLogger(__name__)


class Proving:
    """What the chain is told of one participant's BLS key, whichever it is now."""

    def __init__(self, core: Core, space: SpaceView, programs: Programs, transactions: Transactions) -> None:
        self._core, self._space, self._programs, self._transactions = core, space, programs, transactions

    async def prove(self) -> str:
        """Prove our key to a chain that can check it; return the name of the act, empty where none is needed."""
        from ledger.log import head_aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        own, programs = self._core.identity.member, self._programs
        known = await asyncio.to_thread(head_aggregate.key_digest, own.aggregate)
        if await programs.key_digest(own.address) == known or not await takes_aggregates(programs.chain):
            return ""
        act = await asyncio.to_thread(self._proof)
        name = f"prove-key:{own.aggregate.hex()}" + (f":{own.address.hex()}" if own.address_former else "")
        await self._core.store.write(lambda tx: self._transactions.enqueue(tx, name, act))
        return name

    async def has_proven(self, account: bytes) -> bool:
        """Say whether the chain knows a BLS key of an account; raises ChainUnreachable."""
        return await self._programs.key_digest(account) != UNPROVEN

    async def follow(self) -> None:
        """Have our key count in the place of the former one, if the chain knew that; raises PenstockError."""
        own = self._core.identity.member
        if not await self.has_proven(own.address):
            return
        if name := await self.prove():
            await self._transactions.mined(name)
        rows = await self._core.store.read(lambda tx: tx.find(WitnessedRow))
        known: dict[tuple[bytes, ...], list[bytes]] = {}  # of many logs the witnesses are the same
        for origin in [origin_id(row.origin) for row in rows]:
            registered = await self._programs.registered_log(origin)
            if registered is None or own.address not in registered.witnesses:
                continue
            if not await self._programs.events("anchors", "KeysBrought", origin=origin):
                continue  # nobody has brought a former one
            if registered.witnesses not in known:
                known[registered.witnesses] = await self._keys(registered.witnesses)
            if keys := known[registered.witnesses]:
                await self._bring(origin, keys)

    async def _bring(self, origin: bytes, keys: Sequence[bytes]) -> None:
        """Bring the keys of a log's witnesses together anew."""
        act, name = await asyncio.to_thread(self._together, origin, keys)
        try:
            await self._transactions.submit(name, act)
        except ChainReverted as refusal:
            log.warning("our new key does not count for the log %s yet: %s", origin.hex(), refusal)

    async def _keys(self, witnesses: Sequence[bytes]) -> list[bytes]:
        """Return the keys of these accounts, as they prove them and the space has them; none where one lacks."""
        from ledger.log import head_aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        own, space, keys = self._core.identity.member, self._space.last(), list[bytes]()
        for account in sorted(witnesses):
            member = own if account == own.address else space.by_address(account)
            if member is None:
                return []
            digest = await asyncio.to_thread(head_aggregate.key_digest, member.aggregate)
            if await self._programs.key_digest(account) != digest:
                return []
            keys.append(member.aggregate)
        return keys

    def _together(self, origin: bytes, keys: Sequence[bytes]) -> tuple[Act, str]:
        from ledger.log import head_aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        points = [head_aggregate.key_point(key) for key in keys]
        name = sha([origin.hex(), *(key.hex() for key in keys)]).hex()
        return acts.bring_keys(self._programs.deployment, origin, points), f"follow-keys:{name}"

    def _proof(self) -> Act:
        from ledger.log import aggregate, head_aggregate  # noqa: PLC0415  # as above

        own = self._core.identity.member
        secret = aggregate.secret(self._core.identity.keys.aggregate)
        point = head_aggregate.key_point(own.aggregate)
        return acts.prove_key(
            self._programs.deployment, point, head_aggregate.prove_for(secret, own.aggregate, own.address)
        )
