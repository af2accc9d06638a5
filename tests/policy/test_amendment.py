"""Rules said as a change of others: each word, what it leaves alone, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.amendment import TEXT_CHARACTERS_MAX, amended, last_day, openings, wanted
from policy.compare.compare import Relation, compare
from policy.errors import PolicyError
from policy.offer import offer_rules
from policy.parse import parse
from tests.every import every
from tests.fault.extent import tried

UNTIL = datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)
BASE = offer_rules(purpose="Research", until=UNTIL, region="CN", openings=3)


def usual(**changes):
    said = {"purpose": "Research", "until": UNTIL, "region": "CN", "openings": 3, "onward": False}
    return offer_rules(**said | changes)


def same(one, other):
    a, b = (parse({"@type": "Offer", **rules}) for rules in (one, other))
    return compare(a, b).relation is Relation.EQUIVALENT


SAID = {
    "purpose=Marketing": usual(purpose="Marketing"),
    "purpose = 市场营销 , openings=5": usual(purpose="Marketing", openings=5),
    "region=US-NY": usual(region="US-NY"),
    "region=any": usual(region=None),
    "openings=any": usual(openings=None),
    "onward=yes": usual(onward=True),
    "onward=no": usual(),
    "until=2028-02-29": usual(until=datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)),
    "until+=60d": usual(until=datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)),
    "until-=1d": usual(until=datetime(2027, 12, 30, 23, 59, 59, tzinfo=UTC)),
    "until=2028-01-01T00:00:00+08:00": usual(until=datetime(2027, 12, 31, 16, tzinfo=UTC)),
}


@every("text", SAID)
def test_a_word_changes_what_it_names_alone(text):
    assert same(amended(BASE, text), SAID[text])


def test_a_text_in_braces_is_a_whole_policy():
    assert wanted(' {"@type": "Set", "permission": [{"action": "use"}]}', BASE) == {"permission": [{"action": "use"}]}


REFUSED = {
    "": "changes nothing that is known",
    "colour=red": "changes nothing that is known",
    "purpose": "changes nothing that is known",
    "purpose=": "unknown purpose",
    "purpose=Research|Nonsense": "unknown purpose `Nonsense`",
    "region=XX": "unknown region",
    "openings=0": "not between 1",
    "openings=1000001": "not between 1",
    "openings=-1": "no number of openings",
    "openings=٣": "no number of openings",
    "openings+=3": "adds to what is no day",
    "openings=1,openings=2": "said twice",
    "until=soon": "is no day",
    "until=2027-12-31T00:00:00": "no time zone",
    "until+=9": "no number of days",
    "until+=99999d": "no number of days",
    "until=any,until+=3d": "said twice",
    "onward=perhaps": "neither yes nor no",
    "{": "expected",
    '{"target": "urn:x", "permission": [{"action": "use"}]}': "name `target`",
    "x" * (TEXT_CHARACTERS_MAX + 1): "more than 65536 characters",
}


@every("text", REFUSED)
def test_what_is_refused_says_why(text):
    with pytest.raises(PolicyError, match=REFUSED[text]):
        wanted(text, BASE)


def test_what_is_said_in_another_way_is_not_said_twice():
    atom = {"leftOperand": "count", "operator": "lteq", "rightOperand": "3"}
    inside = {"permission": [{"action": "use", "constraint": [{"or": [atom]}]}]}
    with pytest.raises(PolicyError, match="in more than one way"):
        amended(inside, "openings=5")
    with pytest.raises(PolicyError, match="moves a day that the rules do not say"):
        amended({"permission": [{"action": "use"}]}, "until+=3d")


def test_the_last_day_and_the_most_openings_are_those_that_every_permission_says():
    assert (last_day(BASE), openings(BASE)) == (UNTIL, 3)
    two = {"permission": [*BASE["permission"], {"action": "read"}]}
    assert (last_day(two), openings(two)) == (None, None)
    assert amended(BASE, "openings=7")["prohibition"] == BASE["prohibition"]


@settings(max_examples=tried(300), deadline=None)
@given(
    text=st.text(max_size=40) | st.from_regex(r"[a-z]{1,9}(=|\+=|-=)[^,]{0,12}(,[a-z]{1,9}=.{0,9})?", fullmatch=True)
)
def test_whatever_is_typed_is_read_or_refused(text):
    try:
        rules = wanted(text, BASE)
    except PolicyError:
        return
    parse({"@type": "Offer", **rules})
