"""An application as a value: one spelling, and parameters that are what was signed of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.application import ASKS_MAX, NEEDS_MAX, TIERS, Application, read
from contracts.assent import PARAMETERS_MAX, TELLS_MAX
from contracts.errors import ContractError
from contracts.terms import Terms
from tests.contracts.test_terms import TERMS
from tests.every import every
from tests.fault.extent import tried

PROGRAM = "sha-256:" + "ab" * 32
SOLD = Application(PROGRAM, ("age", "revenue"), (("slope", -10.0, 10.0),), (("factor", 0.0, 2.5),))
NAMES = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20)
SPANS = st.tuples(st.floats(-1e15, 1e15), st.floats(-1e15, 1e15)).filter(lambda one: one[0] < one[1])


def told(most):
    return st.dictionaries(NAMES, SPANS, max_size=most).map(
        lambda found: tuple((name, least, greatest) for name, (least, greatest) in found.items())
    )


@settings(max_examples=tried(100))
@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), told(TELLS_MAX), told(5))
def test_it_is_read_as_it_was_written(needs, tells, takes):
    made = Application(PROGRAM, tuple(needs), tells or (("one", 0.0, 1.0),), takes)
    assert read(made.json()) == made
    assert read(made.json()).json() == made.json()


def test_it_stands_in_terms_and_changes_their_digest():
    said = {**TERMS.json(), "tier": "kept", "leaseSeconds": 0}
    said.pop("gate", None)
    without, with_it = Terms.from_json(said), Terms.from_json({**said, "application": SOLD.json()})
    assert with_it.application == SOLD
    assert with_it.json() == {**without.json(), "application": SOLD.json()}
    assert with_it.digest != without.digest
    for odd in (None, {}, [], "any"):
        with pytest.raises(ContractError):
            Terms.from_json({**said, "application": odd})


def test_it_is_sold_where_each_use_is_opened():
    assert TIERS == ("kept", "leased")
    with pytest.raises(ContractError):
        Terms.from_json({**TERMS.json(), "tier": "plain", "leaseSeconds": 0, "application": SOLD.json()})


@every(
    "change",
    (
        {"program": "sha-256:" + "AB" * 32},
        {"program": 1},
        {"needs": []},
        {"needs": ["age", "age"]},
        {"needs": [1]},
        {"needs": "age"},
        {"needs": ["a\nb"]},
        {"needs": [f"c{at}" for at in range(NEEDS_MAX + 1)]},
        {"tells": []},
        {"tells": [["slope", "-10", "10.0"]]},
        {"tells": [["slope", "10.0", "10.0"]]},
        {"tells": [["slope", -10.0, 10.0]]},
        {"tells": [["slope", "0.0"]]},
        {"tells": [["slope", "0.0", "inf"]]},
        {"tells": [["slope", "0.0", "1e+16"]]},
        {"tells": [["slope", "0.0", "1.0"], ["slope", "0.0", "2.0"]]},
        {"tells": [[f"t{at}", "0.0", "1.0"] for at in range(TELLS_MAX + 1)]},
        {"takes": []},
        {"takes": [["x" * 61, "0.0", "1.0"]]},
        {"takes": [[f"t{at}", "0.0", "1.0"] for at in range(PARAMETERS_MAX + 1)]},
        {"more": 1},
    ),
)
def test_what_is_none_is_refused(change):
    with pytest.raises(ContractError):
        read(SOLD.json() | change)


@every(
    "parameters, why",
    (
        ((1.0,), ""),
        ((0.0,), ""),
        ((2.5,), ""),
        ((), "it takes 1 parameters: factor"),
        ((1.0, 1.0), "it takes 1 parameters: factor"),
        ((2.6,), "`factor` is between 0.0 and 2.5"),
        ((-0.1,), "`factor` is between 0.0 and 2.5"),
        ((float("nan"),), "`factor` is between 0.0 and 2.5"),
    ),
)
def test_it_takes_what_was_signed_of_it(parameters, why):
    assert SOLD.refusal(parameters) == why


QUESTION = Application(PROGRAM, ("year", "revenue"), (), (), (("since", "number"), ("of", "text")))


def test_a_question_has_a_spelling_of_its_own():
    assert QUESTION.json() == {
        "program": PROGRAM,
        "needs": ["year", "revenue"],
        "asks": [["since", "number"], ["of", "text"]],
    }
    for made in (QUESTION, Application(PROGRAM, (), (), (), ())):
        assert read(made.json()) == made
    assert SOLD.asks is None


@every(
    "change",
    (
        {"tells": [["slope", "0.0", "1.0"]]},
        {"takes": []},
        {"asks": None},
        {"asks": {}},
        {"asks": ["since"]},
        {"asks": [["since"]]},
        {"asks": [["since", 1]]},
        {"asks": [["since", "integer"]]},
        {"asks": [["since", "nothing"]]},
        {"asks": [["", "text"]]},
        {"asks": [["since", "text"], ["since", "number"]]},
        {"asks": [[f"a{at}", "text"] for at in range(ASKS_MAX + 1)]},
    ),
)
def test_what_is_no_question_is_refused(change):
    with pytest.raises(ContractError):
        read({**QUESTION.json(), **change})


def test_a_question_says_nothing_of_numbers():
    with pytest.raises(ContractError):
        Application(PROGRAM, ("year",), (("slope", 0.0, 1.0),), (), ())
