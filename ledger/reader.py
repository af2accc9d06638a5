"""Read another's log as static files: `fetch(path)` for `checkpoint`, `tile/...`, and believe only what hashes.

A reader holds no trust in the server: the checkpoint must be signed, every bundle must hash to its level-0 tile, and
the leaves must make the checkpoint's root. What fails is named by path. Consistency proofs are computed here from the
same tiles, so a peer need not offer any.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger import checkpoint as checkpoints
from ledger import merkle
from ledger import note as notes
from ledger.log import Run, runs
from ledger.tiles import ENTRIES, TILE_WIDTH_HASHES, Tile, decode_bundle, decode_tile, level_size, tiles_of_level

if TYPE_CHECKING:
    from ledger.checkpoint import Checkpoint
    from ledger.note import Note, VerifierKey

ENTRY_LIMIT_COUNT = 1_000_000
LOG_LIMIT_BYTES = 1 << 30

Fetch = Callable[[str], Awaitable[bytes]]


class ReadError(ValueError):
    """A log does not hold what its checkpoint says, or is larger than we read; its server is at fault."""


@dataclass(frozen=True, slots=True)
class LogCopy:
    """A whole log that was verified against its own signed checkpoint."""

    note: Note
    checkpoint: Checkpoint
    entries: tuple[bytes, ...]
    leaves: tuple[bytes, ...]

    def root(self, size: int) -> bytes:
        """Return the root of the first `size` entries."""
        return merkle.root(self.leaves[:size])


async def read_checkpoint(fetch: Fetch, key: VerifierKey) -> tuple[Note, Checkpoint]:
    """Fetch and verify the newest checkpoint; `NoteError` if the log's key did not sign it."""
    note = notes.parse(await fetch("checkpoint"))
    return note, checkpoints.verify(note, key)


async def read(fetch: Fetch, key: VerifierKey) -> LogCopy:
    """Fetch a whole log and verify signature, bundles against leaf hashes, and root."""
    note, checkpoint = await read_checkpoint(fetch, key)
    return await read_entries(fetch, note, checkpoint)


async def read_entries(fetch: Fetch, note: Note, checkpoint: Checkpoint) -> LogCopy:
    """Fetch and verify everything under a checkpoint that is verified already."""
    if checkpoint.size > ENTRY_LIMIT_COUNT:
        raise ReadError(f"`{checkpoint.origin}` has `{checkpoint.size}` entries, at most {ENTRY_LIMIT_COUNT} are read")
    entries: list[bytes] = []
    leaves: list[bytes] = []
    total = 0
    for bundle in tiles_of_level(ENTRIES, checkpoint.size):
        found = decode_bundle(await fetch(bundle.path), bundle.width)
        hashed = [merkle.leaf_hash(entry) for entry in found]
        await _check_tile(fetch, Tile(0, bundle.index, bundle.width), hashed)
        total += sum(map(len, found))
        if total > LOG_LIMIT_BYTES:
            raise ReadError(f"`{checkpoint.origin}` is larger than {LOG_LIMIT_BYTES} bytes")
        entries += found
        leaves += hashed
    if merkle.root(leaves) != checkpoint.root:
        raise ReadError(f"the entries of `{checkpoint.origin}` do not make the root of its checkpoint")
    return LogCopy(note, checkpoint, tuple(entries), tuple(leaves))


async def _check_tile(fetch: Fetch, tile: Tile, leaves: list[bytes]) -> None:
    served = decode_tile(await fetch(tile.path), tile.width)
    for offset, (mine, theirs) in enumerate(zip(leaves, served, strict=True)):
        if mine != theirs:
            index = tile.index * TILE_WIDTH_HASHES + offset
            raise ReadError(f"entry `{index}` does not hash to its leaf in `{tile.path}`")


async def consistency(fetch: Fetch, old: int, size: int) -> list[bytes]:
    """Compute the proof from `old` to `size` entries out of the log's tiles; the caller verifies it."""
    spans: list[tuple[int, int]] = []

    def record(start: int, end: int) -> bytes:
        spans.append((start, end))
        return b""

    merkle.consistency_proof(record, old, size)
    cache: dict[Tile, list[bytes]] = {}
    return [await _span(fetch, start, end, size, cache) for start, end in reversed(spans)]


async def _span(fetch: Fetch, start: int, end: int, size: int, cache: dict[Tile, list[bytes]]) -> bytes:
    return merkle.fold([merkle.perfect(await _run(fetch, run, size, cache)) for run in runs(start, end)])


async def _run(fetch: Fetch, run: Run, size: int, cache: dict[Tile, list[bytes]]) -> list[bytes]:
    index, offset = divmod(run.first, TILE_WIDTH_HASHES)
    width = min(TILE_WIDTH_HASHES, level_size(run.level, size) - index * TILE_WIDTH_HASHES)
    tile = Tile(run.level, index, width)
    if tile not in cache:
        cache[tile] = decode_tile(await fetch(tile.path), width)
    return cache[tile][offset : offset + run.count]
