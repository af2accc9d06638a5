"""A proof that an event is in a log, step by step as anybody can do it again, and the same as a document.

Law: each step says what goes in and what comes out; nothing is taken from the log's server that the steps do not check:
leaf and siblings make the root, the root is what the log's key signed and witnesses cosigned, and what the chain has of
the log is proven by a path of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.chain.entrusting import stands
from connector.identity.space.view import SpaceView
from connector.net import log_files
from connector.regulator.logbooks import TILE_BYTES_MAX
from connector.runtime.errors import Absent, PenstockError, VerificationFailed
from connector.runtime.limits import INDEX_DIGITS_MAX
from contracts.canonical import JsonObject
from ledger.audit.gathered import PROOFS_MAX
from ledger.chain.programs import Anchor, Programs
from ledger.log import checkpoint as checkpoints
from ledger.log import events as entries
from ledger.log import merkle, reader
from ledger.log.merkle import leaf_hash, node_hash
from ledger.log.note import b64
from ledger.log.policy import NONE
from ledger.log.proof import LogProof
from ledger.log.tiles import ENTRIES, TILE_WIDTH_HASHES, Tile, decode_bundle
from ledger.space.gathered import proven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.api.call import Call
    from connector.core.core import Core
    from ledger.log.checkpoint import Checkpoint
    from ledger.log.note import Note
    from ledger.space.document import Member

LEFT, RIGHT = "left", "right"


class Log:
    """One member's log as its server has it, and its newest head, which the log's key has signed."""

    def __init__(self, core: Core, member: Member) -> None:
        self.member = member
        self._fetch = log_files.below(core.outbound, f"{member.url}/log", TILE_BYTES_MAX)
        self._files: dict[str, bytes] = {}
        self._head: tuple[Note, Checkpoint] | None = None

    async def fetch(self, path: str) -> bytes:
        """Return a file of the log; one that was fetched is at hand, for below one head none changes."""
        if path not in self._files:
            self._files[path] = await self._fetch(path)
        return self._files[path]

    async def head(self) -> tuple[Note, Checkpoint]:
        """Return the newest head, the same one as long as this lasts."""
        if self._head is None:
            self._head = await reader.read_checkpoint(self.fetch, self.member.log_vkey)
        return self._head

    async def entry(self, index: int, size: int) -> bytes:
        """Return the entry at an index below `size`, as it lies in the log; raises Absent."""
        if index >= size:
            raise Absent(f"the log has no event {index} under its newest head", "ask again when a head reaches it")
        number, offset = divmod(index, TILE_WIDTH_HASHES)
        width = min(TILE_WIDTH_HASHES, size - number * TILE_WIDTH_HASHES)
        return decode_bundle(await self.fetch(Tile(ENTRIES, number, width).path), width)[offset]

    async def proof(self, index: int) -> tuple[bytes, LogProof]:
        """Return an entry and its proof under the newest head; raises VerificationFailed when it proves nothing."""
        note, head = await self.head()
        entry = await self.entry(index, head.size)
        path = tuple(await reader.inclusion(self.fetch, index, head.size))
        try:
            merkle.verify_inclusion(leaf_hash(entry), index, head.size, path, head.root)
        except merkle.ProofError as fault:
            raise VerificationFailed(f"the log does not prove its event {index}: {fault}") from fault
        return entry, LogProof(index, path, note)


async def proof(call: Call) -> JsonObject:
    """Return the proof of one event of a member's log with every step; its id is `INDEX@DID`."""
    told, _, did = call.path["id"].partition("@")
    member = await call.of(SpaceView).member(did)
    if member is None or not (told.isascii() and told.isdecimal()) or len(told) > INDEX_DIGITS_MAX:
        raise Absent(f"`{call.path['id'][:200]}` is no event of a member's log", "see a timeline")
    log, index = Log(call.core, member), int(told)
    entry, proven = await log.proof(index)
    note, head = await log.head()
    policy = call.of(SpaceView).last().log_policy(did)
    leaf, witnesses = leaf_hash(entry), policy.witnesses_of(note)
    met = policy.met_by(witnesses)
    steps = walk(leaf, index, head.size, proven.path)
    return {
        "did": did,
        "origin": head.origin,
        "index": index,
        "event": entries.decode(entry).kind,
        "entry": entry.decode(),
        "leaf": leaf.hex(),
        "rows": steps,
        "size": head.size,
        "root": head.root.hex(),
        "reached": (steps[-1]["result"] if steps else leaf.hex()) == head.root.hex(),
        "key": log.member.log_vkey.encode(),
        "witnesses": sorted(witnesses),
        "quorum": met,
        "anchor": await _anchored(call, log, leaf, index),
        "document": document(entry, proven),
        # witnesses sign the heads that are anchored: a newer one is the log's own word, and the policy says so
        "policy": (policy if met else replace(policy, groups={}, quorum=NONE)).encode(),
    }


def document(entry: bytes, proven: LogProof) -> dict[str, str]:
    """Return what `penstock verify` reads."""
    return {"entry": b64(entry), "proof": proven.encode()}


def walk(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> list[JsonObject]:
    """Return the steps from a leaf to the root (RFC 9162 section 2.1.3.2): on which side each sibling stands."""
    steps, value, at, last = list[JsonObject](), leaf, index, size - 1
    for number, sibling in enumerate(path, 1):
        if at & 1 or at == last:
            side, made = LEFT, node_hash(sibling, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            side, made = RIGHT, node_hash(value, sibling)
        steps.append(
            {"step": number, "side": side, "sibling": sibling.hex(), "value": value.hex(), "result": made.hex()}
        )
        value, at, last = made, at >> 1, last >> 1
    return steps


async def _gathered(call: Call, member: Member) -> Anchor | None:
    """Return the newest head of a member's log that the chain has by way of the exchange's, as the member shows it."""
    space, programs, heads = call.of(SpaceView).last(), call.of(Programs), list[Anchor]()
    exchange = space.members.get(space.exchange)
    if exchange is None:
        return None
    try:
        told = (await call.core.outbound.get(f"{member.url}/log/anchors")).json()["anchors"]
        for document in told[:PROOFS_MAX]:
            found = proven(space, member, exchange, document)
            if await stands(programs, found):
                heads.append(Anchor(found.head.size, found.head.root, found.block))
    except (PenstockError, ValueError, KeyError, TypeError):
        return None
    return max(heads, key=lambda one: one.size, default=None)


async def _anchored(call: Call, log: Log, leaf: bytes, index: int) -> JsonObject | None:
    """Return what the chain has of the log, and whether this event is proven under it; None when it has nothing."""
    own = await call.of(Programs).head(checkpoints.origin_id(log.member.origin))
    by_way = await _gathered(call, log.member)
    found = max(filter(None, (own, by_way)), key=lambda one: one.size, default=None)
    if found is None:
        return None
    told = {"size": found.size, "root": found.root.hex(), "block": found.block}
    if index >= found.size:
        return {**told, "holds": None}
    path = await reader.inclusion(log.fetch, index, found.size)
    try:
        merkle.verify_inclusion(leaf, index, found.size, path, found.root)
    except merkle.ProofError:
        return {**told, "holds": False}
    return {**told, "holds": True}
