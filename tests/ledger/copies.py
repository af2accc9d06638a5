"""A whole log as a stranger reads it: with the parts that the audit reads by, and everything kept."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.log import reader
from ledger.log.leaves import Leaves
from ledger.log.tiles import ENTRIES, Tile, tiles_of_level
from ledger.log.tree import Tree


@dataclass(frozen=True)
class LogCopy:
    """The newest signed head, the tree below it, and its entries."""

    checkpoint: object
    tree: Tree
    entries: tuple[bytes, ...]


async def read(fetch, key):
    """Fetch a whole log and verify signature, bundles against leaf hashes, and root."""
    _, checkpoint = await reader.read_checkpoint(fetch, key)
    entries, leaves = [], Leaves()
    for bundle in tiles_of_level(ENTRIES, checkpoint.size):
        hashes = Tile(0, bundle.index, bundle.width)
        found, hashed = reader.read_bundle(bundle, await fetch(bundle.path), await fetch(hashes.path))
        leaves.extend(b"".join(hashed))
        entries += found
        reader.check_size(checkpoint, sum(map(len, entries)))
    reader.check_root(checkpoint, leaves)
    return LogCopy(checkpoint, Tree(leaves), tuple(entries))
