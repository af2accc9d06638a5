"""A model beside the gate: rows in Python, statements by a seed; what two answers differ by is nobody, or enough."""

from __future__ import annotations

import csv
import io
import itertools
import json
import random

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet
import pytest

from connector.compute import gated
from contracts.gate import Gate

GATE = Gate(("place", "kind", "size"), "who", least=4, share=100)
HEAD = ("who", "place", "kind", "size")


def drawn_rows(drawn):
    who = [f"w{at}" for at in range(40)]
    return [
        (drawn.choice(who), drawn.choice("abc"), drawn.choice("xy"), drawn.randrange(20))
        for _ in range(drawn.randrange(60, 200))
    ]


def condition(drawn, depth=2):
    """Return a condition as SQL and as Python."""
    if depth and drawn.random() < 0.5:
        (one, holds), (other, also) = condition(drawn, depth - 1), condition(drawn, depth - 1)
        if drawn.random() < 0.5:
            return f"({one} and {other})", lambda row: holds(row) and also(row)
        return f"({one} or {other})", lambda row: holds(row) or also(row)
    if drawn.random() < 0.6:
        bound = drawn.randrange(21)
        sign = drawn.choice(["<", ">=", "<>"])
        compared = {
            "<": lambda row: row[3] < bound,
            ">=": lambda row: row[3] >= bound,
            "<>": lambda row: row[3] != bound,
        }
        return f"size {sign} {bound}", compared[sign]
    at, name, values = drawn.choice([(1, "place", "abc"), (2, "kind", "xy")])
    value = drawn.choice(values)
    return f"{name} <> '{value}'", lambda row: row[at] != value


def statement(drawn):
    text, holds = condition(drawn)
    by = drawn.sample([(1, "place"), (2, "kind")], drawn.randrange(3))
    names = [name for _, name in by]
    told = ", ".join([*names, "count(*) as n"])
    grouped = f" group by {', '.join(names)}" if names else ""
    return f"select {told} from t where {text}{grouped}", holds, [at for at, _ in by], names


def populations(rows, holds, by):
    found = {}
    for number, row in enumerate(rows):
        if holds(row):
            found.setdefault(tuple(row[at] for at in by), set()).add(number)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_no_two_answers_differ_by_a_few(seed):
    drawn = random.Random(seed)
    rows = drawn_rows(drawn)
    text = io.StringIO()
    csv.writer(text).writerows([HEAD, *rows])
    content, kept, told, near = text.getvalue().encode(), [], [], 0
    for _ in range(25):
        asked, holds, by, _names = statement(drawn)
        with duckdb.connect(":memory:") as engine:
            given = {"statement": asked, "gate": GATE.json()}
            _, body = gated.answer(
                pa,
                engine,
                given,
                [{"names": ["t"], "file": "t.csv", "kind": "csv"}],
                [pa.py_buffer(content), json.dumps(kept).encode()],
            )
        found, groups = json.loads(body), populations(rows, holds, by)
        passed = [groups[tuple(row[:-1])] for row in found["rows"]]
        assert [row[-1] for row in found["rows"]] == [len(one) for one in passed], asked
        assert all(len({rows[at][0] for at in one}) >= GATE.least for one in passed), asked
        near += len(groups) - len(passed)
        told += passed
        if found["rows"]:
            kept.append(found["memory"])
    for one, other in itertools.combinations(told, 2):
        apart = {rows[at][0] for at in one ^ other}
        assert not apart or len(apart) >= GATE.least
    assert told
    assert near, "the seeds try something"
