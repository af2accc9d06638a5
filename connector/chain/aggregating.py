"""Anchoring by one BLS signature of many witnesses, where that costs less and the chain can check it (spec 8).

Life of an aggregate: the log asks for a share with each cosignature; a witness proves its key to the chain when it
gives its first; when all keys of the log's witnesses are proven, the log brings them together, once for each set of
keys; from then on the true shares of a quorum are added up and sent. Law: whatever is missing - the precompile, a
proof, a share, a true one - is named in the log, and the head is anchored by the ECDSA signatures that came beside.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from connector.runtime.errors import ChainReverted
from contracts.canonical import sha
from ledger.chain import acts
from ledger.chain.programs import takes_aggregates
from ledger.log import head_share
from ledger.log.note import MalformedNoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.chain.transactions import Mined, Transactions
    from contracts.typed_data import Head
    from ledger.chain.programs import Programs, RegisteredLog
    from ledger.space.document import Member

log = logging.getLogger(__name__)


class Aggregating:
    """What one log asks of its witnesses beside their cosignatures; `signers` is from how many on."""

    def __init__(self, signers: int, transactions: Transactions, programs: Callable[[], Programs]) -> None:
        self._signers = signers
        self._transactions = transactions
        self._programs = programs
        self._able: bool | None = None
        # (account, key) of each witness, as the chain has them together
        self._together: list[tuple[bytes, bytes]] = []

    async def wanted(self, witnesses: Sequence[Member]) -> bool:
        """Say whether shares are worth asking for: enough witnesses, and a chain that adds points up (asked once)."""
        if len(witnesses) < self._signers:
            return False
        if self._able is None:
            self._able = await takes_aggregates(self._programs().chain)
            if not self._able:
                log.warning("the chain has no BLS12-381 (EIP-2537): heads are anchored by a signature each")
        return self._able

    def share_of(self, witness: Member, answer: str, time: int) -> bytes | None:
        """Return the share in a witness's answer, None if it gave none that could be one."""
        try:
            found = head_share.find(answer, head_share.share_vkey(witness.witness_name, witness.aggregate), time)
        except MalformedNoteError:
            found = None
        if found is None:
            log.warning("`%s` gave no share of the aggregate", witness.did)
        return found

    async def send(
        self,
        head: Head,
        note_hash: bytes,
        registered: RegisteredLog,
        witnesses: Sequence[Member],
        shares: Mapping[str, bytes],
    ) -> tuple[Mined | None, list[str]]:
        """Anchor a head by the aggregate of `shares` (DID → 96 bytes); return where it stands, and whose were false.

        There is none if the head cannot be anchored so.
        """
        if set(registered.witnesses) != {one.address for one in witnesses}:
            return None, []  # until the log names the accounts that they have now
        if len(shares) < registered.quorum or not await self._brought(head.origin, witnesses):
            return None, []
        signature, signers = await self._added(head, witnesses, shares)
        dropped = [one.did for one in witnesses if one.did in shares and one.address not in signers]
        for did in dropped:
            log.warning("the share of `%s` is false and was dropped", did)
        if len(signers) < registered.quorum:
            log.warning("%d true shares are below the quorum of %d", len(signers), registered.quorum)
            return None, dropped
        from ledger.log import head_aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        who = head_aggregate.bitmap(registered.witnesses, signers)
        point = await asyncio.to_thread(head_aggregate.signature_point, signature)
        act = acts.anchor_aggregate(self._programs().deployment, head, note_hash, who, point)
        try:
            return await self._transactions.submit(f"aggregate:{head.origin.hex()}:{head.size}", act), dropped
        except ChainReverted as refusal:
            log.warning("the aggregate of %d witnesses is refused: %s", len(signers), refusal)
            return None, dropped

    async def _added(
        self, head: Head, witnesses: Sequence[Member], shares: Mapping[str, bytes]
    ) -> tuple[bytes, set[bytes]]:
        """Return the sum of the true shares and the accounts that gave them."""
        keys = {one.did: one.aggregate for one in witnesses}
        domain = self._programs().deployment.domain("anchors")
        signature, true = await asyncio.to_thread(head_share.add_up, head, shares, keys, domain)
        return signature, {one.address for one in witnesses if one.did in true}

    async def _brought(self, origin: bytes, witnesses: Sequence[Member]) -> bool:
        """Have the chain know the keys of all witnesses together; False while one has not proven its own."""
        from ledger.log import head_aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        programs, ordered = self._programs(), sorted(witnesses, key=lambda one: one.address)
        wanted = [(one.address, one.aggregate) for one in ordered]
        if wanted == self._together:
            return True
        digests = await asyncio.to_thread(lambda: [head_aggregate.key_digest(one.aggregate) for one in ordered])
        for witness, digest in zip(ordered, digests, strict=True):
            if await programs.key_digest(witness.address) != digest:
                log.warning("`%s` has not proven its BLS key to the chain yet", witness.did)
                return False
        points = await asyncio.to_thread(lambda: [head_aggregate.key_point(one.aggregate) for one in ordered])
        name = sha([origin.hex(), *(digest.hex() for digest in digests)]).hex()
        try:
            await self._transactions.submit(f"keys:{name}", acts.bring_keys(programs.deployment, origin, points))
        except ChainReverted as refusal:
            log.warning("the keys of the witnesses are refused: %s", refusal)
            return False
        self._together = wanted
        return True
