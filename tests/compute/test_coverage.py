"""How much of a list is covered: odds that keep their ε, estimates that keep their limits, points that show nothing."""

from __future__ import annotations

import base64
import math
import os
import random
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.compute import blinding, curve25519, marks
from connector.compute.fitting import GROUPS_MAX, Coins, Fitting, Groups
from connector.runtime.errors import InvalidInput
from contracts.coverage import EPSILON_MAX, EPSILON_MIN, KEYS_AT_ONCE, KEYS_LEAST, Coverage
from contracts.gate import Gate
from ledger.edition.index import IndexedFile
from tests.compute.rooms import COLUMNS, firms

SUBJECTS = 600  # F0 to F599, each with five rows
GATE = Gate(("district", "sector", "year", "revenue"), "firm", coverage=Coverage(140, filled=("revenue",)))
MINE = [f"F{at}" for at in range(400)] + [f"X{at}" for at in range(200)]
# as which keys go that terms of now name
POINTS = curve25519


def drawn(seed):
    return POINTS.scalar(random.Random(seed).randbytes(64))


def coins(seed=1, marks=None):
    source = random.Random(seed)
    keys = {one: (POINTS.scalar(source.randbytes(64)), source.randbytes(32)) for one in GATE.coverage.questions}
    return lambda _table: Coins(keys, marks or {})


def answered(groups, table=None, secret=None, gate=GATE):
    table = table or firms(subjects=SUBJECTS)
    with Fitting(groups, gate, {"firms": COLUMNS}, secret or coins()) as fitting:
        foreseen = fitting.foresee()
        file = IndexedFile("firms.csv", 0, len(table), 0, 1)
        return fitting.compute(foreseen.table, file, [(0, table)], b"")


def ask(*what, **more):
    return answered(*what, **more).members["questions"]


def blind(key, names=MINE):
    return blinding.joined(POINTS.blinded(key, names))


def found(question, key, at=0):
    points = blinding.apart(base64.b64decode(question["groups"][at]))
    bits = base64.b64decode(question["marks"])
    return marks.count(POINTS.again(POINTS.inverse(key), points), bits, question["places"])


@given(st.integers(EPSILON_MIN, EPSILON_MAX))
def test_the_odds_keep_the_loss_on_both_sides(hundredths):
    chances = marks.odds(hundredths / 100)
    assert 0 < chances.missed < 1
    assert 0 < chances.found < 0.5
    most = math.exp(hundredths / 100)
    assert math.isclose(chances.marked / chances.found, most, rel_tol=1e-9)
    assert math.isclose((1 - chances.found) / (1 - chances.marked), most, rel_tol=1e-9)


def test_what_is_observed_of_one_subject_keeps_the_loss():
    """The frequencies themselves, over coins thrown anew: with the subject, and without it."""
    chances, others, trials = marks.odds(1.4), [f"F{at}" for at in range(300)], 3_000
    seen = {True: 0, False: 0}
    for there in seen:
        for trial in range(trials):
            seed = f"{there} {trial}".encode()
            of = marks.places(301, chances)
            lasting = marks.kept([*others, *(["me"] if there else [])], sha256(seed).digest(), chances)
            bits = marks.marked((sha256(seed + name.encode()).digest() for name in lasting), of)
            seen[there] += marks.count([sha256(seed + b"me").digest()], bits, of)
    marked, by_chance = seen[True] / trials, seen[False] / trials
    assert abs(marked - chances.marked) < 0.03
    assert abs(by_chance - chances.found) < 0.03
    assert math.log(marked / by_chance) < 1.4 + 0.2
    assert math.log((1 - by_chance) / (1 - marked)) < 1.4 + 0.2


def test_an_estimate_is_within_its_limits_as_often_as_it_says():
    chances, held = marks.odds(1.4), 0
    for trial in range(200):
        seed = str(trial).encode()
        truth, asked = 37 * trial % 900, 900
        of = marks.places(2_000, chances)
        lasting = marks.kept((f"F{at}" for at in range(2_000)), sha256(seed).digest(), chances)
        bits = marks.marked((sha256(seed + name.encode()).digest() for name in lasting), of)
        mine = [*(f"F{at}" for at in range(truth)), *(f"X{at}" for at in range(asked - truth))]
        count = marks.count((sha256(seed + name.encode()).digest() for name in mine), bits, of)
        told = marks.estimate(count, asked, chances.missed, bits, of)
        assert 0 <= told.low <= told.count <= told.high <= asked
        held += told.low <= truth <= told.high
    assert held >= 180, "of 200, 190 are to be expected"


