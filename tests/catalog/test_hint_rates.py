"""How often the rules for personal data hit and miss, over a corpus whose truth is known; the page says just that."""

from __future__ import annotations

import re
from pathlib import Path

from catalog.hints import GRADE_OF_HINT
from docs.generate import hints

PAGE = (Path(__file__).parents[2] / "docs/personal-data.md").read_text(encoding="utf-8")
RATES = PAGE.split("made: rates of hints")[1]


def test_the_corpus_is_the_same_everywhere_and_has_every_kind():
    assert hints.corpus() == hints.corpus()
    assert {column.truth for column in hints.corpus()} == {*GRADE_OF_HINT, hints.HARMLESS}
    assert sum(column.truth == hints.HARMLESS for column in hints.corpus()) >= 100


def test_the_page_says_what_was_measured():
    for rate in hints.measured():
        row = next(line for line in RATES.splitlines() if line.startswith(f"| {rate.what} |"))
        numbers = re.findall(r"\d+", row.split("|", 3)[-1])
        assert str(rate.columns) in numbers
        assert str(rate.hit) in numbers


def test_columns_that_others_have_labelled_are_known_by_their_names():
    personal, others = hints.labelled()
    assert (personal.columns, others.columns) == (22, 64)
    assert personal.hit * 100 >= 90 * personal.columns
    assert others.hit * 100 <= 5 * others.columns
    for rate in (personal, others):
        row = next(line for line in RATES.splitlines() if line.startswith(f"| labelled by others: {rate.what} |"))
        assert f"| {rate.columns} | {rate.hit} |" in row


def test_the_rules_hit_most_and_cry_wolf_seldom():
    rates = {rate.what: rate for rate in hints.measured()}
    for what in ("e-mail address", "telephone number", "identity number"):
        assert rates[what].hit * 100 >= 90 * rates[what].columns
    assert rates[hints.HARMLESS].hit * 100 <= 20 * rates[hints.HARMLESS].columns
