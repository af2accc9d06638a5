"""The log over a shelf: the same roots and proofs as the whole tree, tiles as C2SP lays them, few reads."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import merkle, tiles
from ledger.log import Log
from ledger.mirror import MemoryShelf, build
from ledger.tiles import ENTRIES, Tile, TileError
from tests.ledger.spans import span_of

SIZE = 70_000


class CountingShelf(MemoryShelf):
    reads = 0

    def hashes(self, level, first, count):
        type(self).reads += 1
        return super().hashes(level, first, count)


@pytest.fixture(scope="module")
def large():
    log = Log(CountingShelf())
    for number in range(SIZE):
        log.append(str(number).encode())
    return log


@given(st.data())
@settings(max_examples=30)
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


def test_a_large_root_takes_few_reads(large):
    CountingShelf.reads = 0
    root = large.root()
    assert CountingShelf.reads <= math.ceil(math.log2(SIZE))
    merkle.verify_inclusion(merkle.leaf_hash(b"69999"), 69_999, SIZE, large.inclusion(69_999), root)
    merkle.verify_consistency(65_536, large.root(65_536), SIZE, root, large.consistency(65_536))


def test_resources_are_those_of_the_specifications_example():
    """C2SP tlog-tiles, "Partial Tiles": a tree of size 70,000."""
    found = list(tiles.resources(SIZE))
    for level, full, partial in [(0, 273, 112), (1, 1, 17), (2, 0, 1)]:
        of_level = [tile for tile in found if tile.level == level]
        assert [tile.width for tile in of_level] == [256] * full + [partial]
    assert sum(tile.level == ENTRIES for tile in found) == 274
    assert [tile.width for tile in tiles.tiles_of_level(1, 256)] == [1]
    assert not list(tiles.resources(0))


def test_every_tile_hashes_into_the_one_above(large):
    upper = tiles.decode_tile(large.tile(Tile(1, 0)), 256)
    for index in (0, 7, 255):
        lower = tiles.decode_tile(large.tile(Tile(0, index)), 256)
        assert merkle.root(lower) == upper[index]
        bundle = tiles.decode_bundle(large.tile(Tile(ENTRIES, index)), 256)
        assert [merkle.leaf_hash(entry) for entry in bundle] == lower


def test_a_partial_tile_is_a_prefix_of_the_full_one(large):
    assert large.tile(Tile(0, 3)).startswith(large.tile(Tile(0, 3, 17)))


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


@given(st.integers(-1, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_paths_round_trip(level, index, width):
    tile = Tile(level, index, width)
    assert tiles.parse_path(tile.path) == tile


@pytest.mark.parametrize(
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


def test_beyond_the_log_is_refused(large):
    for tile in (Tile(0, 273), Tile(0, 273, 113), Tile(2, 0, 2), Tile(3, 0, 1)):
        with pytest.raises(TileError):
            large.tile(tile)
    with pytest.raises(merkle.ProofError):
        large.root(SIZE + 1)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_round_trip(entries):
    assert tiles.decode_bundle(tiles.encode_bundle(entries), len(entries)) == entries


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
        with pytest.raises(TileError):
            log.append(entry)
    assert log.size == 1
    assert log.append(b"x" * 65_535) == 1
