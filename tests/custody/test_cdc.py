"""Layout `cdc`: an insertion moves no other piece, the same cuts wherever windows end, and cuts that never change."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from fastcdc.fastcdc_cy import fastcdc_cy
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.custody.cutting import cdc
from connector.custody.sources import source_of
from tests.custody.test_later_editions import Shop, own
from tests.custody.test_seal_and_open import S, noise, opened, sealed_in
from tests.fault.extent import tried

LONG = noise(40 * S, 5)


def cut(content: bytes) -> list[int]:
    origin = SimpleNamespace(place="x")
    file = SimpleNamespace(name="x", size=len(content), open=lambda: io.BytesIO(content), origin=origin)
    return list(cdc.cut(SimpleNamespace(files=[file]), S).cuts[0].lengths)


def test_pieces_are_within_their_bounds_and_what_opens_is_the_file(tmp_path):
    content = {"a": LONG, "b": b"short", "empty": b"", "same": bytes(3 * S)}
    keys, blobs, sealed = sealed_in(tmp_path, content, layout="cdc")
    assert opened(tmp_path, keys, blobs, sealed) == content
    assert sealed.header.layout == "cdc"
    for file in sealed.index.files:
        rows = range(file.first_row, file.first_row + file.row_count)
        lengths = [sealed.table.plain_bytes(row, 1) for row in rows]
        assert all(length <= S for length in lengths)
        assert all(length >= S // cdc.LEAST_PART for length in lengths[:-1])
    lengths = cut(LONG)
    assert S / 8 < sum(lengths) / len(lengths) < S / 2


@settings(max_examples=tried(25))
@given(size=st.integers(0, 20 * S), seed=st.integers(0, 3))
def test_where_windows_end_does_not_matter(size, seed):
    content = noise(size, seed)
    whole = [chunk.length for chunk in fastcdc_cy(content, S // 16, S // 4, S)] if content else []
    assert cut(content) == whole


def test_the_cuts_never_change():
    """Later editions repeat pieces only while these stay; a new version of the package that moves them is refused."""
    assert cut(LONG)[:8] == [10118, 26096, 16743, 13661, 15906, 6202, 15196, 25830]
    assert (len(cut(LONG)), cut(bytes(3 * S))) == (167, [65536, 65536, 65536])


@pytest.mark.parametrize("at", [0, 7 * S + 5, len(LONG)])
def test_what_is_inserted_moves_no_other_piece(tmp_path, at):
    """With cuts at fixed places everything behind it would be new."""
    shop = Shop(tmp_path)
    shop.seal({"a": LONG}, layout="cdc")
    longer = LONG[:at] + b"inserted" + LONG[at:]
    sealed = shop.seal({"a": longer}, layout="cdc")
    assert shop.opened(1) == {"a": longer}
    assert own(sealed) <= 3
    assert len(sealed.table) > 100


def test_critical_ranges_are_found_between_any_cuts(tmp_path):
    footer = noise(70_000, 9)
    data = b"PAR1" + noise(4 * S, 8) + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    (tmp_path / "t.parquet").write_bytes(data)
    made = cdc.cut(source_of([tmp_path / "t.parquet"]), S).cuts[0]
    before = sum(made.lengths[: made.critical.ranges[0][0]])
    assert before <= len(data) - len(footer) - 8 < before + made.lengths[made.critical.ranges[0][0]]
    assert made.critical.end == len(made)
