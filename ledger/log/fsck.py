"""fsck of a log: everything that a checkpoint promises is read again, once, from its tiles.

    entries ─ leaf hash ─> tile/0 ─ 256 to one ─> tile/1 ─ … ─> root ─ signed in ─> checkpoint <─ cosigned ─ witnesses

Law: what is below is compared with what is above at each arrow, and what is above that says which of the two was
changed; the check then goes on with the other, so one changed byte is one flaw. Memory holds one tile of each level,
however long the log is. Nothing that is read is believed: a lost or malformed file is a flaw like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ledger.log import checkpoint as checkpoints
from ledger.log import cosignature, merkle
from ledger.log import note as notes
from ledger.log.flaws import Flaw
from ledger.log.note import MalformedNoteError, NoteError
from ledger.log.tiles import (
    ENTRIES,
    TILE_WIDTH_HASHES,
    Tile,
    TileError,
    decode_bundle,
    decode_tile,
    level_size,
    tiles_of_level,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ledger.log.checkpoint import Checkpoint
    from ledger.log.note import Note, VerifierKey
    from ledger.log.policy import LogPolicy
    from ledger.log.reader import Fetch

# what is told of a log of which nothing is right; the rest is counted
FLAWS_LIMIT_COUNT = 1000
CHECKPOINT = "checkpoint"


class ResourceLost(Exception):  # noqa: N818 - said in sentences; raised by a `Fetch`
    """A file of the log is not there, or cannot be read."""


class Beside(Protocol):
    """What a participant keeps beside the tiles of its own log."""

    def is_empty(self) -> bool:
        """Say whether nothing was ever recorded, signed or anchored: such a log is whole."""

    def heads(self, above: int, upto: int) -> Iterable[tuple[int, str]]:
        """Return size and signed notes of every checkpoint of a size in (above, upto], by size."""

    def survey(self, head: Checkpoint, report: Report) -> None:
        """Compare what is kept with the newest head as a whole."""

    def examine(self, first: int, entries: Sequence[bytes | None], report: Report) -> None:
        """Check what is kept with entries from `first` on; None is one that the tree refutes."""


@dataclass(slots=True)
class Report:
    """What was read and what was wrong; `signed` tells whether the log's key was known, `origin` is its word."""

    origin: str = ""
    size: int = 0
    entries: int = 0
    hashes: int = 0
    heads: int = 0
    cosignatures: int = 0
    boxes: int = 0
    erased: int = 0
    signed: bool = False
    flaws: list[Flaw] = field(default_factory=list)
    untold: int = 0

    def add(self, code: str, place: str, seen: object) -> None:
        """Add a flaw."""
        if len(self.flaws) < FLAWS_LIMIT_COUNT:
            self.flaws.append(Flaw(code, place, str(seen)))
        else:
            self.untold += 1

    def json(self) -> dict[str, Any]:
        """Return the report as `penstock log fsck --json` prints it; counts are strings as everywhere."""
        counted = ("size", "entries", "hashes", "heads", "cosignatures", "boxes", "erased", "untold")
        counts = {name: str(getattr(self, name)) for name in counted}
        flaws = [flaw.json() for flaw in self.flaws]
        return {"origin": self.origin, "whole": not flaws, "signed": self.signed, **counts, "flaws": flaws}


async def check(
    fetch: Fetch,
    policy: LogPolicy | None = None,
    beside: Beside | None = None,
    told: Callable[[int, int], object] = lambda _done, _size: None,
) -> Report:
    """Check the log behind `fetch` (which raises `ResourceLost`) up to the checkpoint it serves.

    `policy` says whose signatures count; without one they are not looked at. `told` hears of entries checked, of all.
    """
    report = Report()
    if beside is not None and beside.is_empty():
        return report
    try:
        note = notes.parse(await fetch(CHECKPOINT))
        head = checkpoints.parse_text(note.text)
    except (ResourceLost, MalformedNoteError) as error:
        report.add("checkpoint-unreadable", CHECKPOINT, error)
        return report
    report.origin, report.size = head.origin, head.size
    if policy is not None:
        report.signed = check_note(note, policy, report, CHECKPOINT)
        _check_quorum(note, policy, report)
    if beside is not None:
        beside.survey(head, report)
    await _Climb(fetch, head, policy, beside, report, told).run()
    return report


