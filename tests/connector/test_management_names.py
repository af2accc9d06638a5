"""What clients of EDC's Management API write: however JSON-LD has it, it reads the same; what cannot be is told."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.operation.management import prefixed, query
from connector.operation.management.names import LEVELS_MAX, read, scalar
from connector.operation.management.query import Field, Table
from connector.operation.management.shape import Violations, require
from connector.operation.management.written import milliseconds, moment
from tests.every import every

NS = "https://w3id.org/edc/v0.0.1/ns/"
WORDS = st.text("abcxyz", min_size=1, max_size=6)
PLAIN = st.dictionaries(WORDS, st.one_of(WORDS, st.integers(0, 9), st.booleans()), max_size=4)
TABLE = Table("things", {"id": Field("id"), "name": Field("name")})


@st.composite
def ways(draw, value, level=0):
    """Write a value in one of the forms that mean the same."""
    if isinstance(value, dict):
        prefixes = st.sampled_from(["", "edc:", NS])
        told = {draw(prefixes) + name: draw(ways(one, level + 1)) for name, one in value.items()}
        return [told] if level and draw(st.booleans()) else told
    form = draw(st.sampled_from(["plain", "value", "listed", "typed"]))
    wrapped = {"@value": value} | ({"@type": "http://www.w3.org/2001/XMLSchema#string"} if form == "typed" else {})
    return {"plain": value, "value": wrapped, "listed": [wrapped], "typed": [wrapped]}[form]


@given(st.data(), PLAIN, PLAIN)
def test_whatever_form_it_has_it_reads_the_same(data, properties, address):
    document = {"properties": properties, "dataAddress": address}
    written = data.draw(ways(document)) | {"@id": "a", "@type": "Asset"}
    for context in ({}, {"@context": {"@vocab": NS}}, {"@context": {"edc": NS}}):
        found = read(written | context, "an asset")
        assert {name: found[name] for name in document} == document


def test_what_a_context_says_holds_and_others_keep_their_names():
    context = {"x": "https://x.example/", "@vocab": NS, "term": {"@id": "x:meant"}}
    found = read(
        {"@context": context, "x:kind": 1, "term": 2, "https://y.example/z": 3, "dct:type": {"@id": "t"}}, "it"
    )
    assert found["https://x.example/kind"] == 1
    assert found["https://x.example/meant"] == 2
    assert found["https://y.example/z"] == 3
    assert found["http://purl.org/dc/terms/type"] == "t"


def test_a_policy_stays_as_it_was_written_under_the_contexts_that_it_stood_under():
    policy = {"@context": "http://www.w3.org/ns/odrl.jsonld", "@type": "Set", "permission": []}
    found = read({"@context": {"@vocab": NS}, "policy": policy}, "it")
    assert found["policy"]["@context"] == [{"@vocab": NS}, "http://www.w3.org/ns/odrl.jsonld"]
    assert read({"policy": policy}, "it")["policy"] == policy


@every(
    "document",
    [
        "no object",
        {"@context": "https://elsewhere.example/context"},
        {"@context": [{}] * 17},
        {"@context": {f"a{number}": "https://a.example/" for number in range(300)}},
        {"name": 1, "edc:name": 2},
    ],
)
def test_what_cannot_be_read_is_told(document):
    with pytest.raises(Violations) as refused:
        read(document, "a body")
    assert refused.value.found[0].message


def test_nesting_has_an_end():
    deep: dict = {}
    for _ in range(LEVELS_MAX + 2):
        deep = {"a": deep}
    with pytest.raises(Violations, match="nest"):
        read(deep, "a body")


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(Violations) as refused:
        require("ContractDefinition", {"contractPolicyId": 7, "@id": ""})
    assert {one.path for one in refused.value.found} == {"@id", "accessPolicyId", "contractPolicyId"}


@given(st.integers(0, 10**13))
def test_moments_come_back(number):
    assert milliseconds(moment(str(number))) == number


@pytest.mark.parametrize("text", ["", "x", "1.5", "9" * 18, "9" * 400, "-" + "9" * 18])
def test_what_is_no_moment_is_said(text):
    with pytest.raises(ValueError, match=r"\S"):
        moment(text)


@given(st.lists(st.text("abAB%", max_size=4), min_size=1, max_size=6), st.text("abAB", max_size=3), st.booleans())
def test_patterns_select_what_they_say(names, inner, insensitive):
    for pattern, holds in {
        inner: str.__eq__,
        inner + "%": str.startswith,
        "%" + inner: str.endswith,
        f"%{inner}%": str.__contains__,
    }.items():
        if pattern in ("", "%", "%%"):
            continue
        operator = "ilike" if insensitive else "like"
        asked = query.read({"sortField": "id", "filterExpression": [criterion("name", operator, pattern)]}, TABLE)
        fold = str.lower if insensitive else str
        want = [name for name in names if holds(fold(name), fold(inner))]
        assert selected(names, asked) == want


@every(
    ("spec", "path"),
    [
        ({"filterExpression": [{"operandLeft": "other", "operator": "=", "operandRight": 1}]}, "operandLeft"),
        ({"filterExpression": [{"operandLeft": "id", "operator": "~", "operandRight": 1}]}, "operator"),
        ({"filterExpression": [{"operandLeft": "id", "operator": [], "operandRight": 1}]}, "operator"),
        ({"filterExpression": [{"operandLeft": "id", "operator": "like", "operandRight": "a%b"}]}, "operandRight"),
        ({"filterExpression": [{"operandLeft": "id", "operator": "in", "operandRight": []}]}, "operator"),
        ({"filterExpression": [{}] * 17}, "filterExpression"),
        ({"sortField": "other"}, "sortField"),
        ({"sortOrder": "SIDEWAYS", "sortField": "id"}, "sortOrder"),
        ({"limit": 0}, "limit"),
        ({"limit": True}, "limit"),
        ({"offset": -1}, "offset"),
    ],
)
def test_what_a_query_cannot_mean_is_refused_by_name(spec, path):
    with pytest.raises(Violations) as refused:
        query.read(spec | {"sortField": spec.get("sortField", "id")}, TABLE)
    assert refused.value.found[0].path == path


def test_a_policy_is_told_with_prefixes_and_reads_as_it_did():
    rule = {"leftOperand": "purpose", "operator": "isAnyOf", "rightOperand": ["a", "b"]}
    written = {"@context": "http://www.w3.org/ns/odrl.jsonld", "@type": "Set"}
    written["permission"] = [{"action": "use", "constraint": [rule], "duty": [{"action": "delete"}]}]
    told = prefixed.policy(prefixed.tree(written))
    assert told["@type"] == "odrl:Set"
    assert told["odrl:permission"][0]["odrl:constraint"][0]["odrl:leftOperand"] == {"@id": "odrl:purpose"}
    again = prefixed.tree({"@context": {"odrl": "http://www.w3.org/ns/odrl/2/"}, **told})
    assert again == prefixed.tree(written)


def test_one_value_is_taken_out_of_what_wraps_it():
    assert scalar([{"@value": [[{"@id": "a"}]]}]) == [[{"@id": "a"}]]
    assert scalar([[{"@id": "a"}]]) == "a"
    assert scalar([1, 2]) == [1, 2]


def criterion(left, operator, right):
    return {"operandLeft": left, "operator": operator, "operandRight": right}


def selected(names, asked):
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE things (id INTEGER, name TEXT)")
        database.executemany("INSERT INTO things VALUES (?, ?)", list(enumerate(names)))
        sql = f"SELECT name FROM things WHERE {asked.where} ORDER BY id"
        found = [row[0] for row in database.execute(sql, asked.values)]
    database.close()
    return found
