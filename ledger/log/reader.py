"""Read another's log as static files: `fetch(path)` for `checkpoint`, `tile/...`, and believe only what hashes.

A reader holds no trust in the server: the checkpoint must be signed, every bundle must hash to its level-0 tile, and
the leaves must make the checkpoint's root. What fails is named by path. Consistency proofs are computed here from the
same tiles, so a peer need not offer any.

Law: a root that was made of all leaves proves each of them: an inclusion proof is a part of that very computation. So a
log is read tile by tile and never held whole; what is kept of an entry counts when `check_root` has passed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ledger.log import checkpoint as checkpoints
from ledger.log import merkle
from ledger.log import note as notes
from ledger.log.tiles import TILE_WIDTH_HASHES, Tile, decode_bundle, decode_tile, level_size
from ledger.log.tree import Run, Tree, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.log.checkpoint import Checkpoint
    from ledger.log.leaves import Leaves
    from ledger.log.note import Note, VerifierKey

# of one log; its leaf hashes are held in memory, 33 bytes each
ENTRY_LIMIT_COUNT = 4_000_000
LOG_LIMIT_BYTES = 1 << 32

Fetch = Callable[[str], Awaitable[bytes]]


class ReadError(ValueError):
    """A log does not hold what its checkpoint says, or is larger than we read; its server is at fault."""


async def read_checkpoint(
    fetch: Fetch, key: VerifierKey, former: Sequence[checkpoints.Former] = ()
) -> tuple[Note, Checkpoint]:
    """Fetch and verify the newest checkpoint; `NoteError` if no key signed it, `ReadError` if too large.

    What is served bears the present key's signature; a copy of before may bear a `former` one's alone.
    """
    note = notes.parse(await fetch("checkpoint"))
    checkpoint = checkpoints.verify(note, key, former)
    if checkpoint.size > ENTRY_LIMIT_COUNT:
        raise ReadError(f"`{checkpoint.origin}` has `{checkpoint.size}` entries, at most {ENTRY_LIMIT_COUNT} are read")
    return note, checkpoint


async def fetch_bundle(fetch: Fetch, tile: Tile) -> tuple[bytes, bytes, bytes]:
    """Fetch a bundle of entries, its level-0 tile, and its addenda; nothing of it is proven (`read_bundle`)."""
    entries, hashes = await fetch(tile.path), await fetch(Tile(0, tile.index, tile.width).path)
    return entries, hashes, await fetch(f"addenda/{tile.index * TILE_WIDTH_HASHES}-{tile.width}")


def read_bundle(bundle: Tile, body: bytes, tile: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the entries of a bundle and their leaf hashes, which are those of its level-0 tile; or `ReadError`."""
    entries = decode_bundle(body, bundle.width)
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    hashes = Tile(0, bundle.index, bundle.width)
    for offset, (mine, theirs) in enumerate(zip(leaves, decode_tile(tile, bundle.width), strict=True)):
        if mine != theirs:
            index = bundle.index * TILE_WIDTH_HASHES + offset
            raise ReadError(f"entry `{index}` does not hash to its leaf in `{hashes.path}`")
    return entries, leaves


def check_size(checkpoint: Checkpoint, size_bytes: int) -> None:
    """Raise `ReadError` if so many bytes of entries are more than we read of one log."""
    if size_bytes > LOG_LIMIT_BYTES:
        raise ReadError(f"`{checkpoint.origin}` is larger than {LOG_LIMIT_BYTES} bytes")


def check_root(checkpoint: Checkpoint, leaves: Leaves) -> None:
    """Raise `ReadError` unless these are all leaves under a checkpoint: that proves every one of them."""
    if leaves.size() != checkpoint.size or Tree(leaves).root() != checkpoint.root:
        raise ReadError(f"the entries of `{checkpoint.origin}` do not make the root of its checkpoint")


async def consistency(fetch: Fetch, old: int, size: int) -> list[bytes]:
    """Compute the proof from `old` to `size` entries out of the log's tiles; the caller verifies it."""
    return await _made(fetch, size, lambda span: merkle.consistency_proof(span, old, size))


async def prefix(fetch: Fetch, old: int, size: int) -> list[bytes]:
    """Compute `merkle.prefix_proof` out of the log's tiles; the caller verifies it."""
    return await _made(fetch, size, lambda span: merkle.prefix_proof(span, old, size))


async def inclusion(fetch: Fetch, index: int, size: int) -> list[bytes]:
    """Compute the audit path of an entry in the tree of `size` out of the log's tiles; the caller verifies it."""
    return await _made(fetch, size, lambda span: merkle.inclusion_proof(span, index, size))


async def _made(fetch: Fetch, size: int, prove: Callable[[merkle.Span], list[bytes]]) -> list[bytes]:
    """Make a proof of the spans that it asks for."""
    spans: list[tuple[int, int]] = []

    def record(start: int, end: int) -> bytes:
        spans.append((start, end))
        return b""

    prove(record)
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
