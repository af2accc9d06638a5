"""A new BLS key for this participant as a witness: drawn, put into the registry on chain, then used and published.

Law: the new seed is durable before anybody hears of its key, and takes the place of the old one only when the chain has
it; what was interrupted is gone on with under the same seed.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connector.identity import keys as key_files
from connector.operation.keys.telling import tell
from connector.runtime import files
from connector.runtime.data_folder import KEYS
from contracts.canonical import sha
from ledger.chain import membership
from ledger.chain.membership import Keys
from ledger.chain.standing import did_digest

if TYPE_CHECKING:
    from pathlib import Path

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.identity.space.author import SpaceAuthor
    from connector.identity.space.exchange import ExchangeDoor
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs

PUBLIC_FILE = "aggregate.pub"


class WitnessKey:
    """Replaces the BLS key of this participant."""

    def __init__(
        self,
        core: Core,
        space: SpaceView,
        programs: Programs,
        transactions: Transactions,
        exchange: ExchangeDoor,
        author: SpaceAuthor,
    ) -> None:
        self._core, self._space, self._programs, self._transactions = core, space, programs, transactions
        self._exchange, self._author = exchange, author
        self._turn = asyncio.Lock()

    async def rekey(self, reason: str) -> dict[str, Any]:
        """Draw and use a new BLS key; return it, the transaction that says so, and whether the exchange read it."""
        async with self._turn:
            seed = key_files.draw_next(self._core.data / KEYS, "aggregate")
            assert isinstance(seed, bytes), "no module has such a key"
            public, proof = await asyncio.to_thread(derive, seed)
            old = self._core.identity.member.aggregate
            transaction = await self._registered(public)
            # without the public file a start derives it from whichever seed is there
            files.remove(self._core.data / KEYS / PUBLIC_FILE)
            key_files.take_next(self._core.data / KEYS, "aggregate")
            files.write_atomic(self._core.data / KEYS / PUBLIC_FILE, public + proof)
            self._core.identity.take_aggregate(seed, (public, proof))
            await self._core.store.write(lambda tx: self._record(tx, old, public, transaction, reason))
            told = await tell(self._core, self._space, self._exchange, self._author)
        return {"key": public.hex(), "tx": transaction, "told": told}

    async def _registered(self, public: bytes) -> str:
        """Have the registry on chain know the key; the exchange stands in it by its account alone."""
        if self._core.identity.did == self._space.last().exchange:
            return ""
        own, space = self._core.identity.member, did_digest(self._space.last().exchange)
        act = membership.change_keys(self._programs.deployment, space, Keys(own.log_key, own.delivery, public))
        mined = await self._transactions.submit(f"change-keys:{public.hex()}", act)
        return mined.transaction

    def _record(self, tx: Tx, old: bytes, new: bytes, transaction: str, reason: str) -> None:
        now, fields = self._core.clock.now(), {"from": old.hex(), "to": new.hex(), "by": self._core.identity.did}
        told = fields | {"reason": reason, "tx": transaction, "digest": sha(self._core.identity.member.json()).hex()}
        self._core.evidence.record(tx, "identity.moved", part=self._core.identity.did, fields=told, now=now)


def derive(seed: bytes) -> tuple[bytes, bytes]:
    """Return the BLS key (48 bytes) of a seed and its proof of possession (96 bytes); half a second."""
    from ledger.log import aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only once

    secret = aggregate.secret(seed)
    return aggregate.public(secret), aggregate.prove(secret)


def kept_pair(data: Path, seed: bytes) -> tuple[bytes, bytes]:
    """Return the BLS key and its proof of possession, derived once (half a second) and kept beside the keys."""
    path = data / KEYS / PUBLIC_FILE
    with suppress(FileNotFoundError):
        raw = path.read_bytes()
        return raw[:48], raw[48:]
    pair = derive(seed)
    files.write_atomic(path, pair[0] + pair[1])
    return pair
