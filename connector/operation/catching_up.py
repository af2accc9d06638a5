"""After a restore: nothing is signed until the log reaches what others have seen of it (spec 7).

The order: the chain mines what was sent before · every member and the chain are asked for the newest of our heads that
they know · what the database lacks is read from the mirror, and counts only if it makes the root of a head that we
signed and extends what we hold · with it in place, or with nothing lacking, the event `log.restored` is recorded, the
first one of the new run.

Law: (1) whoever does not answer is waited for, unless the operator named it: a head that somebody holds and we do not
know of would make the next one a fork. Who was restored as well answers before it acts, or both would wait for ever.
(2) Entries come whole or not at all, in one transaction. What they disclosed is not in a mirror; it is lost, and an
audit says so where the rules ask for it. (3) What waits for a block, or for its confirmations, is waited for: a
`close` among it, forgotten here, would end a channel below what is released meanwhile, and a claim that a
reorganisation takes back is sent again by nobody.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from connector.identity import readers
from connector.net import log_files
from connector.runtime.errors import PeerMisbehaved, PeerRefused, VerificationFailed, explain_failure
from connector.runtime.limits import ANSWER_BYTES_MAX
from connector.store import restored
from connector.store.errors import EvidenceBroken
from connector.store.shelf import TxShelf
from ledger.chain.errors import ChainUnreachable
from ledger.log import checkpoint as checkpoints
from ledger.log import note as notes
from ledger.log import reader
from ledger.log.note import NoteError
from ledger.log.tiles import ENTRIES, TILE_WIDTH_HASHES, Tile, TileError, tiles_of_level
from ledger.log.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.store.restored import Restored
    from connector.store.transaction import Tx
    from ledger.chain.client import Chain
    from ledger.chain.programs import Programs
    from ledger.log.checkpoint import Checkpoint
    from ledger.space.document import Member

T = TypeVar("T")
KIND = "log.restored"
# a peer that is away is asked again; a restart of everybody takes some seconds
RETRY_SECONDS = 2.0
# members asked at one moment
ASKED_MAX = 16
# a year of a busy participant; more is brought up in a tool's own time, not while a space waits
MISSING_MAX = 1_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """A head of ours that somebody holds: its size and root, and who told."""

    size: int
    root: bytes
    who: str


async def catch_up(core: Core, space: SpaceView, programs: Programs) -> None:
    """Bring a restored participant to where it may sign again; does nothing for one that was never restored.

    Raises EvidenceBroken when what others hold cannot be reached: then nothing was written and nothing was signed.
    """
    told = await core.store.read(restored.marked)
    if told is None:
        return
    log.warning("restored from a back-up of %s: asking what others know of our log", told.made.isoformat())
    confirmations = core.settings.chain.confirmations
    for account in core.identity.keys.accounts:
        await _mined(programs.chain, account, confirmations)
    known = await _known(core, space, programs, told)
    size, root = await core.store.read(_reach)
    if (other := await core.store.read(lambda tx: _otherwise(tx, known, size))) is not None:
        raise EvidenceBroken(f"`{other.who}` holds size {other.size} of this log with another root than the back-up's")
    newest = max(known, key=lambda one: one.size, default=None)
    if newest is None or newest.size <= size:
        await core.store.write(lambda tx: _record(tx, core, told, root, "restored from a back-up; nobody knows more"))
        return
    if not told.mirror:
        raise EvidenceBroken(
            f"`{newest.who}` holds size {newest.size} of this log, the back-up reaches {size}: "
            "restore it again with --mirror, where a copy of the log lies (a database on a server: `admin set-back`)"
        )
    await _from_mirror(core, told, known, size)


async def _mined(chain: Chain, account: bytes, confirmations: int) -> None:
    """Return when nothing of an account waits on the chain."""
    while waits := await _answered(lambda: waiting(chain, account, confirmations)):
        log.warning("waiting for %d transactions that were sent with our key to be mined for good", waits)
        await asyncio.sleep(RETRY_SECONDS)


async def _answered(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask the chain until its node answers: like everybody else it is waited for."""
    while True:
        try:
            return await ask()
        except ChainUnreachable as fault:
            log.warning("waiting for the chain, which is asked what it knows of us: %s", fault)
        await asyncio.sleep(RETRY_SECONDS)


async def waiting(chain: Chain, account: bytes, confirmations: int) -> int:
    """Return how many transactions of an account wait for a block or its confirmations, as far as this node knows."""
    pending, newest = await chain.nonce(account), (await chain.newest()).number
    return max(pending - await chain.nonce(account, max(newest - confirmations, 0)), 0)