@pytest.mark.parametrize(
    "how", [lambda sent: sent[:-1], lambda sent: sent[32:] + sent[:32], lambda sent: sent[:32] * 2]
)
def test_points_are_whole_in_order_and_each_once(how):
    with pytest.raises(InvalidInput):
        blinding.apart(how(blind(drawn(1), ["a", "b", "c"])))
    with pytest.raises(InvalidInput):
        blinding.apart(b"")


def test_a_process_says_how_many_are_covered_and_not_who():
    key = drawn(5)
    one, filled = ask(Groups((blind(key),)))
    assert (one["column"], filled["column"]) == ("", "revenue")
    chances = marks.odds(1.4)
    told = marks.estimate(found(one, key), len(MINE), chances.missed, base64.b64decode(one["marks"]), one["places"])
    assert told.low <= 400 <= told.high
    assert base64.b64decode(one["groups"][0]) != base64.b64decode(filled["groups"][0]), "a scalar of its own each"
    points = blinding.apart(base64.b64decode(one["groups"][0]))
    assert points == sorted(points), "nobody reads from its place whose it is"


def test_to_ask_again_says_nothing_more():
    """The attack on coins: the same keys under other blinding, a key alone beside strangers, a thousand times over."""
    first = ask(Groups((blind(drawn(5)),)))
    second = ask(Groups((blind(drawn(6)),)))
    assert [one["marks"] for one in first] == [one["marks"] for one in second]
    assert found(first[0], drawn(5)) == found(second[0], drawn(6))
    strangers = [f"Y{at}" for at in range(KEYS_LEAST)]
    alone = ask(Groups((blind(drawn(7), strangers), blind(drawn(8), [*strangers, "F7"]))))[0]
    again = ask(Groups((blind(drawn(9), strangers), blind(drawn(10), [*strangers, "F7"]))))[0]
    coin = found(alone, drawn(8), 1) - found(alone, drawn(7))
    assert coin == found(again, drawn(10), 1) - found(again, drawn(9)) in (0, 1)
    other = ask(Groups((blind(drawn(5)),)), secret=coins(2))
    assert other[0]["marks"] != first[0]["marks"], "another edition throws others"


def test_marks_that_were_thrown_are_told_again_without_a_look_at_the_table():
    groups = Groups((blind(drawn(5)),))
    first = answered(groups)
    assert set(first.marks) == {"", "revenue"}
    again = answered(groups, b"no table at all", coins(1, first.marks))
    assert again.members == first.members
    assert again.marks == {}
    part = answered(groups, secret=coins(1, {"": first.marks[""]}))
    assert (part.members, set(part.marks)) == (first.members, {"revenue"})


def test_a_column_that_is_empty_covers_nobody():
    table = b"firm,district,sector,year,revenue\n" + b"".join(b"F%d,A,food,2024,\n" % at for at in range(SUBJECTS))
    key = drawn(5)
    one, filled = ask(Groups((blind(key),)), table)
    assert found(one, key) > 250
    assert found(filled, key) == 0
    assert not any(base64.b64decode(filled["marks"]))


def test_what_is_asked_is_bounded():
    with pytest.raises(InvalidInput, match="keys are asked about"):
        Groups((os.urandom(32 * (KEYS_AT_ONCE + 1)),))
    with pytest.raises(InvalidInput, match="groups"):
        Groups(())
    with pytest.raises(InvalidInput, match="groups"):
        Groups((blind(drawn(1)),) * (GROUPS_MAX + 1))
    with pytest.raises(InvalidInput, match="a group has 99 keys"):
        Groups((blind(drawn(1), MINE[:99]),))


def test_points_that_are_none_are_refused_by_the_process():
    sent = b"".join(sorted([bytes(32), *(sha256(b"%d" % at).digest()[:-1] + b"\0" for at in range(KEYS_LEAST - 1))]))
    with pytest.raises(InvalidInput, match="no point"):
        ask(Groups((sent,)))


def test_a_gate_that_says_nothing_of_lists_tells_nothing():
    with pytest.raises(InvalidInput, match="tell nobody"):
        Fitting(Groups((blind(drawn(1)),)), Gate(("year",), "firm"), {"firms": COLUMNS}, coins())
    with pytest.raises(InvalidInput, match="there is no table"):
        ask(Groups((blind(drawn(1)),), "others"))
