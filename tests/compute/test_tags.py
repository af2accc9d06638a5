"""Tags that say who is there: they open no row, a row's point finds no tag, and other tables are what they were."""

from __future__ import annotations

import random
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.compute import blinding, buckets, tags
from connector.compute.bucketing import Bucketing
from connector.compute.buckets import TAG_BYTES
from connector.compute.matched import ROWS, Matched, under
from connector.runtime.errors import InvalidInput
from contracts.answered import ID_CHARACTERS_MAX
from contracts.gate import Gate
from contracts.lookup import BUCKETS_MAX, KEYS_AT_ONCE, LookUp, bucket
from ledger.edition.index import IndexedFile
from tests.compute.rooms import COLUMNS, firms
from tests.compute.test_buckets import KEYS, SECRET, opened, points

TAGGING = blinding.scalar(random.Random(2).randbytes(64))
# of a table that this program made before there were tags
BEFORE = "b9bd2a23f0a2a6517287ce7779f7e10ffa8eec1419b1bc5416c48ea1ad6117f6"


def of_bucket(made, many, key, of):
    """Return the tags of a key's bucket."""
    at = bucket(key, of) * many * TAG_BYTES
    return bytes(made[at : at + many * TAG_BYTES])


@given(st.sets(KEYS, max_size=12), st.integers(1, 7), KEYS)
def test_who_is_there_is_found_and_nobody_else(there, of, other):
    known = points(*there | {other}, secret=TAGGING)
    many, made = tags.made(TAGGING, of, {key: known[key] for key in there})
    assert len(made) == of * many * TAG_BYTES
    for key, point in known.items():
        assert tags.holds(of_bucket(made, many, key, of), many, key, point) == (key in there)
    assert tags.made(TAGGING, of, {key: known[key] for key in there}) == (many, made)


@given(st.dictionaries(KEYS, st.integers(0, 9), min_size=1, max_size=8), st.integers(1, 5))
def test_the_point_of_a_tag_opens_no_row_and_the_point_of_rows_finds_no_tag(rows, of):
    tagged, sealed = points(*rows, secret=TAGGING), points(*rows)
    shape, table = buckets.made(SECRET, of, [(key, sealed[key], b"[%d]" % number) for key, number in rows.items()])
    many, made = tags.made(TAGGING, of, tagged)
    for key, number in rows.items():
        assert opened(shape, table, key, tagged[key]) == [], "who has its tag reads nothing"
        assert opened(shape, table, key, sealed[key]) == [[number]]
        assert not tags.holds(of_bucket(made, many, key, of), many, key, sealed[key])
        assert tagged[key] not in bytes(made)


def test_buckets_of_tags_have_one_length_and_their_filling_looks_like_the_rest():
    names = [f"F{at}" for at in range(300)]
    many, made = tags.made(TAGGING, 7, points(*names, secret=TAGGING))
    sizes = [sum(bucket(key, 7) == at for key in names) for at in range(7)]
    each = [bytes(made[at : at + TAG_BYTES]) for at in range(0, len(made), TAG_BYTES)]
    assert (many, len(each), len({*each})) == (max(sizes), 7 * max(sizes), 7 * max(sizes))
    for at in range(7):
        own = each[at * many : (at + 1) * many]
        assert own == sorted(own), "nothing is told by its place"
    for wrong in (made[:-1], b"", made + b"x"):
        with pytest.raises(ValueError, match="another length"):
            tags.holds(bytes(wrong), 7 * many, "F1", bytes(32))
    with pytest.raises(ValueError, match="another length"):
        tags.holds(b"", 0, "F1", bytes(32))


def test_a_process_puts_tags_before_a_table_that_is_the_one_without():
    gate, file = Gate(("district", "revenue"), "firm", lookup=LookUp(5, 3)), firms()

    def made(*scalars):
        with Bucketing("", gate, {"firms": COLUMNS}) as bucketing:
            placed = [(0, file)]
            return bucketing.make(bucketing.foresee(), IndexedFile("firms.csv", 0, len(file), 0, 1), placed, *scalars)

    bare, table = made(SECRET)
    shape, whole = made(SECRET, TAGGING)
    assert (bare.tags, bare.tags_bytes) == (0, 0)
    assert (shape.entries, shape.entry_bytes) == (bare.entries, bare.entry_bytes)
    start = shape.buckets * shape.tags_bytes
    assert (whole[start:], len(whole)) == (table, start + shape.buckets * shape.bucket_bytes)
    for key, there in (("F7", True), ("F600", False)):
        point = points(key, secret=TAGGING)[key]
        assert tags.holds(of_bucket(whole, shape.tags, key, 3), shape.tags, key, point) == there


def test_a_table_without_tags_is_what_it_was_before_there_were_any():
    names = [f"F{at}" for at in range(50)]
    known = points(*names)
    _, table = buckets.made(SECRET, 3, [(key, known[key], b'["A",%d]' % at) for at, key in enumerate(names)])
    assert sha256(table).hexdigest() == BEFORE


def test_rows_are_asked_under_the_id_of_their_look_up_and_name_each_bucket_once():
    point = points("a")["a"]
    matched = Matched("one", (point,) * KEYS_AT_ONCE, (0, 5), "firms")
    assert (under("one"), matched.statement()[:33]) == (f"one{ROWS}", "lookup rows of firms: 32 subjects")
    assert matched.statement() != Matched("one", (point,) * KEYS_AT_ONCE, (0, 6), "firms").statement()
    for of, few, where in (
        ("", (point,), (0,)),
        ("x" * (ID_CHARACTERS_MAX - len(ROWS) + 1), (point,), (0,)),
        ("one", (), (0,)),
        ("one", (point,) * (KEYS_AT_ONCE + 1), (0,)),
        ("one", (point[:31],), (0,)),
        ("one", (point,), ()),
        ("one", (point,), (1, 0)),
        ("one", (point,), (1, 1)),
        ("one", (point,), (-1,)),
        ("one", (point,), (BUCKETS_MAX,)),
        ("one", (point,), tuple(range(KEYS_AT_ONCE + 1))),
    ):
        with pytest.raises(InvalidInput):
            Matched(of, few, where)
