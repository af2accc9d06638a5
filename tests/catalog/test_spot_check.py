"""A look at pieces: an honest profile is never contradicted, however a table is cut; a false one is, and how often."""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.describe import describe
from catalog.doubts import CERTAIN, WORDS, Doubt
from catalog.looking import frame, told
from catalog.profile import file_json
from catalog.spot_check import tiles

CELLS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.floats(-1e6, 1e6, allow_nan=False).map(repr),
    st.dates().map(str),
    st.text(st.sampled_from('ab ,"\n\r\t0é中'), max_size=12),
    st.sampled_from(["", "NULL", "true", "007", "2020-01-01T00:00:00Z"]),
)


def table(rows, names=("a", "b", "c"), end="\n"):
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows([names, *rows])
    return out.getvalue().encode()


def looked(profiles, contents, size, drawn=None):
    """Cut files at every `size` bytes and look at the pieces `drawn` (all by default)."""
    pieces = [data[at : at + size] for data in contents for at in range(0, len(data), size)]
    picked = range(len(pieces)) if drawn is None else drawn
    frames = frame({"files": [file_json(one) for one in profiles], "lengths": [len(one) for one in pieces]})
    return told(io.BytesIO(frames + b"".join(frame({"piece": number}, pieces[number]) for number in picked)))


def certain(found):
    return [one["what"] for one in found["doubts"] if one["weight"] == CERTAIN]


