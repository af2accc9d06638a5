"""A new BLS key for this participant as a witness: drawn, put into the registry on chain, then used and published.

Law: the new seed is durable before anybody hears of its key, and takes the place of the old one only when the chain has
it; what was interrupted is gone on with under the same seed. Our other keys stay for life: the log's is its origin's,
and what was sealed to the delivery key is opened with it alone. An account is a member, so another is another member.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from connector import files
from connector.data_folder import KEYS
from connector.errors import explain_failure
from connector.identity import keys as key_files
from contracts.canonical import sha
from ledger import membership
from ledger.membership import Keys
from ledger.standing import did_digest

if TYPE_CHECKING:
    from connector.base import Base
    from connector.store.transaction import Tx

PUBLIC_FILE = "aggregate.pub"


class Rekeying:
    """Replaces the BLS key of this participant."""

    def __init__(self, participant: Base) -> None:
        self._participant = participant
        self._turn = asyncio.Lock()

    async def rekey(self, reason: str) -> dict[str, Any]:
        """Draw and use a new BLS key; return it, the transaction that says so, and whether the exchange read it."""
        participant = self._participant
        async with self._turn:
            seed = key_files.draw_next(participant.data / KEYS, "aggregate")
            public, proof = await asyncio.to_thread(derive, seed)
            old = participant.member.aggregate
            transaction = await self._registered(public)
            # without the public file a start derives it from whichever seed is there
            files.remove(participant.data / KEYS / PUBLIC_FILE)
            key_files.take_next(participant.data / KEYS, "aggregate")
            files.write_atomic(participant.data / KEYS / PUBLIC_FILE, public + proof, mode=0o644)
            participant.take_aggregate(seed, (public, proof))
            await participant.store.write(lambda tx: self._record(tx, old, public, transaction, reason))
            told = await self._tell()
        return {"key": public.hex(), "tx": transaction, "told": told}

    async def _registered(self, public: bytes) -> str:
        """Have the registry on chain know the key; the exchange stands in it by its account alone."""
        participant = self._participant
        if participant.did == participant.space.exchange:
            return ""
        own, space = participant.member, did_digest(participant.space.exchange)
        act = membership.change_keys(participant.programs.deployment, space, Keys(own.log_key, own.delivery, public))
        mined = await participant.transactions.submit(f"change-keys:{public.hex()}", act)
        return str(mined["hash"])

    def _record(self, tx: Tx, old: bytes, new: bytes, transaction: str, reason: str) -> None:
        participant = self._participant
        now, fields = participant.clock.now(), {"from": old.hex(), "to": new.hex(), "by": participant.did}
        told = fields | {"reason": reason, "tx": transaction, "digest": sha(participant.member.json()).hex()}
        participant.evidence.record(tx, "identity.moved", part=participant.did, fields=told, now=now)

    async def _tell(self) -> bool:
        """Have the exchange read our documents again; one that is away reads them when it is asked the next time."""
        participant = self._participant
        if participant.did == participant.space.exchange:
            await participant.rebuild_space()
            return True
        try:
            await participant.ask_exchange("POST", "/exchange/members/own", {"did": participant.did})
        except Exception as fault:
            if explain_failure(fault).exit_code != 7:
                raise
            return False
        return True


def derive(seed: bytes) -> tuple[bytes, bytes]:
    """Return the BLS key (48 bytes) of a seed and its proof of possession (96 bytes); half a second."""
    from ledger import aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only once

    secret = aggregate.secret(seed)
    return aggregate.public(secret), aggregate.prove(secret)
