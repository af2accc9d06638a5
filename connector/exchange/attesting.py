"""One attestation by the witnesses of the space over all members' final heads.

The exchange proposes the heads that the chain has anchored; each witness signs with its BLS key only if every head is
one that it cosigned or signed itself; the aggregate is checked before it is kept and served.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from connector.errors import Conflict
from ledger.checkpoint import origin_id

if TYPE_CHECKING:
    from connector.base import Base
    from connector.store.transaction import Tx
    from ledger.aggregate import Attestation, FinalHead
    from ledger.space import Member, Space


class Attesting:
    """Collects and keeps attestations."""

    def __init__(self, participant: Base) -> None:
        self._participant = participant

    async def newest(self) -> dict[str, Any] | None:
        """Return the newest attestation document."""
        rows = await self._participant.store.read(lambda tx: tx.find("attestations", order="at desc", limit=1))
        return dict(rows[0]["document"]) if rows else None

    async def attest(self) -> dict[str, Any]:
        """Have the witnesses sign the members' anchored heads; raises Conflict when a member has none.

        Of a member that is barred what it has anchored counts; that it has nothing holds nobody up.
        """
        async with self._participant.exclusive.alone("attesting"):
            return await self._attest()

    async def _attest(self) -> dict[str, Any]:
        participant = self._participant
        space = await participant.space_view.current()
        heads = await self._heads(space)
        witnesses = space.attesters()
        answers = {one.did: await self._share(one, heads) for one in witnesses}
        document = await asyncio.to_thread(_combined, heads, witnesses, answers)
        now = participant.clock.now()

        def act(tx: Tx) -> None:
            tx.put("attestations", id=document["signature"], document=document, at=now)

        await participant.store.write(act)
        return document

    async def _heads(self, space: Space) -> list[FinalHead]:
        from ledger.aggregate import FinalHead  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        found = []
        for member in space.members.values():
            head = await self._participant.programs.head(origin_id(member.origin))
            if head is None and member.did in space.barred:
                continue
            if head is None:
                raise Conflict(f"`{member.did}` has anchored no head yet", "penstock log anchor, there")
            found.append(FinalHead(member.origin, head.size, head.root))
        return found

    async def _share(self, witness: Member, heads: list[FinalHead]) -> dict[str, str]:
        participant = self._participant
        if witness.did == participant.did:
            return await participant.witness.attest(heads)
        body = {"heads": [{"origin": one.origin, "size": str(one.size), "root": one.root.hex()} for one in heads]}
        headers = participant.authorization(witness.did)
        answer = await participant.outbound.post(witness.url + "/witness/attest", body, headers=headers)
        return dict(answer.json())


def _combined(heads: list[FinalHead], witnesses: list[Member], answers: dict[str, dict[str, str]]) -> dict[str, Any]:
    from ledger import aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

    signed = {one.witness_name: (one.aggregate, bytes.fromhex(answers[one.did]["signature"])) for one in witnesses}
    attestation: Attestation = aggregate.combine(heads, signed)
    aggregate.verify(attestation, {one.witness_name: (one.aggregate, one.possession) for one in witnesses})
    return attestation.as_json()