@settings(max_examples=100)
@given(
    st.integers(1, 3).flatmap(lambda n: st.lists(st.tuples(*[CELLS] * n), min_size=1, max_size=60)),
    st.integers(5, 400),
    st.sampled_from(["\n", "\r\n"]),
    st.randoms(use_true_random=False),
)
def test_an_honest_profile_is_never_contradicted(rows, size, end, chance):
    data = table(rows, names=("a", "b", "c")[: len(rows[0])], end=end)
    profile = describe("t.csv", io.BytesIO(data))
    count = -(-len(data) // size)
    drawn = sorted(chance.sample(range(count), chance.randint(1, count)))
    assert certain(looked([profile], [data], size, drawn)) == []


def test_a_line_within_a_quoted_cell_is_no_row():
    rows = [("-10", "1.8"), ("1.8", "2000-01-01"), ("0,é", "2020-01-01"), ("2000-01-01", "00000000é\n,\n")]
    data = table(rows, names=("a", "b"))
    profile = describe("t.csv", io.BytesIO(data))
    for size in range(5, 40):
        assert certain(looked([profile], [data], size)) == []


def measured(rows=10_000, seed=7):
    """Return a table as they are: numbers that grow, a category, a share of empty cells, telephone numbers."""
    chance = random.Random(seed)
    lines = [
        (
            str(at),
            f"{chance.gauss(20, 5):.2f}",
            chance.choice(("north", "south", "east")),
            "" if chance.random() < 0.05 else f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
            f"+49 30 {chance.randint(10**6, 10**7 - 1)}",
        )
        for at in range(rows)
    ]
    return table(lines, names=("id", "degrees", "side", "day", "line"))


DATA = measured()
PROFILE = describe("m.csv", io.BytesIO(DATA))
PIECE = 4 * 1024


def changed(name, **facts):
    columns = tuple(replace(one, **facts) if one.name == name else one for one in PROFILE.columns)
    return replace(PROFILE, columns=columns)


def lied(column, **facts):
    return lambda: changed(column, **facts)


# what a false profile says → (how it is made, the doubt that tells, the least share of draws in which it tells)
LIES = {
    "a range that is narrower": (lied("degrees", minimum="10.00"), "minimum", 0.99),
    "another kind": (lied("day", kind="integer", minimum=None, maximum=None), "kind", 0.99),
    "no cell is empty": (lied("day", nulls=0), "empty", 0.99),
    "half of the cells are empty": (lied("degrees", nulls=5_000), "share empty", 0.95),
    "fewer values": (lied("side", distinct=2), "different", 0.99),
    "no telephone numbers": (lied("line", hint=None), "hint", 0.99),
    "twice the rows": (lambda: replace(PROFILE, rows=20_000), "few rows", 0.95),
    "more rows by a fifth": (lambda: replace(PROFILE, rows=12_000), "few rows", 0.95),
    "a column more": (lambda: replace(PROFILE, columns=(*PROFILE.columns, PROFILE.columns[0])), "table", 0.99),
    "columns in another order": (lambda: replace(PROFILE, columns=PROFILE.columns[::-1]), "kind", 0.99),
    "a longest day that one row passes": (lied("id", maximum="9998"), "maximum", 0.0),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_false_profile_is_caught_as_often_as_is_said(lie, record_property):
    made, what, least = LIES[lie]
    profile, count, draws = made(), -(-len(DATA) // PIECE), 10
    chance, caught = random.Random(11), 0
    for _ in range(draws):
        drawn = sorted(chance.sample(range(count), -(-count // 8)))
        caught += what in [one["what"] for one in looked([profile], [DATA], PIECE, drawn)["doubts"]]
    record_property("caught", f"{caught}/{draws}")
    assert caught >= least * draws, f"{lie}: {caught} of {draws}"


def test_the_true_one_is_not_doubted():
    count = -(-len(DATA) // PIECE)
    chance = random.Random(3)
    for _ in range(20):
        found = looked([PROFILE], [DATA], PIECE, sorted(chance.sample(range(count), -(-count // 8))))
        assert found["doubts"] == []
        assert int(found["looked"]["pieces"]) == -(-count // 8)


@pytest.mark.parametrize(
    ("fact", "what"),
    [({"rows": 3}, "rows"), ({"size": 30}, "size")],
)
def test_a_file_in_one_piece_is_described_anew(fact, what):
    data = table([("1", "x", ""), ("2", "y", "z")])
    profile = describe("t.csv", io.BytesIO(data))
    assert looked([profile], [data], 1000)["doubts"] == []
    assert what in certain(looked([replace(profile, **fact)], [data], 1000))


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8), st.integers(1, 100))
def test_pieces_are_laid_on_files(sizes, length):
    profiles = [replace(PROFILE, path=str(at), size=size) for at, size in enumerate(sizes)]
    lengths = [min(length, size - at) for size in sizes for at in range(0, size, length)]
    want = [(place, at) for place, size in enumerate(sizes) for at in range(0, size, length)]
    assert list(tiles(profiles, lengths)) == want
    for wrong in ([*lengths, 1], lengths[:-1] if lengths else [1]):
        assert isinstance(list(tiles(profiles, wrong))[-1], Doubt)


@given(
    st.sampled_from(("degrees", "id", "day", "side")),
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.sampled_from(("integer", "number", "date", "time", "local-time", "text", "empty", "boolean")),
            "nulls": st.integers(0, 10**9),
            "minimum": st.sampled_from(
                ("NaN", "sNaN", "-Infinity", "x", "", "2020-01-01", "2020-01-01T00:00:00+00:00")
            ),
            "maximum": st.sampled_from(("NaN", "sNaN", "Infinity", "x", "2020-01-01T00:00:00", "1e999999999")),
            "distinct": st.integers(0, 2000),
        },
    ),
    st.integers(0, 5_000),
)
def test_whatever_a_profile_says_it_is_answered(column, facts, rows):
    data = DATA[: 4 * PIECE]
    profile = replace(changed(column, **facts), rows=rows, size=len(data))
    assert looked([profile], [data], PIECE)["looked"]["files"] in ("0", "1")


def test_what_a_stranger_names_is_told_in_bounds():
    names = [f"{at:03}" + "n" * 500 for at in range(60)]
    data = table([["+49 30 1234567"] * 60] * 9, names=names)
    true = describe("f" * 200 + ".csv", io.BytesIO(data))
    found = looked([replace(true, columns=tuple(replace(one, hint=None) for one in true.columns))], [data], 10**6)
    assert (len(found["doubts"]), found["more"]) == (16, "44")
    assert len(json.dumps(found)) < 16 * 1600


def test_no_cell_is_told():
    profile = lied("degrees", minimum="15.00", maximum="16.00", nulls=0)()
    found = looked([profile], [DATA], PIECE)
    assert all(one["found"] == "" for one in found["doubts"] if one["what"] in ("minimum", "maximum"))
    assert set(WORDS) >= {one["what"] for one in found["doubts"]}


def graded(profiles, contents, grade, size=PIECE):
    """Look at all pieces of files that are said to be of a grade."""
    pieces = [data[at : at + size] for data in contents for at in range(0, len(data), size)]
    begun = {"files": [file_json(one) for one in profiles], "lengths": [len(one) for one in pieces], "grade": grade}
    shown = b"".join(frame({"piece": number}, piece) for number, piece in enumerate(pieces))
    return told(io.BytesIO(frame(begun) + shown))


def test_a_grade_below_what_is_said_of_the_columns_is_certainly_false():
    line = next(one for one in PROFILE.columns if one.name == "line")
    assert line.hint is not None
    assert certain(graded([PROFILE], [DATA], 1)) == ["grade"]
    assert certain(graded([PROFILE], [DATA], 5)) == []


def test_a_grade_below_what_is_found_is_doubted():
    silent = replace(
        PROFILE, columns=tuple(replace(one, hint=None) if one.name == "line" else one for one in PROFILE.columns)
    )
    found = graded([silent], [DATA], 1)
    assert {"hint", "grade found"} <= {one["what"] for one in found["doubts"]}
    assert {"what": "grade", "said": "1", "seen": "3"} in found["looked"]["again"]
    assert "grade found" not in {one["what"] for one in graded([silent], [DATA], 3)["doubts"]}


@given(st.integers(0, 10_000))
def test_a_completeness_that_its_columns_do_not_have_is_certainly_false(bps):
    said = replace(PROFILE, quality={**PROFILE.quality, "completeness": bps})
    found = certain(graded([said], [DATA], 5, size=len(DATA)))
    assert found == ([] if bps == PROFILE.quality["completeness"] else ["completeness"])


def test_what_was_measured_again_stands_beside_what_was_said():
    for one in graded([PROFILE], [DATA], 3)["looked"]["again"]:
        assert one["what"] == "grade" or abs(int(one["said"]) - int(one["seen"])) <= 100, one
