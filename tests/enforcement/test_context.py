"""What is known of a use: shares never too small, words of who may say them, and nothing that was not asked for."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.enforcement.context import WORDS, measured, needed, share_of, told
from connector.enforcement.person import CHARACTERS_MAX, OWNER, Person, checked, words_of
from connector.runtime.errors import InvalidInput
from policy.values import number
from tests.every import every
from tests.fault.extent import tried

ANN = Person("account:ann", "risk manager")


@settings(max_examples=tried(200))
@given(st.integers(0, 10**15), st.integers(1, 10**15))
def test_a_share_is_read_back_as_no_less_than_it_is(part, whole):
    read, share = number(share_of(part, whole)), Fraction(100 * part, whole)
    assert share <= read < share + Fraction(1, 10**6)


def test_of_nothing_there_is_no_share():
    assert share_of(0, 0) == ""
    assert share_of(7, 7) == "100"
    assert "percentage" not in measured({}, 7)
    assert measured({"percentage": "1"}, 7, share_of(7, 14))["percentage"] == "50"
    assert "percentage" not in measured({"percentage": "1"}, 7), "what is measured is nobody's to say"


def test_only_what_is_asked_for_is_told():
    said = ANN.says({"application": "sheet", "media": "print"}) | {"percentage": "50"}
    assert told(said, {"application", "role", "percentage"}) == {
        "application": "sheet",
        "role": "risk manager",
        "percentage": "50",
    }
    assert told(said, {"purpose"}) == {}
    assert needed(said, {"user", "media"}) == {"user": "account:ann", "media": "print"}


def test_who_asks_is_not_theirs_to_say():
    assert OWNER.says(None) == {"user": "owner", "role": "owner"}
    assert words_of(ANN.says({"media": "print"})) == {"media": "print"}
    assert words_of(None) == {}


REFUSED = {
    "a role": {"role": "owner"},
    "a name": {"user": "bob"},
    "what is measured": {"absoluteSize": "1"},
    "no operand": {"colour": "red"},
    "a number": {"media": 1},
    "nothing": {"media": ""},
    "two lines": {"media": "a\nb"},
    "too much": {"media": "x" * (CHARACTERS_MAX + 1)},
    "no address": {"networkAddress": "10.1.7.999"},
    "no object": ["media"],
}


@every("name", REFUSED)
def test_what_nobody_may_say_so_is_refused(name):
    with pytest.raises(InvalidInput) as fault:
        checked(REFUSED[name])
    assert fault.value.hint


@every("name", lambda: WORDS)
def test_each_word_can_be_said(name):
    value = "10.1.7.9" if name == "networkAddress" else "urn:x:1"
    assert checked({name: value}) == {name: value}
