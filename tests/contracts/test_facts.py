"""Facts of a product have one spelling, and a value that their operand can have."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import facts
from contracts.canonical import canonical, load
from contracts.errors import ContractError
from policy.vocabulary.operands import OPERANDS, Source
from tests.every import every
from tests.fault.extent import tried

TEXTS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20)
SAID = st.one_of(TEXTS, st.lists(TEXTS, min_size=2, max_size=5, unique=True).map(tuple))


def test_each_is_an_operand_whose_value_comes_with_the_question():
    assert {*facts.DERIVED, *facts.STATED} == facts.FACTS
    assert not set(facts.DERIVED) & set(facts.STATED)
    assert {OPERANDS[name].source for name in facts.FACTS} == {Source.CONTEXT}


@settings(max_examples=tried(100))
@given(st.dictionaries(st.sampled_from(["dataField", "dataRecord", "dataClass"]), SAID, min_size=1))
def test_they_survive_their_json(said):
    assert facts.read(load(canonical(facts.show(said))), "facts") == said


def test_one_text_is_a_text_and_more_are_a_list():
    assert facts.fact("dataField", ("day",)) == "day"
    assert facts.fact("dataField", ("day", "delay")) == ("day", "delay")


REFUSED = {
    "nothing": {},
    "no object": ["zh"],
    "an operand that is none": {"colour": "red"},
    "what others know": {"purpose": "Research"},
    "a list of one": {"language": ["zh"]},
    "twice the same": {"dataField": ["day", "day"]},
    "a number": {"version": 1},
    "no value of it": {"version": "one"},
    "no language": {"language": "zh_CN!"},
    "an empty text": {"dataRecord": ""},
    "a line's end": {"dataRecord": "a\nb"},
    "too long": {"dataRecord": "x" * (facts.MAX_CHARACTERS + 1)},
    "too many": {"dataField": [f"c{at}" for at in range(facts.MAX_TEXTS + 1)]},
}


@every("name", REFUSED)
def test_anything_else_is_refused(name):
    with pytest.raises(ContractError):
        facts.read(REFUSED[name], "facts")
