"""A label of a buyer's own, learned from rows that it does not see: as well as by who has both, and no more told."""

from __future__ import annotations

import math
import random

import orjson

from connector.compute import elgamal, logistic, regression
from connector.compute.learned import Learned
from connector.compute.lesson import LABELS, Rows, Step, spare_of, terms_of
from connector.consumer.learning import SIDES, Own, _places, _sealed, _sums
from contracts.gate import Gate
from contracts.learning import Learning
from contracts.noise import Noise
from ledger.edition.index import IndexedFile

NOISE = Noise(100, 100_000)
COLUMNS = {"firm": "VARCHAR", "age": "DOUBLE", "kwh": "DOUBLE"}
GATE = Gate(("age", "kwh"), "firm", noise=NOISE, learning=Learning(20_000))
ROWS = Rows("select age, kwh from firms", ((18, 78), (0, 4_000)))
SUBJECTS, SEED, ROUNDS = 3_000, 7, 3


def people(count=SUBJECTS, seed=SEED):
    """Return key → age, kwh and whether it pays late, which follows from both as a logistic model says."""
    drawn = random.Random(seed)
    found = {}
    for at in range(count):
        age, kwh = drawn.uniform(18, 78), min(max(drawn.gauss(2_000, 700), 0), 4_000)
        score = 2.5 * (kwh - 2_000) / 1_000 - (age - 48) / 15 - 1
        found[f"F{at}"] = (age, kwh, float(drawn.random() < 1 / (1 + math.exp(-score))))
    return found


def table(rows):
    return ("\n".join([",".join(COLUMNS), *(",".join(map(str, row)) for row in rows)]) + "\n").encode()


def asked(content, lesson, seed=b"s" * 32, gate=GATE):
    """Return what a real process tells, as it is sent."""
    file = IndexedFile("firms.csv", 0, len(content), 0, 1)
    with Learned(lesson, gate, dict.fromkeys(("firms", "firms.csv"), COLUMNS), seed) as process:
        foreseen = process.foresee()
        assert foreseen.functions == ("LOGISTIC",)
        found = process.compute(foreseen.table, file, [(0, content)], b"")
    told = {"edition": "", "confined": [], "epsilon": "1.00", "left": "1.00", **found.members}
    return orjson.dumps(told)


def learned(content, own, rounds=ROUNDS):
    """Return the places, the weights and the sums of each round."""
    match = own.match(ROWS, rounds)
    places = orjson.loads(_places(own, NOISE.epsilon, asked(content, match)))
    (sealed, proofs), opened = _sealed(own, places), elgamal.Opened(own.secret())
    weights, found = logistic.begun(2), []
    off = len(terms_of(3)) * 100 / NOISE.epsilon
    for _ in range(rounds):
        step = Step(ROWS, "m", elgamal.times(own.secret()).format(), weights, sealed, proofs)
        found.append(orjson.loads(_sums(opened, match.asked, off, step, asked(content, step)))["sums"])
        weights = logistic.stepped(weights, found[-1], off)
    return places, weights, found


def labelled(everybody):
    keys = tuple([key for key, row in everybody.items() if row[2] == label] for label in range(LABELS))
    return Own(keys, b"o" * 32)


def ranked(weights, everybody):
    scores = [sum(w * x for w, x in zip(weights, scaled(row), strict=True)) for row in everybody]
    return regression.ranked(scores, [row[2] > 0 for row in everybody])


def scaled(row):
    return (1.0, (row[0] - 48) / 30, (row[1] - 2_000) / 2_000)


def pooled(everybody, rounds=8):
    """Return the weights of who has all rows: Newton's steps over them, exactly."""
    weights = [0.0, 0.0, 0.0]
    for _ in range(rounds):
        matrix, right = [[0.0] * 3 for _ in range(3)], [0.0] * 3
        for row in everybody:
            x = scaled(row)
            sure = 1 / (1 + math.exp(-sum(a * b for a, b in zip(weights, x, strict=True))))
            for a in range(3):
                right[a] += (row[2] - sure) * x[a]
                for b in range(3):
                    matrix[a][b] += sure * (1 - sure) * x[a] * x[b]
        weights = [one + more for one, more in zip(weights, regression.solved(matrix, right), strict=True)]
    return weights


def test_a_label_is_learned_as_well_as_by_who_has_both():
    everybody, drawn = people(), random.Random(1)
    mine = {key: row for key, row in everybody.items() if drawn.random() < 0.9}
    theirs = {key: row for key, row in everybody.items() if drawn.random() < 0.8}
    both = [row for key, row in mine.items() if key in theirs]
    content = table((key, row[0], row[1]) for key, row in theirs.items())
    places, weights, sums = learned(content, labelled(mine))
    exact = pooled(both)
    assert ranked(exact, both) - ranked(weights, both) < 0.01
    # the ridge draws them to nothing by as much as there is noise
    assert all(0.5 < one / other < 1.5 for one, other in zip(weights, exact, strict=True)), (weights, exact)
    begun = logistic.subjects(sums[0], (0.0, 0.0, 0.0))
    assert abs(begun - len(both)) < 10 * len(terms_of(3))
    assert places["places"] == len(theirs) + LABELS * spare_of(NOISE.epsilon)
    for label, side in enumerate(SIDES):
        there, spare = sum(row[2] == label for row in both), spare_of(NOISE.epsilon)
        assert there <= len(places[side]) <= there + spare
