"""What a buyer believes of an answer to a look-up: rows that open under its own key's point, and nothing else."""

from __future__ import annotations

import base64
import random

import orjson
import pytest

from connector.compute import blinding, buckets, tags
from connector.compute.buckets import TAG_BYTES
from connector.consumer.looked_up import rows, rows_of_there, who_is_there
from connector.runtime.errors import PeerMisbehaved
from contracts.gate import Gate
from contracts.lookup import LookUp, bucket

DRAWN = random.Random(3)
THEIRS, MINE = (blinding.scalar(DRAWN.randbytes(64)) for _ in range(2))
GATE = Gate(("district", "revenue"), "firm", lookup=LookUp(10, 3))
KEYS = ["F1", "F2", "GONE"]
NUMBERS = {key: bucket(key, 3) for key in KEYS}
ROWS = [("F1", ["A", 1]), ("F1", ["A", 2]), ("F2", ["B", None])]


def b64(raw):
    return base64.b64encode(raw).decode()


def answer(rows=ROWS, **more):
    """Return an honest answer, but for `more`."""
    known = dict(zip(KEYS, blinding.blinded(THEIRS, KEYS), strict=True))
    shape, table = buckets.made(THEIRS, 3, [(key, known[key], orjson.dumps(row)) for key, row in rows])
    size = shape.bucket_bytes
    told = {
        "edition": "ab",
        "confined": [],
        "columns": ["district", "revenue"],
        "entries": shape.entries,
        "entryBytes": shape.entry_bytes,
        "points": [b64(one) for one in blinding.again(THEIRS, blinding.blinded(MINE, KEYS))],
        "buckets": {str(at): b64(table[at * size : (at + 1) * size]) for at in set(NUMBERS.values())},
    }
    return {**told, **more}


def read(told):
    return orjson.loads(rows(GATE, blinding.inverse(MINE), KEYS, NUMBERS, orjson.dumps(told)))


def test_rows_are_told_in_order_and_a_key_that_is_not_there_is_said():
    told = read(answer())
    assert told["columns"] == ["firm", "found", "district", "revenue"]
    assert told["rows"] == [
        ["F1", True, "A", 1], ["F1", True, "A", 2], ["F2", True, "B", None], ["GONE", False, None, None]
    ]  # fmt: skip


HONEST = answer()
SPOILT = {at: bytearray(base64.b64decode(text)) for at, text in HONEST["buckets"].items()}
for spoilt in SPOILT.values():
    spoilt[buckets._NAME_BYTES :: HONEST["entryBytes"]] = bytes(HONEST["entries"])
ODD = {
    "a point too few": {"points": HONEST["points"][:2]},
    "a point that is none": {"points": [*HONEST["points"][:2], b64(bytes(32))]},
    "a point that is no text": {"points": [1, 2, 3]},
    "no buckets": {"buckets": {}},
    "a bucket that is shorter": {"buckets": {at: text[:-8] for at, text in HONEST["buckets"].items()}},
    "rows that were changed": {"buckets": {at: b64(text) for at, text in SPOILT.items()}},
    "another length of entries": {"entryBytes": HONEST["entryBytes"] - 1},
    "entries of nothing": {"entryBytes": 0},
    "columns that the rows have not": {"columns": ["district"]},
    "no columns": {"columns": None},
}


@pytest.mark.parametrize("fault", ODD)
def test_an_answer_that_is_none_is_the_providers_fault(fault):
    with pytest.raises(PeerMisbehaved):
        read(answer(**ODD[fault]))


def test_another_scalar_opens_nothing():
    """A provider that multiplies by another one for one buyer tells it nothing, and hides a row by its word alone."""
    other = blinding.scalar(DRAWN.randbytes(64))
    points = [b64(one) for one in blinding.again(other, blinding.blinded(MINE, KEYS))]
    assert [row[1] for row in read(answer(points=points))["rows"]] == [False] * 3


TAGGED = blinding.scalar(DRAWN.randbytes(64))


def said(there=("F1", "F2"), **more):
    """Return an honest answer about who is there, but for `more`."""
    many, made = tags.made(TAGGED, 3, dict(zip(there, blinding.blinded(TAGGED, there), strict=True)))
    size = many * TAG_BYTES
    told = {
        "edition": "ab",
        "confined": [],
        "columns": ["district", "revenue"],
        "tags": many,
        "points": [b64(one) for one in blinding.again(TAGGED, blinding.blinded(MINE, KEYS))],
        "buckets": {str(at): b64(made[at * size : (at + 1) * size]) for at in set(NUMBERS.values())},
    }
    return {**told, **more}


def who(told):
    return orjson.loads(who_is_there(GATE, blinding.inverse(MINE), KEYS, NUMBERS, orjson.dumps(told)))


def test_who_is_there_is_told_and_nothing_of_their_rows():
    told = who(said())
    assert told["columns"] == ["firm", "found", "district", "revenue"]
    assert told["rows"] == [["F1", True, None, None], ["F2", True, None, None], ["GONE", False, None, None]]


SAID = said()
ODD_TAGS = {
    "a point too few": {"points": SAID["points"][:2]},
    "a point that is none": {"points": [*SAID["points"][:2], b64(bytes(32))]},
    "no buckets": {"buckets": {}},
    "a bucket that is shorter": {"buckets": {at: text[:-8] for at, text in SAID["buckets"].items()}},
    "another number of tags": {"tags": SAID["tags"] + 1},
    "no tags": {"tags": 0},
    "tags that are no number": {"tags": "many"},
    "no columns": {"columns": None},
}


@pytest.mark.parametrize("fault", ODD_TAGS)
def test_an_answer_that_does_not_say_who_is_there_is_the_providers_fault(fault):
    with pytest.raises(PeerMisbehaved):
        who(said(**ODD_TAGS[fault]))


def test_who_is_said_to_be_there_and_has_no_row_is_the_providers_fault():
    """It said that three are there, and is asked for the rows of these: of one there is none, so nothing is kept."""
    columns = ["firm", "found", "district", "revenue"]

    def read(told, keys=KEYS):
        numbers = {key: NUMBERS[key] for key in keys}
        return rows_of_there(GATE, blinding.inverse(MINE), keys, numbers, columns, orjson.dumps(told))

    honest = answer()
    two = {**honest, "points": honest["points"][:2]}
    assert [row[0] for row in orjson.loads(read(two, KEYS[:2]))["rows"]] == ["F1", "F1", "F2"]
    with pytest.raises(PeerMisbehaved, match="1 subjects are said to be there"):
        read(honest)
    with pytest.raises(PeerMisbehaved, match="is none to what was looked up"):
        read({**two, "buckets": {at: b64(text) for at, text in SPOILT.items()}}, KEYS[:2])
    with pytest.raises(PeerMisbehaved, match="other columns than was said"):
        rows_of_there(GATE, blinding.inverse(MINE), KEYS[:2], NUMBERS, columns[:3], orjson.dumps(two))
