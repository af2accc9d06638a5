"""Demands: the document, the table of their moves, and how well products meet them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.demand import TABLE, Move, State, from_json, moved
from catalog.errors import CatalogError, DemandError
from catalog.matching import LEAST, WHOLE, Offered, match
from catalog.question import Entry
from catalog.words import words
from contracts.tariff import Tariff
from tests.every import every

DOCUMENT = {
    "id": "d1",
    "title": "hourly weather",
    "description": "of Shenzhen 深圳",
    "where": ["tier=kept", "rows=1000.."],
    "purpose": "Research",
    "place": "440300",
    "most": "10",
    "unit": "byte",
    "currency": "CNY",
    "until": "2027-01-01T00:00:00+00:00",
}
DEMAND = from_json(DOCUMENT)
ENTRY = Entry("p", 1, words("hourly weather 深圳 of 2013"), {"tier": ("kept",)}, {"rows": 5000})


def offered(entry=ENTRY, minor=10, per=1, unit="byte", permits=(True, "")):
    return Offered(entry, Tariff(unit, minor, per, "CNY"), lambda _use: permits)


def test_what_is_read_is_what_was_written():
    assert from_json(DEMAND.json()) == DEMAND
    assert DEMAND.use.purpose.endswith("Research")
    assert from_json({**DOCUMENT, "most": None}).most is None


@every(
    ("change", "path"),
    [
        ({"title": "!"}, "title"),
        ({"id": ""}, "title"),
        ({"where": ["colour=red"]}, "where"),
        ({"where": ["tier=kept"] * 17}, "where"),
        ({"purpose": "mischief"}, "purpose"),
        ({"place": "Atlantis"}, "place"),
        ({"most": 10}, "most"),
        ({"most": "-1"}, "most"),
        ({"until": "2027-01-01"}, "until"),
        ({"until": "soon"}, "until"),
        ({"description": "x" * 4001}, "description"),
        ({"more": 1}, "demand"),
    ],
)
def test_what_is_no_demand_is_refused(change, path):
    document = {**DOCUMENT, **change}
    if path == "title" and change.get("title"):
        document["description"] = ""
    with pytest.raises(CatalogError) as refusal:
        from_json(document)
    assert refusal.value.path == path


@given(st.sampled_from(list(State)), st.sampled_from(list(Move)), st.sampled_from(["buyer", "exchange", "provider"]))
def test_a_demand_moves_by_its_table_alone(state, move, role):
    step = TABLE.get((state, move))
    if step is not None and step.role == role:
        assert moved(state, move, role) == step.to
    else:
        with pytest.raises(DemandError, match=state):
            moved(state, move, role)


def test_the_ends_are_ends():
    assert not [at for at, _ in TABLE if at in (State.MET, State.WITHDRAWN)]
    assert {step.to for step in TABLE.values()} == set(State)


def test_what_meets_it_all_has_every_point():
    found = match(replace(DEMAND, description=""), offered(Entry("p", 1, ENTRY.words, ENTRY.facets, ENTRY.measures)))
    assert found.score == WHOLE - 10  # no more words to be found than those of the title
    assert [reason.points for reason in found.reasons] == [40, 25, 15, 10]


@every(
    ("product", "code", "points"),
    [
        (offered(minor=20), "price-above", 7),
        (offered(minor=20, per=2), "price", 15),
        (offered(unit="opening"), "price-incomparable", 0),
        (offered(minor=0, unit="free"), "price", 15),
        (offered(replace(ENTRY, facets={"tier": ("plain",)})), "conditions", 12),
        (offered(replace(ENTRY, words=words("hourly bread"))), "words", 20),
    ],
)
def test_each_reason_has_its_points(product, code, points):
    found = {reason.code: reason.points for reason in match(DEMAND, product).reasons}
    assert found[code] == points


def test_what_the_policy_forbids_is_no_match():
    found = match(DEMAND, offered(permits=(False, "the purpose is not allowed")))
    assert found.score == 0
    assert "the purpose is not allowed" in found.reasons[-1].en


NOW = datetime(2026, 6, 1, tzinfo=UTC)
LIMITED = {"leftOperand": "spatial", "operator": "isPartOf", "rightOperand": "US"}
PURPOSE = {"leftOperand": "purpose", "operator": "isA", "rightOperand": "Research"}


def offer(*conditions, **more):
    """The rules of a product: to use it under these conditions."""
    return {"permission": [{"action": "use", "constraint": [PURPOSE, *conditions]}], **more}


@every(
    ("place", "rules", "permitted"),
    [
        ("", offer(), True),
        ("", offer(LIMITED), True),
        ("", offer(LIMITED | {"operator": "neq"}), True),
        ("", offer({"or": [LIMITED, LIMITED | {"rightOperand": "440300"}]}), True),
        ("", offer(LIMITED, LIMITED | {"operator": "eq", "rightOperand": "DE"}), False),
        ("", offer(LIMITED, {**PURPOSE, "rightOperand": "Marketing"}), False),
        ("US", offer(LIMITED), True),
        ("US-NY", offer(LIMITED), True),
        ("DE", offer(LIMITED), False),
        ("DE", offer(), True),
        ("US", offer(LIMITED | {"operator": "neq"}), False),
    ],
)
def test_a_place_that_is_left_open_is_any_that_the_rules_let(place, rules, permitted):
    """A demand that names no region meets a product that is limited to one; one that names it is held to it."""
    product = Offered(ENTRY, Tariff("byte", 10, 1, "CNY"), lambda use: use.permitted(rules, "p", "kept", NOW))
    found = match(from_json({**DOCUMENT, "place": place}), product)
    assert (found.reasons[-1].code, found.score > 0) == (("permitted", True) if permitted else ("not-permitted", False))


TEXT = st.lists(st.sampled_from(["hourly", "weather", "深圳", "bread", "flights"]), max_size=5).map(" ".join)


@given(TEXT, st.integers(0, 10_000), st.integers(0, 50), st.booleans())
def test_a_score_is_the_sum_of_its_reasons_and_more_words_never_cost(text, rows, minor, permits):
    entry = Entry("p", 1, tuple(words(text)), {"tier": ("kept",)}, {"rows": rows})
    found = match(DEMAND, offered(entry, minor, permits=(permits, "")))
    assert 0 <= found.score <= WHOLE
    assert all(0 <= reason.points <= reason.of for reason in found.reasons)
    meets = permits and {"hourly", "weather"} & set(entry.words)
    assert found.score == (sum(reason.points for reason in found.reasons) if meets else 0)
    better = match(DEMAND, offered(replace(entry, words=(*entry.words, "weather")), minor, permits=(permits, "")))
    assert better.score >= found.score
    assert LEAST < WHOLE
