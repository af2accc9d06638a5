"""How fresh subjects may be told to be, as terms have it: one spelling, and said in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts import gate as gates
from contracts.coverage import Coverage
from contracts.errors import ContractError
from contracts.freshness import Freshness
from contracts.gate import Gate
from contracts.summary import summary
from tests.contracts.weather import TERMS

FRESH = Freshness("seen", (30, 90, 365))
GATE = Gate(("revenue",), "firm", coverage=Coverage(140, filled=("revenue",), fresh=FRESH))


def test_it_is_written_and_read_as_it_was():
    told = GATE.json()
    assert told["coverage"]["fresh"] == {"column": "seen", "days": ["30", "90", "365"]}
    assert gates.read(told) == GATE
    bare = replace(GATE, coverage=Coverage(140, filled=("revenue",)))
    assert "fresh" not in bare.json()["coverage"], "terms of before have the spelling that they had"
    assert gates.read(bare.json()) == bare


def test_questions_have_names_that_no_column_has():
    covers = GATE.coverage
    assert covers.questions == ("", "revenue", "30\nseen", "90\nseen", "365\nseen")
    assert [covers.about(one) for one in covers.questions] == [
        ("", None), ("revenue", None), ("seen", 30), ("seen", 90), ("seen", 365),
    ]  # fmt: skip
    assert covers.columns == ("revenue", "seen")
    both = Coverage(140, filled=("seen",), fresh=FRESH)
    assert (both.columns, both.questions[1]) == (("seen",), "seen")
    assert Coverage(140, filled=("seen",)).about("seen") == ("seen", None)


@pytest.mark.parametrize(
    "fresh",
    [
        None,
        "seen:30",
        {"column": "seen"},
        {"column": "seen", "days": "30"},
        {"column": "seen", "days": [30]},
        {"column": "seen", "days": ["030"]},
        {"column": "seen", "days": ["1", "2", "3", "4", "5"]},
        {"column": "seen", "days": ["1"] * 10_000},
        {"column": "seen", "days": ["90", "30"]},
        {"column": "", "days": ["30"]},
        {"column": "se\nen", "days": ["30"]},
        {"column": "x" * 513, "days": ["30"]},
        {"column": ["seen"], "days": ["30"]},
        {"column": "firm", "days": ["30"]},
        {"column": "seen", "days": ["30"], "more": "1"},
    ],
)
def test_other_spellings_are_refused(fresh):
    told = GATE.json()
    with pytest.raises(ContractError):
        gates.read({**told, "coverage": {**told["coverage"], "fresh": fresh}})


def test_a_signer_reads_it_in_both_languages():
    terms = replace(TERMS, tier="computed", lease_seconds=0, gate=GATE)
    assert "5 answers on each at ε 1.40, and how many have in seen a day at most 30, 90, 365 days" in summary(terms)
    assert "封存前 30、90、365 天内" in summary(terms, "zh")
