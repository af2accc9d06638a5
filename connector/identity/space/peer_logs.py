"""Watching other parties' logs: every message brings the sender's newest checkpoint, and it must fit the one before.

Law: a head is proven before the message that brought it is acted on, and kept in the transaction of that act. The
newest proven heads are also in memory, so that messages which arrive together are proven one after the other and
committed together; memory never runs ahead of a proof. A row that memory does not know was kept by another process of
ours: whatever was compared with the head before it is compared anew. A head whose proof does not join waits a moment
for the message in between, then costs a look at the peer's own tiles; a fork is kept as evidence and the message is
refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.net import log_files
from connector.runtime.errors import PeerUnreachable, VerificationFailed
from connector.store import peer_heads
from connector.store.peer_heads import ForkFound, keep_fork
from connector.store.rows.evidence import PeerHeadRow
from ledger.dispute import fork_proof
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log import reader
from ledger.log.note import MalformedNoteError, NoteError
from ledger.space.entry import DID

if TYPE_CHECKING:
    from connector.identity.space.view import SpaceView
    from connector.net.outbound import Outbound
    from connector.runtime.clock import Clock
    from connector.store.peer_heads import Offered
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from ledger.log.checkpoint import Checkpoint
    from ledger.space.document import Member

    Keep = Callable[[Tx], None]

log = logging.getLogger("connector.identity.space.peer_logs")  # lines keep the name that operators know (0124)

TILE_BYTES_MAX = 1 << 20
# a message that overtook another waits so long for it; the one in between is usually being read
LINK_SECONDS = 1.0
# each attempt is a look at the peer's tiles, after which its log has moved on again
ATTEMPTS = 8
# proven heads of one log in memory: more than messages of one peer are under way
PROVEN_MAX = 256


@dataclass(slots=True)
class _Known:
    """The newest proven head of one log, and the roots of those before it."""

    head: Checkpoint | None = None
    note: str = ""
    roots: OrderedDict[int, bytes] = field(default_factory=OrderedDict)

    @property
    def size(self) -> int:
        return 0 if self.head is None else self.head.size

    def prove(self, head: Checkpoint, note: str) -> None:
        self.head, self.note = head, note
        self.roots[head.size] = head.root
        if len(self.roots) > PROVEN_MAX:
            self.roots.popitem(last=False)


class SeenElsewhere(PeerUnreachable):
    """Another process of ours kept a head of this log meanwhile: nothing was done, and it is looked at again."""


class PeerLogs:
    """What we saw of members' logs, and the demand that they stay one history each."""

    def __init__(self, store: Store, outbound: Outbound, space: SpaceView, clock: Clock) -> None:
        self._store = store
        self._outbound = outbound
        self._space = space
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._stale: set[str] = set()  # of which another process may have kept a head
        self._moved = asyncio.Event()

    def changed(self) -> None:
        """Look at the rows again: another process has kept heads."""
        self._stale |= self._known.keys()
        self._wake()

    async def check(self, did: str, piggyback: Any) -> Keep:
        """Prove the checkpoint that came with a message of `did`; return what keeps it, for the message's transaction.

        A non-member brings none we could check. Raises VerificationFailed for a checkpoint that is unsigned, or does
        not extend what this peer showed before; PeerUnreachable when its tiles are needed and cannot be had.
        """
        member = None if piggyback is None else await self._space.member(did)
        if member is None:
            return _nothing
        if not isinstance(piggyback, Mapping):
            raise VerificationFailed(f"the checkpoint of `{did}` is no object")
        try:
            member, offered = await self._offered(member, piggyback)
            return await self._follow(member, offered)
        except ForkFound as fork:
            evidence, now = fork, self._clock.now()
            evidence.proof = await self._shown(member, fork)
            await self._store.write(lambda tx: keep_fork(tx, evidence, now))
            raise VerificationFailed(str(fork), "show it to the regulator; nothing goes on with this peer") from fork
        except ValueError as fault:
            raise VerificationFailed(f"the checkpoint of `{did}` does not verify: {fault}") from fault

    async def _offered(self, member: Member, piggyback: Mapping[str, Any]) -> tuple[Member, Offered]:
        """Return what rides in a message; its log may go on under a key that we have not heard of. Raises NoteError."""
        try:
            return member, peer_heads.read(member.log_vkey, piggyback)
        except MalformedNoteError:
            raise
        except NoteError:
            found = (await self._space.renewed((DID, member.did))).members.get(member.did)
            if found is None or found.log_key == member.log_key:
                raise
            return found, peer_heads.read(found.log_vkey, piggyback)

    async def _follow(self, member: Member, offered: Offered) -> Keep:
        """Prove an offered head against the newest proven one, however that moves on meanwhile."""
        origin, waited = offered.checkpoint.origin, False
        for _ in range(ATTEMPTS):
            known = await self._recall(origin)
            if known.roots.get(offered.checkpoint.size) == offered.checkpoint.root:
                return self._proven(origin, offered)  # this very head was proven before, by another message
            head = known.head
            missing = peer_heads.compare(head, known.note, offered)
            if missing is None:
                return self._proven(origin, offered)
            if offered.start > known.size and not waited:
                waited = True
                await self._link(origin, offered.start)
                continue
            proof = await reader.consistency(self._fetcher(member), missing.old, missing.size)
            peer_heads.compare(head, known.note, replace(offered, start=missing.old, proof=proof))
            if offered.checkpoint.size == missing.old:
                return _nothing  # older than what is known, and of the same history
            if known.head is head:
                return self._proven(origin, offered)
        raise PeerUnreachable(f"the log `{origin}` grows faster than it can be proven", "send the message again")

    def _proven(self, origin: str, offered: Offered) -> Keep:
        known = self._known.setdefault(origin, _Known())
        if offered.checkpoint.size > known.size or known.head is None:
            known.prove(offered.checkpoint, offered.note)
            self._wake()
        return partial(self._keep, offered=offered)

    def _keep(self, tx: Tx, offered: Offered) -> None:
        """Keep a proven head; a row that somebody else wrote meanwhile has not been compared with it."""
        origin = offered.checkpoint.origin
        row, known = tx.get(PeerHeadRow, origin=origin), self._known.get(origin)
        if row is not None and (known is None or known.roots.get(row.size) != row.root):
            self._known.pop(origin, None)
            raise SeenElsewhere(f"the log `{origin}` was seen elsewhere at the same moment", "send the message again")
        peer_heads.keep(tx, offered, self._clock.now())

    async def _recall(self, origin: str) -> _Known:
        """Return what is known of a log: from memory, from the store if memory has nothing or may be behind."""
        if origin not in self._known or origin in self._stale:
            self._stale.discard(origin)
            row = await self._store.read(lambda tx: tx.get(PeerHeadRow, origin=origin))
            before, known = self._known.get(origin), _Known()
            if row is not None:
                known.prove(peer_heads.head_of(row), row.note)
            if before is None or (row is not None and before.roots.get(row.size) != row.root):
                self._known[origin] = known
        return self._known[origin]

    def _wake(self) -> None:
        """Wake whoever waits for a head."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def _link(self, origin: str, size: int) -> None:
        """Wait until the log is known up to `size`, at most `LINK_SECONDS`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LINK_SECONDS):
                moved = self._moved  # before the look, so that what comes meanwhile wakes us as well
                while (await self._recall(origin)).size < size:
                    await moved.wait()
                    moved = self._moved

    async def _shown(self, member: Member, fork: ForkFound) -> Sequence[bytes] | None:
        """Return what proves a fork to others, None if neither the peer's message nor its tiles do."""
        old, new = sorted(checkpoints.parse_text(notes.parse(one).text).size for one in (fork.kept, fork.offered))
        try:
            proof = [] if old == new else await reader.prefix(self._fetcher(member), old, new)
            fork_proof.judge(fork_proof.document(fork.kept, fork.offered, proof), member.log_vkey, member.former_vkeys)
        except Exception as fault:  # noqa: BLE001  # whatever the peer serves, both notes are kept
            log.info("the fork of `%s` is not proven by its tiles: %s", fork.origin, fault)
            return None
        return proof

    def _fetcher(self, member: Member) -> reader.Fetch:
        return log_files.below(self._outbound, f"{member.url}/log", TILE_BYTES_MAX)


def _nothing(_tx: Tx) -> None:
    """Keep nothing."""
