"""The table that subjects are looked up in: who has the key's own point reads its rows, and nobody anything else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.compute import blinding, buckets
from connector.compute.bucketing import Bucketing
from connector.compute.buckets import ROW_BYTES_MAX, ROWS_OF_ONE_MAX, Shape
from connector.compute.sought import Sought
from connector.compute.statement import Refused
from connector.runtime.errors import InvalidInput
from contracts.gate import Gate
from contracts.lookup import AMONG, BUCKETS_MAX, KEYS_AT_ONCE, LookUp, bucket, buckets_of
from ledger.edition.index import IndexedFile
from tests.compute.rooms import COLUMNS, firms

SECRET = blinding.scalar(random.Random(1).randbytes(64))
KEYS = st.text(min_size=1, max_size=12)


def points(*keys, secret=SECRET):
    return dict(zip(keys, blinding.blinded(secret, keys), strict=True))


def one_bucket(shape, table, key):
    at = bucket(key, shape.buckets) * shape.bucket_bytes
    return bytes(table[at : at + shape.bucket_bytes])


def opened(shape, table, key, point):
    return list(buckets.opened(shape, one_bucket(shape, table, key), key, point))


# a row is read as JSON, whose whole numbers end at 64 bits
@given(st.lists(st.tuples(KEYS, st.integers(-(2**63), 2**63 - 1)), max_size=12), st.integers(1, 7), KEYS)
def test_each_key_reads_its_rows_in_order_and_another_none(rows, of, other):
    known = points(*{key for key, _ in rows} | {other})
    shape, table = buckets.made(SECRET, of, [(key, known[key], b"[%d]" % number) for key, number in rows])
    assert len(table) == of * shape.bucket_bytes
    for key, point in known.items():
        assert opened(shape, table, key, point) == [[number] for name, number in rows if name == key]
    assert buckets.made(SECRET, of, [(key, known[key], b"[%d]" % number) for key, number in rows])[1] == table


def test_who_has_another_point_or_changes_a_bit_reads_nothing():
    known = points("a", "b")
    shape, table = buckets.made(SECRET, 1, [("a", known["a"], b"[1]"), ("b", known["b"], b"[2]")])
    assert opened(shape, table, "a", known["b"]) == [], "the point of another key"
    assert opened(shape, table, "a", points("a", secret=blinding.scalar(bytes(range(64))))["a"]) == []
    changed = 0
    for at in range(len(table)):
        bad = bytearray(table)
        bad[at] ^= 1
        try:
            assert opened(shape, bad, "a", known["a"]) in ([[1]], [])
        except ValueError:
            changed += 1
    assert changed == shape.entry_bytes - 16, "each bit of its entry but those of its name, which nobody finds then"
    for wrong in (bytes(table[:-1]), bytes(table) + b"x", b""):
        with pytest.raises(ValueError, match="another length"):
            list(buckets.opened(shape, wrong, "a", known["a"]))
    with pytest.raises(ValueError, match="another length"):
        list(buckets.opened(Shape(1, 0, 0), b"", "a", known["a"]))


def test_buckets_have_one_length_and_their_filling_looks_like_the_rest():
    names = [f"F{at}" for at in range(300)]
    known = points(*names)
    shape, table = buckets.made(SECRET, 7, [(key, known[key], b"[0]") for key in names])
    sizes = [sum(bucket(key, 7) == at for key in names) for at in range(7)]
    assert (shape.entries, len(table)) == (max(sizes), 7 * shape.bucket_bytes)
    entries = [bytes(table[at : at + shape.entry_bytes]) for at in range(0, len(table), shape.entry_bytes)]
    assert len({*entries}) == 7 * max(sizes), "no two are alike, and none is empty"
    for at in range(7):
        own = entries[at * shape.entries : (at + 1) * shape.entries]
        assert own == sorted(own), "nothing is told by its place"
    assert not [one for one in entries if one.count(0) > 6]


def test_what_is_too_large_is_refused():
    [(_, point)] = points("a").items()
    for rows, words in (
        ([("a", point, b"x" * (ROW_BYTES_MAX + 1))], "a row has 2049 bytes"),
        ([("a", point, b"[]")] * (ROWS_OF_ONE_MAX + 1), "more than 100 rows"),
        ([("a", point, b"x" * 2_048)] * 100, "its rows take"),
    ):
        with pytest.raises(Refused, match=words):
            buckets.made(SECRET, BUCKETS_MAX, rows)


@given(KEYS, st.integers(1, BUCKETS_MAX))
def test_a_key_has_one_bucket(key, of):
    assert 0 <= bucket(key, of) < of
    assert bucket(key, 1) == 0


def test_a_bucket_has_about_a_thousand_rows():
    assert [buckets_of(rows) for rows in (0, 999, 1_999, 2_000, 10**6, 10**9)] == [1, 1, 1, 2, 1_000, BUCKETS_MAX]
    among = [bucket(f"CN{at:08d}", 100) for at in range(100 * AMONG)]
    sizes = [among.count(at) for at in range(100)]
    assert min(sizes) > 0.85 * AMONG


def test_what_is_sought_is_of_one_length_each_and_so_many_at_once():
    point = points("a")["a"]
    Sought((point,) * KEYS_AT_ONCE, (0,) * KEYS_AT_ONCE)
    for few, where in (((), ()), ((point,) * 33, (0,) * 33), ((point,), ()), ((point[:31],), (0,)), ((point,), (-1,))):
        with pytest.raises(InvalidInput):
            Sought(few, where)
    assert Sought((point,), (1,)).statement() != Sought((point,), (2,)).statement()


def test_a_process_makes_the_table_of_a_file_of_the_columns_that_are_told():
    gate, file = Gate(("district", "revenue"), "firm", lookup=LookUp(5, 3)), firms()
    with Bucketing("", gate, {"firms": COLUMNS}) as bucketing:
        foreseen = bucketing.foresee()
        assert (foreseen.table, foreseen.functions, foreseen.named) == ("firms", ("LOOKUP",), ("district", "revenue"))
        shape, table = bucketing.make(foreseen, IndexedFile("firms.csv", 0, len(file), 0, 1), [(0, file)], SECRET)
    lines = [line.split(",") for line in file.decode().splitlines()[1:]]
    told = opened(shape, table, "F7", points("F7")["F7"])
    assert told == [[line[1], float(line[4])] for line in lines if line[0] == "F7"]
    assert len(told) == 5
    assert opened(shape, table, "F600", points("F600")["F600"]) == []
    assert b"district" not in table
    with Bucketing("none", gate, {"firms": COLUMNS}) as bucketing, pytest.raises(InvalidInput, match="no table"):
        bucketing.foresee()
