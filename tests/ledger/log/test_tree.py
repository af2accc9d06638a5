"""The log over a shelf: the same roots and proofs as the whole tree, tiles as C2SP lays them, few reads."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.log import merkle, tiles
from ledger.log.mirror import MemoryShelf, build
from ledger.log.tiles import ENTRIES, Tile, TileError
from ledger.log.tree import Log, Run, Tree, runs
from tests.every import every
from tests.fault.extent import tried
from tests.ledger.spans import span_of

SIZE = 70_000


class CountingShelf(MemoryShelf):
    """A shelf that says what was read of it: (level, first, count)."""

    def __init__(self):
        super().__init__()
        self.reads = []

    def hashes(self, level, first, count):
        self.reads.append((level, first, count))
        return super().hashes(level, first, count)


def reads_of(size, prove):
    """Return what a fresh tree of `size` entries reads of its shelf to prove something."""
    shelf = CountingShelf()
    log = Log(shelf)
    for number in range(size):
        log.append(str(number).encode())
    shelf.reads.clear()
    prove(Tree(shelf))
    return shelf.reads


def test_a_full_tile_is_read_once_for_all_siblings_in_it():
    """One leaf beside it, one tile for the other seven siblings below, and one hash of the level above."""
    assert reads_of(512, lambda tree: tree.inclusion(0)) == [(1, 1, 1), (0, 0, 256), (0, 1, 1)]
    assert reads_of(512, lambda tree: tree.inclusion(511)) == [(1, 0, 1), (0, 256, 256), (0, 510, 1)]
    assert reads_of(512, lambda tree: tree.inclusion(511) + tree.inclusion(508)).count((0, 256, 256)) == 1


def test_of_a_partial_tile_is_read_what_is_needed():
    assert reads_of(511, Tree.root) == [(1, 0, 1)] + [(0, 512 - (1 << n + 1), 1 << n) for n in range(7, -1, -1)]


def test_a_root_is_read_as_the_perfect_subtrees_of_its_leaves():
    assert list(runs(0, 0)) == []
    assert list(runs(4, 7)) == [Run(0, 4, 2), Run(0, 6, 1)]
    assert list(runs(0, 256 + 128 + 1)) == [Run(1, 0, 1), Run(0, 256, 128), Run(0, 384, 1)]
    assert list(runs(1 << 17, (1 << 17) + (1 << 16) + (1 << 9))) == [Run(2, 2, 1), Run(1, 768, 2)]


def test_a_proof_within_the_log_is_that_of_the_smaller_tree():
    entries = [str(number).encode() for number in range(20)]
    log, small = build(entries), build(entries[:9])
    assert log.root(9) == small.root()
    assert log.root(0) == merkle.EMPTY_ROOT
    assert log.inclusion(3, 9) == small.inclusion(3)
    assert log.consistency(5, 9) == small.consistency(5)
    assert log.consistency(0, 0) == []


@pytest.mark.parametrize("size", [-1, 4])
def test_a_log_proves_nothing_of_a_size_that_it_has_not(size):
    log = build([b"a", b"b", b"c"])
    for ask in (log.root, lambda size: log.inclusion(0, size), lambda size: log.consistency(0, size)):
        with pytest.raises(merkle.ProofError, match=f"this log has `3` entries, not `{size}`"):
            ask(size)


def test_entries_are_counted_from_nought():
    log = build([])
    assert (log.size, log.root()) == (0, merkle.EMPTY_ROOT)
    assert [log.append(b"a"), log.append_hashed(b"b", merkle.leaf_hash(b"b"))] == [0, 1]
    assert log.size == 2
    assert log.root() == merkle.node_hash(merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b"))


def test_resources_are_those_of_the_specifications_example():
    """C2SP tlog-tiles, "Partial Tiles": a tree of size 70,000."""
    found = list(tiles.resources(SIZE))
    for level, full, partial in [(0, 273, 112), (1, 1, 17), (2, 0, 1)]:
        of_level = [tile for tile in found if tile.level == level]
        assert [tile.width for tile in of_level] == [256] * full + [partial]
    assert sum(tile.level == ENTRIES for tile in found) == 274
    assert [tile.width for tile in tiles.tiles_of_level(1, 256)] == [1]
    assert not list(tiles.resources(0))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(3, 0, 1), "tile/3/000.p/1"),
        (Tile(ENTRIES, 1000, 255), "tile/entries/x001/000.p/255"),
        (Tile(63, 999), "tile/63/999"),
    ],
)
def test_paths(tile, path):
    assert tile.path == path
    assert tiles.parse_path(path) == tile


@every(
    "path",
    [
        "tile/0/1",
        "tile/0/0001",
        "tile/00/001",
        "tile/64/001",
        "tile/0/x000/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/x001/1",
        "tile/entries/001/",
        "tile/-1/001",
        "tile/0/../001",
        "checkpoint",
    ],
)
def test_uncanonical_paths_are_refused(path):
    with pytest.raises(TileError):
        tiles.parse_path(path)


def test_bad_bundles_are_refused():
    body = tiles.encode_bundle([b"one", b"two"])
    for bad, width in [(body, 1), (body, 3), (body[:-1], 2), (body + b"\0", 2), (b"\0", 1)]:
        with pytest.raises(TileError):
            tiles.decode_bundle(bad, width)
    with pytest.raises(TileError):
        tiles.encode_bundle([b"x" * 65_536])
    with pytest.raises(TileError):
        tiles.decode_tile(bytes(33), 1)


def test_oversized_and_empty_entries_change_nothing():
    log = build([b"first"])
    for entry in (b"", b"x" * 65_536):
        with pytest.raises(TileError, match=f"an entry has 1 to 65535 bytes, not `{len(entry)}`"):
            log.append(entry)
    assert log.size == 1
    assert log.append(b"x" * 65_535) == 1


# ---- large logs, and whatever log there is


@pytest.fixture(scope="module")
def shelf():
    shelf = CountingShelf()
    log = Log(shelf)
    for number in range(SIZE):
        log.append(str(number).encode())
    return shelf


@pytest.fixture(scope="module")
def large(shelf):
    return Log(shelf)


@given(st.data())
@settings(max_examples=tried(30))
def test_roots_and_proofs_equal_those_of_the_plain_tree(data):
    size = data.draw(st.integers(1, 1000))
    log = build(str(n).encode() for n in range(size))
    leaves = [merkle.leaf_hash(str(n).encode()) for n in range(size)]
    span = span_of(leaves)
    old, index = data.draw(st.integers(0, size)), data.draw(st.integers(0, size - 1))
    assert log.root() == merkle.root(leaves)
    assert log.root(old) == merkle.root(leaves[:old])
    assert log.inclusion(index) == merkle.inclusion_proof(span, index, size)
    assert log.consistency(old) == merkle.consistency_proof(span, old, size)


def test_a_large_root_takes_few_reads(large, shelf):
    shelf.reads.clear()
    root = large.root()
    assert len(shelf.reads) <= math.ceil(math.log2(SIZE))
    merkle.verify_inclusion(merkle.leaf_hash(b"69999"), 69_999, SIZE, large.inclusion(69_999), root)
    merkle.verify_consistency(65_536, large.root(65_536), SIZE, root, large.consistency(65_536))


@pytest.mark.parametrize("index", [0, 255, 256, 65_535, 65_536])
def test_an_entry_of_a_large_log_is_shown(large, index):
    path = large.inclusion(index)
    merkle.verify_inclusion(merkle.leaf_hash(str(index).encode()), index, SIZE, path, large.root())


def test_every_tile_hashes_into_the_one_above(large):
    upper = tiles.decode_tile(large.tile(Tile(1, 0)), 256)
    for index in (0, 7, 255):
        lower = tiles.decode_tile(large.tile(Tile(0, index)), 256)
        assert merkle.root(lower) == upper[index]
        bundle = tiles.decode_bundle(large.tile(Tile(ENTRIES, index)), 256)
        assert [merkle.leaf_hash(entry) for entry in bundle] == lower


def test_a_partial_tile_is_a_prefix_of_the_full_one(large):
    assert large.tile(Tile(0, 3)).startswith(large.tile(Tile(0, 3, 17)))


@given(st.integers(-1, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_paths_round_trip(level, index, width):
    tile = Tile(level, index, width)
    assert tiles.parse_path(tile.path) == tile


def test_beyond_the_log_is_refused(large):
    for tile in (Tile(0, 273), Tile(0, 273, 113), Tile(ENTRIES, 273, 113), Tile(2, 0, 2), Tile(3, 0, 1)):
        with pytest.raises(TileError, match="is beyond this log of `70000` entries"):
            large.tile(tile)
    assert len(tiles.decode_bundle(large.tile(Tile(ENTRIES, 273, 112)), 112)) == 112
    with pytest.raises(merkle.ProofError):
        large.root(SIZE + 1)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_round_trip(entries):
    assert tiles.decode_bundle(tiles.encode_bundle(entries), len(entries)) == entries
