"""Watermarks: a copy as long as its edition, marked for its buyer alone, and named by a tenth of it."""

from __future__ import annotations

import csv
import io
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.custody import watermarking
from connector.custody.watermarking import chance, key_of, marks, sightings

SECRET = bytes(range(32))
COLUMNS = {"mm": "id", "deg": "id"}
OWN = key_of(SECRET, "rain", "aa" * 32)


def table(rows, seed=0):
    random = Random(seed)
    lines = ["id,mm,note,deg"]
    lines += [f'{at},{random.randint(0, 9999) / 100},"a, ""b"" {at}",{random.randint(-40, 40)}' for at in range(rows)]
    return "".join(line + "\n" for line in lines).encode()


def copy(data, own=OWN):
    return marks([data], COLUMNS, own).apply(data, 0)


def read(data):
    header, *rows = csv.reader(io.StringIO(data.decode()))
    return header, rows


def look(data, own=OWN, tried=1):
    header, rows = data if isinstance(data, tuple) else read(data)
    return chance(sightings(header, rows, COLUMNS), "aa" * 32, own, tried)


CELL = st.one_of(
    st.integers(-999, 999).map(str),
    st.decimals(-99, 99, places=2).map(str),
    st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=4),
)


@given(st.lists(st.tuples(CELL, CELL, CELL, CELL), max_size=20), st.data())
def test_only_last_digits_of_numbers_change_and_only_by_one(rows, data):
    held = io.StringIO()
    csv.writer(held, lineterminator="\n").writerows([("id", "mm", "note", "deg"), *rows])
    plain = held.getvalue().encode()
    made = copy(plain)
    assert len(made) == len(plain)
    (_, before), (_, after) = read(plain), read(made)
    for one, other in zip(before, after, strict=True):
        assert (one[:1], one[2:3]) == (other[:1], other[2:3])
        for cell, marked in zip(one, other, strict=True):
            assert cell[:-1] == marked[:-1]
            assert cell == marked or abs(int(cell[-1]) - int(marked[-1])) == 1
    cuts = sorted(data.draw(st.lists(st.integers(0, len(plain)), max_size=5)))
    parts = [plain[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(plain)], strict=True)]
    assert marks(parts, COLUMNS, OWN).places == marks([plain], COLUMNS, OWN).places
    begin, end = sorted((data.draw(st.integers(0, len(plain))), data.draw(st.integers(0, len(plain)))))
    assert marks([plain], COLUMNS, OWN).apply(plain[begin:end], begin) == made[begin:end]


def test_a_copy_names_its_buyer_and_nobody_else():
    plain = table(5_000)
    made = copy(plain)
    found = look(made, tried=1_000)
    assert found.agreeing == found.rows > 1_000
    assert found.names
    assert not look(plain).names
    others = [key_of(SECRET, "rain", f"{at:064x}") for at in range(50)]
    assert not any(look(made, other, 50).names for other in others)
    assert not look(made, key_of(SECRET, "snow", "aa" * 32)).names


def test_a_tenth_of_a_copy_names_its_buyer_however_it_was_written_again():
    header, rows = read(copy(table(5_000)))
    random = Random(7)
    some = random.sample(rows, 500)
    assert look((header, some), tried=10_000).names
    turned = [[row[1], f"{float(row[0]):.1f}"] for row in some]  # columns dropped, moved, and numbers written otherwise
    assert look((["mm", "id"], turned), tried=10_000).names
    half = [row if random.random() < 0.5 else [row[0], str(random.randint(0, 99)), *row[2:]] for row in rows]
    assert look((header, half)).names, "half of the values were changed"


def test_a_mixture_of_two_copies_names_both():
    plain, other = table(5_000), key_of(SECRET, "rain", "bb" * 32)
    random = Random(3)
    (header, one), (_, two) = read(copy(plain)), read(copy(plain, other))
    mixed = [random.choice(pair) for pair in zip(one, two, strict=True)]
    assert look((header, mixed), tried=100).names
    assert look((header, mixed), other, 100).names


def test_what_was_rounded_names_nobody():
    header, rows = read(copy(table(5_000)))
    assert not look((header, [[row[0], str(int(float(row[1]))), "", "0"] for row in rows])).names


@pytest.mark.parametrize(("rows", "agreeing", "exact"), [(10, 10, 1 / 1024), (10, 9, 11 / 1024), (4, 2, 1.0)])
def test_a_chance_is_the_exact_tail(rows, agreeing, exact):
    tail = 10 ** watermarking._tail(rows, agreeing)
    assert tail == pytest.approx(exact)


def test_repeated_rows_are_looked_at_once():
    header, rows = read(copy(table(40)))
    assert look((header, rows * 100)).rows == look((header, rows)).rows


def test_whole_numbers_that_were_written_as_floating_point_are_read():
    header, rows = read(copy(table(5_000)))
    turned = [[row[0], "", "", f"{float(row[3])}"] for row in rows]
    assert look((header, turned)).names
