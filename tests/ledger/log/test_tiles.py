"""Tiles at their edges: what is one, how many a tree has, and bodies that are a byte off."""

from __future__ import annotations

import pytest

from ledger.log import tiles
from ledger.log.tiles import ENTRIES, Tile, TileError
from tests.every import every


@pytest.mark.parametrize("tile", [(ENTRIES, 0, 1), (0, 0, 256), (63, 0, 1)])
def test_a_tile_at_the_edge_is_one(tile):
    assert Tile(*tile).path


@pytest.mark.parametrize("tile", [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_what_lies_beyond_is_none(tile):
    with pytest.raises(TileError, match="no tile"):
        Tile(*tile)


def test_a_partial_tile_is_replaced_by_the_full_one():
    assert Tile(1, 7, 3).full == Tile(1, 7) == Tile(1, 7, 256)


@pytest.mark.parametrize(
    ("index", "path"), [(999, "999"), (1000, "x001/000"), (999_999, "x999/999"), (1_000_000, "x001/x000/000")]
)
def test_an_index_is_written_in_groups_of_three(index, path):
    assert Tile(0, index).path == f"tile/0/{path}"
    assert tiles.parse_path(f"tile/entries/{path}.p/255") == Tile(ENTRIES, index, 255)


@every(
    ("level", "size", "count"),
    [(ENTRIES, 300, 300), (0, 300, 300), (1, 255, 0), (1, 256, 1), (1, 511, 1), (2, 65536, 1)],
)
def test_only_complete_hashes_stand_in_a_level(level, size, count):
    assert tiles.level_size(level, size) == count


@every(("size", "widths"), [(0, []), (1, [1]), (255, [255]), (256, [256]), (257, [256, 1]), (512, [256, 256])])
def test_the_last_tile_of_a_level_may_be_partial(size, widths):
    found = list(tiles.tiles_of_level(0, size))
    assert [tile.width for tile in found] == widths
    assert [tile.index for tile in found] == [*range(len(widths))]


def test_a_static_copy_holds_bundles_and_every_level():
    assert list(tiles.resources(256)) == [Tile(ENTRIES, 0), Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles.resources(1)) == [Tile(ENTRIES, 0, 1), Tile(0, 0, 1)]


def test_a_tile_is_split_into_its_hashes():
    assert tiles.decode_tile(b"a" * 32 + b"b" * 32, 2) == [b"a" * 32, b"b" * 32]
    for wrong in (b"a" * 63, b"a" * 65, b"a" * 32, b"a" * 96):
        with pytest.raises(TileError, match="width `2`"):
            tiles.decode_tile(wrong, 2)


def test_entries_stand_behind_their_lengths():
    longest = b"x" * 65_535
    assert tiles.encode_bundle([b"ab", b"", longest]) == b"\0\2ab\0\0\xff\xff" + longest
    assert tiles.decode_bundle(b"\0\2ab\0\0\xff\xff" + longest, 3) == [b"ab", b"", longest]
    with pytest.raises(TileError, match="over 65535"):
        tiles.encode_bundle([longest + b"x"])


@every(
    ("body", "width", "match"),
    [
        (b"\0\2a", 1, "inside an entry"),
        (b"\0\1a\0", 2, "inside an entry"),
        (b"\0", 1, "inside an entry"),
        (b"\0\1a", 2, "holds `1` entries"),
        (b"\0\1a\0\1b", 1, "has bytes left over"),
        (b"\0\1a\0", 1, "has bytes left over"),
        (b"", 1, "holds `0` entries"),
    ],
)
def test_a_bundle_ends_with_its_last_entry(body, width, match):
    with pytest.raises(TileError, match=match):
        tiles.decode_bundle(body, width)
