"""On seeded tables a review catches false profiles as often as its benchmark promises, and doubts no honest one."""

from __future__ import annotations

import pytest

from bench import report, review


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