async def _from_mirror(core: Core, told: Restored, known: list[Known], size: int) -> None:
    head, note, entries = await _read(core, told.mirror, size)
    newest = max(known, key=lambda one: one.size)
    if head.size < newest.size:
        raise EvidenceBroken(
            f"`{newest.who}` holds size {newest.size} of this log, the mirror reaches {head.size}, the back-up {size}: "
            "a mirror that reaches further is needed"
        )

    def act(tx: Tx) -> None:
        core.evidence.take_over(tx, entries, head, note)
        if (other := _otherwise(tx, known, head.size)) is not None:
            raise EvidenceBroken(f"the mirror's log is not the one of which `{other.who}` holds size {other.size}")
        _record(tx, core, told, head.root, f"restored from a back-up, {len(entries)} entries from a mirror")

    await core.store.write(act)
    log.warning("the log was caught up from size %d to %d", size, head.size)


def _reach(tx: Tx) -> tuple[int, bytes]:
    tree = Tree(TxShelf(tx))
    return tree.size, tree.root()


def _otherwise(tx: Tx, known: Iterable[Known], size: int) -> Known | None:
    """Return the first head of at most `size` that is not one of the log as it lies here."""
    tree = Tree(TxShelf(tx))
    return next((one for one in known if one.size <= size and tree.root(one.size) != one.root), None)


def _record(tx: Tx, core: Core, told: Restored, root: bytes, cause: str) -> None:
    """Say in the log what happened, and take the mark away."""
    fields = {"cause": cause}
    link = [told.root or root.hex(), root.hex()]
    core.evidence.record(tx, KIND, part=core.evidence.origin, link=link, fields=fields, now=core.clock.now())
    restored.clear(tx)


# ---- what others know


async def _known(core: Core, space: SpaceView, programs: Programs, told: Restored) -> list[Known]:
    """Return every head of ours that a member or the chain knows; waits for all that were not named as away."""
    members = (await space.whole()).members
    waited = {did: one for did, one in members.items() if did != core.identity.did and did not in told.without}
    found: list[Known] = []
    turn = asyncio.Semaphore(ASKED_MAX)

    async def ask(member: Member) -> list[Known] | None:
        async with turn:
            try:
                return await _told_by(core, member)
            except Exception as fault:  # noqa: BLE001  # whoever does not say is asked again, whatever the matter is
                log.info("`%s` does not say what it knows of our log: %s", member.did, explain_failure(fault).text)
                return None

    while waited:
        for did, heads in zip(tuple(waited), await asyncio.gather(*map(ask, waited.values())), strict=True):
            if heads is not None:
                found += heads
                del waited[did]
        if waited:
            log.warning("waiting for %s to say what they know of our log", ", ".join(sorted(waited)))
            await asyncio.sleep(RETRY_SECONDS)
    anchored = await _answered(lambda: programs.head(checkpoints.origin_id(core.evidence.origin)))
    return found + ([] if anchored is None else [Known(anchored.size, anchored.root, "the chain")])


async def _told_by(core: Core, member: Member) -> list[Known]:
    """Return the heads of ours that a member shows, each signed by us; one that is not is its own invention."""
    headers = readers.header(core.identity.keys.log, core.identity.did, member.did, core.clock.now())
    asked = await core.outbound.get(f"{member.url}/log/peers", headers=headers, limit_bytes=ANSWER_BYTES_MAX)
    rows: Any = asked.json()
    mine = core.evidence.origin
    found = []
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("origin") == mine:
            try:
                head = core.evidence.own(notes.parse(str(row.get("note"))))
            except NoteError as error:
                raise PeerMisbehaved(f"`{member.did}` shows a head of ours that we did not sign: {error}") from error
            found.append(Known(head.size, head.root, member.did))
    return found


# ---- the mirror


async def _read(core: Core, mirror: str, size: int) -> tuple[Checkpoint, str, list[bytes]]:
    """Return the mirror's newest head of ours with its note, and the entries from `size` on; raises EvidenceBroken."""
    fetch = _fetcher(core, mirror)
    try:
        note, head = await reader.read_checkpoint(fetch, core.evidence.vkey, core.evidence.former)
        if head.size - size > MISSING_MAX:
            raise EvidenceBroken(f"the mirror is {head.size - size} entries ahead, at most {MISSING_MAX} are taken")
        bundles = [one for one in tiles_of_level(ENTRIES, head.size) if _end(one) > size]
        entries: list[bytes] = []
        for bundle in bundles:
            leaves = await fetch(Tile(0, bundle.index, bundle.width).path)
            whole, _ = reader.read_bundle(bundle, await fetch(bundle.path), leaves)
            entries += whole[max(0, size - bundle.index * TILE_WIDTH_HASHES) :]
    except (NoteError, TileError, reader.ReadError, VerificationFailed, PeerRefused, OSError) as error:
        raise EvidenceBroken(f"the mirror `{mirror}` does not hold this log: {error}") from error
    return head, note.encode(), entries


def _end(bundle: Tile) -> int:
    return bundle.index * TILE_WIDTH_HASHES + bundle.width


def _fetcher(core: Core, mirror: str) -> reader.Fetch:
    """Return what reads a file of the mirror: below a URL, or in a folder."""
    if mirror.startswith(("http://", "https://")):
        return log_files.below(core.outbound, mirror, log_files.FILE_BYTES_MAX)
    return log_files.inside(Path(mirror), log_files.FILE_BYTES_MAX)
