"""One attestation by the witnesses of the space over all members' final heads.

The exchange proposes the heads that the chain has anchored, or that it gathers to anchor them with its own; each
witness signs with its BLS key only if every head is one that it cosigned or signed itself; the aggregate is checked
before it is kept and served.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from connector.chain.gathering import newest
from connector.runtime.errors import Conflict, PeerMisbehaved, PeerRefused
from connector.store.rows.evidence import AttestationRow
from contracts.decimals import read_hex
from contracts.errors import ContractError
from ledger.log.checkpoint import origin_id
from ledger.log.head_share import SHARE_BYTES

if TYPE_CHECKING:
    from connector.chain.witnessing import Witness
    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.store.exclusive import Exclusive
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs
    from ledger.log.aggregate import Attestation, FinalHead
    from ledger.space.document import Member, Space

CONFLICT: Final = 409
# between attempts: a head that its witnesses have seen is on the chain a block or two later
MOVING_SECONDS = (0.5, 2.0, 5.0)

log = logging.getLogger(__name__)


class Attesting:
    """Collects and keeps attestations."""

    def __init__(
        self, core: Core, programs: Programs, space: SpaceView, peers: Peers, exclusive: Exclusive, witness: Witness
    ) -> None:
        self._core, self._programs, self._space, self._peers = core, programs, space, peers
        self._exclusive, self._witness = exclusive, witness

    async def newest(self) -> dict[str, Any] | None:
        """Return the newest attestation document."""
        rows = await self._core.store.read(lambda tx: tx.find(AttestationRow, order="at desc", limit=1))
        return rows[0].document if rows else None

    async def attest(self) -> dict[str, Any]:
        """Have the witnesses sign the members' anchored heads; raises Conflict when a member has none.

        Of a member that is barred what it has anchored counts; that it has nothing holds nobody up. A witness knows the
        newest head of a log alone: of one that is on its way to the chain just now, the heads are read again.
        """
        async with self._exclusive.alone("attesting"):
            for pause in (*MOVING_SECONDS, None):
                space = await self._space.current()
                heads = await self._heads(space)
                try:
                    return await self._attested(space, heads)
                except (Conflict, PeerRefused) as refusal:
                    if pause is None or (isinstance(refusal, PeerRefused) and refusal.status != CONFLICT):
                        raise
                    log.info("heads moved while they were attested: %s", refusal)
                await asyncio.sleep(pause)
            raise AssertionError("the last attempt ends it")

    async def _attested(self, space: Space, heads: list[FinalHead]) -> dict[str, Any]:
        witnesses = space.attesters()
        signed = {one.did: await self._share(one, heads) for one in witnesses}
        document = await asyncio.to_thread(_combined, heads, witnesses, signed)
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            tx.put(AttestationRow(id=document["signature"], document=document, at=now))

        await self._core.store.write(act)
        return document

    async def _heads(self, space: Space) -> list[FinalHead]:
        from ledger.log.aggregate import FinalHead  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

        found = []
        for member in space.members.values():
            head = await self._programs.head(origin_id(member.origin))
            gathered = await self._core.store.read(partial(newest, origin=member.origin))
            if gathered is not None and (head is None or gathered.size > head.size):
                found.append(FinalHead(member.origin, gathered.size, gathered.root))
                continue
            if head is None and member.did in space.barred:
                continue
            if head is None:
                raise Conflict(f"`{member.did}` has anchored no head yet", "penstock log anchor, there")
            found.append(FinalHead(member.origin, head.size, head.root))
        return found

    async def _share(self, witness: Member, heads: list[FinalHead]) -> bytes:
        """Return the signature of a witness; raises PeerMisbehaved for an answer that has none."""
        if witness.did == self._core.identity.did:
            return bytes.fromhex((await self._witness.attest(heads))["signature"])
        body = {"heads": [{"origin": one.origin, "size": str(one.size), "root": one.root.hex()} for one in heads]}
        headers = self._peers.authorization(witness.did)
        answer = (await self._core.outbound.post(witness.url + "/witness/attest", body, headers=headers)).json()
        try:
            return read_hex(answer["signature"], "signature", SHARE_BYTES)
        except (TypeError, KeyError, ContractError) as error:
            raise PeerMisbehaved(f"the witness `{witness.did}` did not answer with its signature") from error


def _combined(heads: list[FinalHead], witnesses: list[Member], signed: dict[str, bytes]) -> dict[str, Any]:
    from ledger.log import aggregate  # noqa: PLC0415  # pairing arithmetic is heavy and needed only here

    shares = {one.witness_name: (one.aggregate, signed[one.did]) for one in witnesses}
    attestation: Attestation = aggregate.combine(heads, shares)
    aggregate.verify(attestation, {one.witness_name: (one.aggregate, one.possession) for one in witnesses})
    return attestation.as_json()
