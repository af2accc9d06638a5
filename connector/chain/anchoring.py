"""Our own head: cosigned by the space's witnesses, recorded on chain, kept for everybody to fetch.

The life of an anchor: a `time.mark` with what we saw of others; our newest checkpoint signed, for the chain as well;
each witness led from the size it cosigned last to this one; with the quorum's `Head` signatures one transaction to the
anchors program; with many witnesses, and a chain that can check it, one signature of them all (`aggregating`).

Law: a head is published when all its witnesses have signed it, and not before: one whom a witness failed leaves the
last one standing. Heads are anchored by themselves (`due`), and only where there is something new to anchor. Where the
settings say so (`log.anchor`), the exchange puts a head on the chain with those of many (`entrusting`), and the
transaction is ours only when it does not.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.chain.entrusting import Settled
from connector.runtime import rehearsal
from connector.runtime.errors import Conflict, PeerRefused, PenstockError
from connector.runtime.settings_table import SPACE
from connector.store.peer_heads import SIZE_LIMIT_DIGITS, seen
from connector.store.rows.evidence import AnchorRow, CheckpointRow
from contracts.canonical import sha
from ledger.chain import acts
from ledger.chain.programs import RegisteredLog
from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature
from ledger.log import note as notes
from ledger.log.head_share import SHARE_HEADER, SHARE_WANTED
from ledger.log.witness import HEAD_TIME_HEADER
from ledger.space.document import QUORUM, WITNESSED_BY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from connector.chain.aggregating import Aggregating
    from connector.chain.entrusting import Entrusting
    from connector.chain.gathering import Gathering
    from connector.chain.transactions import Transactions
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.net.outbound import Outbound
    from connector.runtime.clock import Clock
    from connector.runtime.settings_table import LogSettings
    from connector.store.evidence import Evidence
    from connector.store.exclusive import Exclusive
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from ledger.chain.programs import Programs
    from ledger.log.cosignature import WitnessKeys
    from ledger.log.note import VerifierKey
    from ledger.space.document import Member

STALE_ANSWER = 409
ADDRESSES_DIGITS = 16  # of a digest, to tell one set of witnesses from another
ATTEMPTS = 3  # one for the size we remember, one for the size the witness tells, one for a log that grew meanwhile

log = logging.getLogger(__name__)


def due(wanted: LogSettings, waited: float, new: int) -> bool:
    """Say whether `new` entries are anchored now, `waited` seconds after the last anchor; a setting of 0 says never.

    Each anchor costs a transaction, so entries wait for each other.
    """
    late = waited >= wanted.anchor_interval_seconds > 0
    return (late and new > 0) or new >= wanted.anchor_events > 0


class Anchoring:
    """Brings this participant's head to its witnesses and to the chain."""

    def __init__(
        self,
        did: str,
        store: Store,
        evidence: Evidence,
        keys: Callable[[], WitnessKeys],
        outbound: Outbound,
        peers: Peers,
        transactions: Transactions,
        programs: Callable[[], Programs],
        space: SpaceView,
        clock: Clock,
        aggregating: Aggregating,
        exclusive: Exclusive,
        look: Callable[[], Awaitable[None]],
        gathering: Gathering,
        entrusting: Entrusting | None,
    ) -> None:
        self._did = did
        self._store = store
        self._evidence = evidence
        self._keys = keys
        self._outbound = outbound
        self._peers = peers
        self._transactions = transactions
        self._programs = programs
        self._space = space
        self._clock = clock
        self._aggregating = aggregating
        self._exclusive = exclusive
        self._look = look
        self.gathering = gathering
        self._entrusting = entrusting
        self._turn = asyncio.Lock()
        self._sizes: dict[str, int] = {}

    async def mark(self) -> int:
        """Write a `time.mark`: what peers showed us and the newest block, so that both have a latest time.

        Returns the index of its entry. In a rehearsal nothing is written: what is rehearsed comes after it.
        """
        if rehearsal.current() is not None:
            return await self._store.read(self._evidence.size)

        def act(tx: Tx) -> int:
            peers = [{name: one[name] for name in ("origin", "size", "root")} for one in seen(tx)]
            block = self._evidence.block
            fields: dict[str, Any] = {"peers": peers}
            if block is not None:
                fields["block"] = {"number": str(block.number), "hash": block.hash.hex()}
            now = self._clock.now()
            return self._evidence.record(tx, "time.mark", part=self._evidence.origin, fields=fields, now=now)

        return await self._store.write(act)

    def witnessed(self) -> bool:
        """Say whether the space, as last known, has all the witnesses that this log needs."""
        space = self._space.last()
        return self._did in space.members and len(space.witnesses_of(self._did)) >= QUORUM

    async def anchor(self) -> dict[str, Any]:
        """Have the newest head cosigned and recorded on chain; raises Conflict with who did not sign."""
        async with self._turn, self._exclusive.alone("anchoring"):
            settled = await self._settled()
            if (told := await self._entrusted(settled)) is not None:
                return told
            await self._look()  # the mark cites the newest block: all that the chain showed by then is below this head
            await self.mark()
            await self._rehearse()
            await self.gathering.gather()
            note = notes.parse(await self._store.write(self._evidence.checkpoint))
            head = checkpoints.parse_text(note.text)
            time = int(self._clock.now().timestamp())
            await self._space.require(self._did)  # who was admitted a moment ago is not in the document we hold
            witnesses = self._space.last().witnesses_of(self._did)
            if not witnesses:
                roles = " or a ".join(WITNESSED_BY[self._space.last().members[self._did].role])
                raise Conflict("the space has nobody yet who may witness this log", f"the exchange admits a {roles}")
            shares: dict[str, bytes] | None = {} if await self._aggregating.wanted(witnesses) else None
            answers = {one: await self._cosign(one, head, time, shares) for one in witnesses}
            note = await self._kept(head, answers)
            signatures = self._head_signatures(note, witnesses, time)
            signed = sum(not signatures.keys().isdisjoint(one.accounts) for one in witnesses)
            if signed < len(witnesses):
                raise Conflict(f"{signed} of {len(witnesses)} witnesses signed size {head.size}")
            if not settled.missed and await self._given(head, note, time, witnesses):
                return _told(head, "", SPACE)
            return await self._record(head, note, time, witnesses, signatures, shares or {})

    async def _settled(self) -> Settled:
        """Return what became of the head that the exchange was given: missed where it is to be given none."""
        if self._entrusting is None or rehearsal.current() is not None:
            return Settled(missed=True)
        return await self._entrusting.settle()

    async def _entrusted(self, settled: Settled) -> dict[str, Any] | None:
        """Return where the head is that the exchange was given; None when another one is to be anchored now."""
        if settled.waiting is not None:
            return _told(checkpoints.parse_text(notes.parse(settled.waiting.note).text), "", SPACE)
        if settled.placed is None or await self._store.read(self._evidence.unanchored) > 0:
            return None
        return _told(settled.placed.head, str(settled.placed.block), SPACE)

    async def _rehearse(self) -> None:
        """Say in a rehearsal which head would be put on chain, and who would sign it first."""
        if rehearsal.current() is not None:
            size = await self._store.read(self._evidence.size)
            witnesses = [one.did for one in self._space.last().witnesses_of(self._did)]
            told = {"size": size + 1, "witnesses": witnesses}
            rehearsal.refuse(rehearsal.CHAIN, "anchors.anchor", self._evidence.origin, told)

    async def _cosign(
        self, witness: Member, head: checkpoints.Checkpoint, time: int, shares: dict[str, bytes] | None
    ) -> str:
        """Lead `witness` to `head` and return its answer; its share of an aggregate is put into `shares`."""
        answer, domain = "", self._programs().deployment.domain("anchors")
        row = await self._store.read(lambda tx: tx.get(CheckpointRow, size=head.size))
        assert row is not None, "a head is kept before it is shown"
        heads = (cosignature.cosign_head(head, one, time, domain) for one in self._keys().heads)
        own = notes.parse(row.note).sign_with(*heads)
        wanted = {} if shares is None else {SHARE_HEADER: SHARE_WANTED}
        for _ in range(ATTEMPTS):
            old = self._sizes.get(witness.did, 0)
            body = await self._store.read(partial(self._evidence.witness_request, old=old, note=own))
            try:
                reply = await self._outbound.request(
                    "POST",
                    witness.url + "/witness/add-checkpoint",
                    body=body,
                    headers={HEAD_TIME_HEADER: str(time), "Content-Type": "text/plain; charset=utf-8", **wanted},
                )
                answer = reply.body.decode()
                break
            except PeerRefused as refusal:
                told = refusal.body.strip()
                if refusal.status != STALE_ANSWER or not told.isdigit() or len(told) > SIZE_LIMIT_DIGITS:
                    raise
                self._sizes[witness.did] = int(told)
        self._sizes[witness.did] = head.size
        if shares is not None and (share := self._aggregating.share_of(witness, answer, time)) is not None:
            shares[witness.did] = share
        return answer

    async def _kept(self, head: checkpoints.Checkpoint, answers: Mapping[Member, str]) -> notes.Note:
        """Check what all witnesses answered and keep it with the checkpoint, which is published from then on."""
        domain = self._programs().deployment.domain("anchors")
        cosigners = {one: [one.cosigner_vkey, *await self._lattice(one)] for one in answers}

        def act(tx: Tx) -> notes.Note:
            for one, answer in answers.items():
                note = self._evidence.add_cosignatures(tx, head.size, answer, cosigners[one], one.head_vkeys, domain)
            return note

        return await self._store.write(act)

    async def _lattice(self, witness: Member) -> list[VerifierKey]:
        """Return the ML-DSA key that a witness publishes: none if it has none, or its document cannot be had now.

        The quorum rests on the keys of the space's document, so a head is published without this.
        """
        try:
            document = await self._peers.document(witness.did)
        except PenstockError as fault:
            log.info("the ML-DSA key of `%s` is not known, its line is not kept: %s", witness.did, fault)
            return []
        if document.cosigner is None or document.log != witness.log_key:
            return []
        return [cosignature.lattice_vkey(witness.witness_name, document.cosigner)]

    async def _given(self, head: checkpoints.Checkpoint, note: notes.Note, time: int, witnesses: list[Member]) -> bool:
        """Give a head to the exchange; say whether it took it."""
        assert self._entrusting is not None, "without it nothing is given"
        # by us all the same: the chain freezes a fork only of a log that it knows
        await self._registered(head, witnesses)
        return await self._entrusting.give(head, note, time)

    def _head_signatures(self, note: notes.Note, witnesses: list[Member], time: int) -> dict[bytes, bytes]:
        """Return the witnesses' 65-byte signatures over this `Head` by account, those that they had among them."""
        domain = self._programs().deployment.domain("anchors")
        found: dict[bytes, bytes] = {}
        for witness in witnesses:
            for account, vkey in zip(witness.accounts, witness.head_vkeys, strict=True):
                for at, raw in cosignature.verify_head(note, vkey, domain):
                    if at == time:
                        found[account] = raw
        return found

    async def _record(
        self,
        head: checkpoints.Checkpoint,
        note: notes.Note,
        time: int,
        witnesses: list[Member],
        signatures: Mapping[bytes, bytes],
        shares: dict[str, bytes],
    ) -> dict[str, Any]:
        registered = await self._registered(head, witnesses)
        value = cosignature.head_of(head, time)
        note_hash = checkpoints.note_hash(note.encode())
        mined, dropped = await self._aggregating.send(value, note_hash, registered, witnesses, shares)
        signed = "ecdsa" if mined is None else "bls"
        if mined is None:
            signed_by = [signatures[one] for one in registered.witnesses if one in signatures]
            act = acts.anchor(self._programs().deployment, value, note_hash, signed_by)
            mined = await self._transactions.submit(f"anchor:{head.origin}:{head.size}", act)
        await self._store.write(
            lambda tx: tx.put(
                AnchorRow(
                    origin=head.origin,
                    size=head.size,
                    root=head.root,
                    tx=mined.transaction,
                    block=mined.block,
                    at=self._clock.now(),
                )
            )
        )
        return _told(head, str(mined.block), signed, dropped)

    async def _registered(self, head: checkpoints.Checkpoint, witnesses: list[Member]) -> RegisteredLog:
        """Return how the chain knows this log now.

        One that it does not know is registered with its witnesses, and anew, by its owner of before, when the space has
        given it others, or one of us goes on under another account: those count after the program's delay, and until
        then those of before sign for it.
        """
        origin, programs = checkpoints.origin_id(head.origin), self._programs()
        addresses = tuple(sorted(one.address for one in witnesses))
        known, owner = await programs.registered_log(origin), self._space.last().members[self._did].address
        if known is not None and (known.witnesses, known.owner) == (addresses, owner):
            return known
        name = f"log:{head.origin}"
        register = acts.register_log(programs.deployment, origin, owner, addresses, len(addresses))
        if known is not None:
            named = addresses if known.owner == owner else (owner, *addresses)
            name += ":" + sha([one.hex() for one in named]).hex()[:ADDRESSES_DIGITS]
            register = register._replace(sender=known.owner)
        await self._transactions.submit(name, register)
        return known or RegisteredLog(owner, len(addresses), addresses, forked=False)


def _told(head: checkpoints.Checkpoint, block: str, signed: str, dropped: Sequence[str] = ()) -> dict[str, Any]:
    """Return what an anchor is told as; without a `block` the exchange has the head and the chain not yet."""
    told = {"origin": head.origin, "size": str(head.size), "root": head.root.hex()}
    return {**told, "block": block, "signed": signed, "dropped": list(dropped)}