def check_note(note: Note, policy: LogPolicy, report: Report, place: str) -> bool:
    """Check the signature of the log and those of all witnesses we know; return whether the log's is good."""
    report.heads += 1
    for key in policy.witnesses.values():
        report.cosignatures += _cosigned(note, key, report, place)
    try:
        policy.signed(note)
    except NoteError as error:
        report.add("checkpoint-unsigned", place, error)
        return False
    return True


def _cosigned(note: Note, key: VerifierKey, report: Report, place: str) -> bool:
    try:
        return cosignature.verify(note, key) is not None
    except NoteError as error:
        report.add("cosignature-false", place, error)
        return False


def _check_quorum(note: Note, policy: LogPolicy, report: Report) -> None:
    names = policy.witnesses_of(note)
    if not policy.met_by(names):
        report.add("quorum-missing", CHECKPOINT, f"cosigned by {', '.join(sorted(names)) or 'nobody'}")


class _Climb:
    """From the entries of one log up to its root, one tile of each level at a time."""

    def __init__(
        self,
        fetch: Fetch,
        head: Checkpoint,
        policy: LogPolicy | None,
        beside: Beside | None,
        report: Report,
        told: Callable[[int, int], object],
    ) -> None:
        self._fetch = fetch
        self._head = head
        self._policy = policy
        self._beside = beside
        self._report = report
        self._told = told
        # of each level the hashes made from below that are in no full tile yet
        self._open: list[list[bytes]] = []
        self._tree = merkle.Compact()  # of the roots of full level-0 tiles
        self._last: dict[int, list[bytes]] = {}  # level → hashes of its partial tile as they were read
        self._blind = False  # something below the root could not be had at all

    async def run(self) -> None:
        size = self._head.size
        for bundle in tiles_of_level(ENTRIES, size):
            await self._bundle(bundle)
            self._told(min(size, (bundle.index + 1) * TILE_WIDTH_HASHES), size)
        for level, hashes in enumerate(self._open[1:], start=1):
            if hashes:
                tile = Tile(level, level_size(level, size) // TILE_WIDTH_HASHES, len(hashes))
                self._last[level] = await self._hashes(tile) or hashes
        self._close()

    async def _bundle(self, bundle: Tile) -> None:
        """Check a bundle against its tile, what is kept beside its entries, and the heads signed within it."""
        tile, first = Tile(0, bundle.index, bundle.width), bundle.index * TILE_WIDTH_HASHES
        entries, read = await self._read(bundle, decode_bundle), await self._hashes(tile)
        made = read
        if entries is not None:
            self._report.entries += len(entries)
            made = [merkle.leaf_hash(entry) for entry in entries]
        leaves = await self._settled(tile, made, read)
        if entries is not None and leaves is not None and self._beside is not None:
            standing = [
                one if merkle.leaf_hash(one) == leaf else None for one, leaf in zip(entries, leaves, strict=True)
            ]
            self._beside.examine(first, standing, self._report)
        if leaves is not None:
            self._check_heads(first, leaves)
        if bundle.width < TILE_WIDTH_HASHES:
            self._open[:1] = [leaves or []]
            self._last[0] = read or leaves or []
            self._blind |= leaves is None
        else:
            root = await self._root_of(tile, leaves)
            self._tree = self._tree.append(root)
            await self._climb(1, root)

    async def _climb(self, level: int, value: bytes) -> None:
        """Put a hash on a level; a tile that is full is settled and its root put on the level above."""
        while len(self._open) <= level:
            self._open.append([])
        hashes = self._open[level]
        hashes.append(value)
        if len(hashes) == TILE_WIDTH_HASHES:
            self._open[level] = []
            tile = Tile(level, self._tree.size // TILE_WIDTH_HASHES**level - 1)
            settled = await self._settled(tile, hashes, await self._hashes(tile))
            await self._climb(level + 1, await self._root_of(tile, settled))

    async def _settled(self, tile: Tile, made: list[bytes] | None, read: list[bytes] | None) -> list[bytes] | None:
        """Compare the hashes of a full tile with those made from below; return those that the level above confirms."""
        if made is None or read is None or read == made or tile.width < TILE_WIDTH_HASHES:
            return made
        above = await self._above(tile)
        if above == merkle.perfect(read):
            self._differ(tile, made, read, "entry-changed")
            return read
        self._differ(tile, made, read, "hash-changed" if above == merkle.perfect(made) else "entry-or-hash-changed")
        return made

    async def _root_of(self, tile: Tile, hashes: list[bytes] | None) -> bytes:
        """Return the root of a full tile; of one that is lost, what the level above has for it."""
        if hashes is not None:
            return merkle.perfect(hashes)
        above = await self._above(tile)
        self._blind |= above is None
        return above or merkle.EMPTY_ROOT

    async def _above(self, tile: Tile) -> bytes | None:
        """Return the hash that the level above has for a full tile."""
        index, offset = divmod(tile.index, TILE_WIDTH_HASHES)
        width = min(TILE_WIDTH_HASHES, level_size(tile.level + 1, self._head.size) - index * TILE_WIDTH_HASHES)
        above = Tile(tile.level + 1, index, width)
        try:
            return decode_tile(await self._fetch(above.path), width)[offset]
        except (ResourceLost, TileError):
            return None  # it is reported when its turn comes

    def _close(self) -> None:
        """Compare the root with the checkpoint's, made from below and as the last, partial tiles have it."""
        made = _root(self._open)
        read = _root([self._last.get(level, hashes) for level, hashes in enumerate(self._open)])
        if self._blind:
            return  # what is lost is reported, and nobody can say whether the rest makes the root
        if self._head.root not in {made, read}:
            seen = f"the entries make the root `{made.hex()}`, signed is `{self._head.root.hex()}`"
            self._report.add("root-differs", CHECKPOINT, seen)
        code = "hash-changed" if self._head.root == made else "entry-changed"
        for level, hashes in self._last.items():
            index = level_size(level, self._head.size) // TILE_WIDTH_HASHES
            self._differ(Tile(level, index, len(hashes)), self._open[level], hashes, code)

    def _differ(self, tile: Tile, made: Sequence[bytes], read: Sequence[bytes], code: str) -> None:
        """Report each place at which a tile differs from what is below it."""
        for offset, (below, here) in enumerate(zip(made, read, strict=True)):
            if below != here:
                index = tile.index * TILE_WIDTH_HASHES + offset
                lower = f"entry {index}" if tile.level == 0 else Tile(tile.level - 1, index).path
                place = f"{tile.path} hash {offset}" if code == "hash-changed" else lower
                self._report.add(code, place, f"{lower} does not make hash {offset} of {tile.path}")

    def _check_heads(self, first: int, leaves: Sequence[bytes]) -> None:
        """Check every checkpoint kept of a size within these leaves: its signatures, and its root."""
        if self._beside is None or self._policy is None:
            return
        tail = merkle.Compact()
        for size, raw in self._beside.heads(first, first + len(leaves)):
            place = f"the kept checkpoint of size {size}"
            try:
                note = notes.parse(raw)
                head = checkpoints.parse_text(note.text)
            except MalformedNoteError as error:
                self._report.add("checkpoint-unreadable", place, error)
                continue
            check_note(note, self._policy, self._report, place)
            while first + tail.size < size:
                tail = tail.append(leaves[tail.size])
            if head.size != size or head.root != merkle.fold((*self._tree.peaks, *tail.peaks)):
                self._report.add(
                    "head-differs", place, f"the entries make another root than that signed at size {head.size}"
                )

    async def _hashes(self, tile: Tile) -> list[bytes] | None:
        found = await self._read(tile, decode_tile)
        self._report.hashes += len(found or ())
        return found

    async def _read(self, tile: Tile, decode: Callable[[bytes, int], list[bytes]]) -> list[bytes] | None:
        try:
            return decode(await self._fetch(tile.path), tile.width)
        except ResourceLost as error:
            self._report.add("resource-lost", tile.path, error)
        except TileError as error:
            self._report.add("resource-malformed", tile.path, error)
        return None


def _root(levels: Sequence[Sequence[bytes]]) -> bytes:
    """Return the root over the hashes of the partial tiles, level 0 first."""
    peaks: list[bytes] = []
    for hashes in reversed(levels):
        tree = merkle.Compact()
        for value in hashes:
            tree = tree.append(value)
        peaks += tree.peaks
    return merkle.fold(peaks)
