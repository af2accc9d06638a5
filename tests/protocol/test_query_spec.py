"""The filter of Eclipse EDC: what it selects, and that nothing else is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.negotiation.protocol import query_spec
from connector.negotiation.protocol.errors import UnsupportedFilterError

NS = query_spec.EDC
PLAIN = {"@type": "QuerySpec", "offset": 0, "limit": 50, "sortOrder": "ASC", "filterExpression": []}


def criterion(left, operator, right):
    return {"@type": "Criterion", "operandLeft": left, "operator": operator, "operandRight": right}


def read(*criteria, **changes):
    return query_spec.read([{**PLAIN, "filterExpression": list(criteria), **changes}])


@pytest.mark.parametrize("nothing", [None, []])
def test_no_filter_asks_for_all(nothing):
    assert query_spec.read(nothing) == query_spec.ALL


def test_what_every_request_has_asks_for_the_first_page():
    query = query_spec.read([PLAIN])
    assert (query.offset, query.limit, query.criteria, query.selects) == (0, 50, (), False)
    long = {"@type": NS + "QuerySpec", **{NS + name: value for name, value in PLAIN.items() if name[0] != "@"}}
    assert query_spec.read([long]) == query


SELECTED = {
    ("id", "=", "a"): {"a"},
    (NS + "id", "=", "a"): {"a"},
    ("@id", "!=", "a"): {"b", "c1", "c2"},
    ("id", "in", ("b", "a", "z")): {"a", "b"},
    ("id", "like", "c%"): {"c1", "c2"},
    ("id", "like", "c_"): {"c1", "c2"},
    ("id", "like", "_"): {"a", "b"},
    ("http://purl.org/dc/terms/title", "=", "Rain"): {"a"},
    (NS + "name", "ilike", "%RAIN%"): {"a", "b"},
    ("title", "like", "%rain"): {"b"},
    ("type", "=", "Dataset"): {"a", "b", "c1", "c2"},
    ("type", "=", "Catalog"): set(),
}
ENTRIES = {"a": "Rain", "b": "More rain", "c1": "Snow", "c2": "A.*"}


@pytest.mark.parametrize("said", SELECTED, ids=str)
def test_criteria_select(said):
    left, operator, right = said
    query = read(criterion(left, operator, list(right) if isinstance(right, tuple) else right))
    assert {key for key, title in ENTRIES.items() if query.matches(key, title)} == SELECTED[said]
    assert query.selects


def test_all_criteria_hold_and_ids_are_looked_up():
    query = read(criterion("id", "in", ["a", "b"]), criterion("title", "=", "Rain"))
    assert [key for key, title in ENTRIES.items() if query.matches(key, title)] == ["a"]
    assert query.keys == ("a", "b")
    assert read(criterion("id", "like", "a%")).keys is None


REFUSED = [
    ["words"],
    [{}],
    [PLAIN, PLAIN],
    [{**PLAIN, "@type": "Query"}],
    [{**PLAIN, "color": "red"}],
    [{**PLAIN, "offset": -1}],
    [{**PLAIN, "offset": query_spec.OFFSET_MAX + 1}],
    [{**PLAIN, "limit": 0}],
    [{**PLAIN, "limit": True}],
    [{**PLAIN, "limit": "50"}],
    [{**PLAIN, "sortField": "title"}],
    [{**PLAIN, "sortField": "id", "sortOrder": "DESC"}],
    [{**PLAIN, "filterExpression": ["id"]}],
    [{**PLAIN, "filterExpression": [criterion("color", "=", "red")]}],
    [{**PLAIN, "filterExpression": [criterion(["id"], "=", "a")]}],
    [{**PLAIN, "filterExpression": [criterion("id", "<", "a")]}],
    [{**PLAIN, "filterExpression": [criterion("id", "=", 1)]}],
    [{**PLAIN, "filterExpression": [criterion("id", "in", [])]}],
    [{**PLAIN, "filterExpression": [criterion("id", "in", ["a"] * 101)]}],
    [{**PLAIN, "filterExpression": [criterion("id", "like", "%" * 257)]}],
    [{**PLAIN, "filterExpression": [criterion("id", "=", "a")] * 9}],
]


@pytest.mark.parametrize("asked", REFUSED, ids=str)
def test_what_is_not_understood_is_refused_in_words(asked):
    with pytest.raises(UnsupportedFilterError, match=r"\w+ \w+"):
        query_spec.read(asked)


TEXT = st.text("ab%_.", max_size=8)


def like(value, pattern):
    """SQL's LIKE, letter by letter."""
    if not pattern:
        return not value
    if pattern[0] == "%":
        return any(like(value[at:], pattern[1:]) for at in range(len(value) + 1))
    return bool(value) and pattern[0] in ("_", value[0]) and like(value[1:], pattern[1:])


@given(TEXT, TEXT)
def test_like_is_sqls(value, pattern):
    assert read(criterion("title", "like", pattern)).matches("x", value) == like(value, pattern)


def test_no_pattern_takes_long():
    query = read(criterion("title", "ilike", "%a" * 120 + "b"))
    assert not query.matches("x", "a" * 10_000)
