"""The two ways of a table whose found subjects are paid: what is billed is what the scalar of rows multiplied."""

from __future__ import annotations

import base64
import random
from dataclasses import replace

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.compute import blinding, buckets, tags
from connector.compute.matched import Matched
from connector.compute.sought import Sought
from connector.consumer.looked_up import rows, rows_of_there, who_is_there
from connector.provider.computing.look_up_ways import way
from connector.provider.computing.lookup_tables import CUT_SHORT, Place, Table
from connector.runtime.errors import Conflict, InvalidInput
from contracts import answered
from contracts.answered import Answered
from contracts.gate import Gate
from contracts.lookup import KEYS_AT_ONCE, LookUp, bucket
from contracts.tariff import Tariff

DRAWN = random.Random(5)
SECRET, TAGGING, MINE, ANEW = (blinding.scalar(DRAWN.randbytes(64)) for _ in range(4))
OF, HEAD = 3, b"{}\n"
GATE = Gate(("district",), "firm", lookup=LookUp(40, OF))
MATCH, QUERY = Tariff("match", 50, 1, "CNY"), Tariff("query", 50, 1, "CNY")
THERE = [f"F{at}" for at in range(20)]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A table as it lies on a disk, tags before rows."""
    sealed, tagged = (dict(zip(THERE, blinding.blinded(scalar, THERE), strict=True)) for scalar in (SECRET, TAGGING))
    shape, made = buckets.made(SECRET, OF, [(key, sealed[key], orjson.dumps([f"D{key}"])) for key in THERE])
    many, first = tags.made(TAGGING, OF, tagged)
    path = tmp_path_factory.mktemp("lookups") / "one.table"
    path.write_bytes(HEAD + first + made)
    return Table(Place(path, SECRET, TAGGING), len(HEAD), replace(shape, tags=many), ("district",), ())


def blinded(keys, scalar):
    """Return point → key, in the order in which they are sent."""
    return dict(sorted(zip(blinding.blinded(scalar, keys), keys, strict=True)))


def answer(told):
    return orjson.dumps({**told, "edition": "ab", "confined": []})


def decoded(told):
    return [base64.b64decode(one) for one in told["points"]]


ASKED = st.sets(st.sampled_from([*THERE, *(f"NO{at}" for at in range(20))]), min_size=1, max_size=KEYS_AT_ONCE)


@given(ASKED)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_billed_is_what_the_scalar_of_rows_multiplied(table, keys):
    numbers = {key: bucket(key, OF) for key in keys}
    asked = blinded(keys, MINE)
    sought = Sought(tuple(asked), tuple(numbers[key] for key in asked.values()))
    first = way(MATCH, sought)
    told = first.told(table, sought)
    assert (first.member, first.counted, first.paid) == ("keys", True, False)
    assert decoded(told) == blinding.again(TAGGING, asked), "the scalar of rows has touched none of them"
    kept = orjson.loads(who_is_there(GATE, blinding.inverse(MINE), list(asked.values()), numbers, answer(told)))
    there = [key for key, found, _ in kept["rows"] if found]
    assert there == sorted(keys & {*THERE})
    paid = 0
    if there:
        anew = blinded(there, ANEW)
        assert not anew.keys() & asked.keys()
        matched = Matched("one", tuple(anew), tuple(sorted({*numbers.values()})))
        second = way(MATCH, matched)
        assert (second.member, second.counted, second.paid) == ("matched", False, True)
        told = second.told(table, matched)
        assert decoded(told) == blinding.again(SECRET, anew)
        read = (GATE, blinding.inverse(ANEW), list(anew.values()), numbers, kept["columns"], answer(told))
        assert [row[::2] for row in orjson.loads(rows_of_there(*read))["rows"]] == [[key, f"D{key}"] for key in there]
        paid = len(told["points"])
    assert answered.units(MATCH, Answered(keys=len(keys), matched=len(there))) == paid == len(there)
    assert answered.units(QUERY, Answered(keys=len(keys))) == len(keys)


def test_what_the_first_answer_says_opens_no_row(table):
    """A buyer that takes the points of tags for those of rows, in the buckets that it has, reads nothing."""
    asked = blinded(THERE, MINE)
    numbers = {key: bucket(key, OF) for key in THERE}
    sought = Sought(tuple(asked), tuple(numbers[key] for key in asked.values()))
    first, at_once = way(MATCH, sought).told(table, sought), way(QUERY, sought).told(table, sought)
    assert "entries" not in first
    told = answer({**at_once, "points": first["points"]})
    read = orjson.loads(rows(GATE, blinding.inverse(MINE), list(asked.values()), numbers, told))
    assert [row[1] for row in read["rows"]] == [False] * len(THERE)


def test_rows_of_those_who_are_there_are_of_their_price_alone(table):
    matched = Matched("one", tuple(blinded(["F1"], MINE)), (0,))
    with pytest.raises(InvalidInput, match="not of subjects found"):
        way(QUERY, matched)
    odd = replace(matched, buckets=(OF,))
    with pytest.raises(InvalidInput, match="there is no bucket 3"):
        way(MATCH, odd).told(table, odd)


def test_a_table_that_is_cut_short_is_not_answered_from(table, tmp_path):
    path = tmp_path / "short.table"
    path.write_bytes(table.place.path.read_bytes()[:-1])
    short = replace(table, place=replace(table.place, path=path))
    matched = Matched("one", tuple(blinded(["F1"], MINE)), (OF - 1,))
    with pytest.raises(Conflict, match=CUT_SHORT):
        way(MATCH, matched).told(short, matched)
    assert way(MATCH, matched).told(table, matched)
