"""On seeded tables a review catches false profiles as often as its benchmark promises, and doubts no honest one."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import report, review
from catalog.describe import describe

if TYPE_CHECKING:
    from catalog.profile import FileProfile


@pytest.mark.parametrize("rows", [review.FEW, review.MANY])
def test_a_review_has_the_power_that_is_said(rows):
    found = report.rows(review.measure(3, rows), review.targets(rows))
    judged = [row for row in found if row.met is not None]
    assert len(judged) == len(review.targets(rows)) > len(review.LIES) // 2
    assert [row for row in judged if not row.met] == []


def test_a_look_that_sees_nothing_misses_its_targets(monkeypatch):
    monkeypatch.setattr(review, "doubts", lambda *_: [])
    found = report.rows(review.measure(1, review.FEW), review.targets(review.FEW))
    assert [row.work for row in found if row.met] == [
        review.work(review.FEW, what) for what in (review.HONEST_DOUBTED, review.HONEST_REFUSED)
    ]


def test_parquet_is_looked_into_where_it_lies_in_one_piece():
    seed = bytes(32)
    honest, data = parquet(20)
    assert len(data) <= review.PIECE_BYTES
    assert review.doubts(honest, data, seed) == []
    assert review.doubts(replace(honest, rows=40), data, seed) == ["certain"]
    honest, data = parquet(5_000)
    assert len(data) > review.PIECE_BYTES
    assert review.doubts(replace(honest, rows=10_000), data, seed) == [], "nothing is read: docs/exchange.md says so"


def parquet(rows: int) -> tuple[FileProfile, bytes]:
    """Return a Parquet file of numbers, and its profile."""
    out = io.BytesIO()
    pq.write_table(pa.table({"id": pa.array(range(rows), pa.int64())}), out)
    return describe("t.parquet", io.BytesIO(out.getvalue())), out.getvalue()
